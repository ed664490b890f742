// Package form has what the packer and its trainer must agree on: how symbols
// are numbered, and what a context is made of. All of it is part of the format
// and never changes. The doc of package pack says what it means.
package form

// MaxCode is the length of the longest code, in bits.
const MaxCode = 12

// Books are the sets of codes for text, by what the text is.
const (
	Words  = iota // values: words, names, sentences
	Marks         // values: URLs, identifiers, numbers, tokens
	Keys          // keys that are not in the dictionary
	Books         // how many there are
	Values = Keys // how many of them are for text values
)

// Symbols of text. Those below End are bytes.
const (
	End       = 256 + iota // ends the text
	Escape                 // a byte in 8 bits
	UUID                   // a UUID, lower-case, in 128 bits
	UpperUUID              // upper-case
	Date                   // 2006-01-02, as days since 2012-01-01 in DateBits
	Clock                  // 15:04:05, as seconds in ClockBits
	Padded                 // base64url that ends in =: a length, and the bytes
	PaddedStd              // base64
	Run                    // the first of those for characters of an alphabet: a length, and the characters
	Phrase    = Run + 7    // the first of the phrases

	UUIDLen     = 36
	DateLen     = 10
	DateBits    = 13
	ClockLen    = 8
	ClockBits   = 17
	PaddedLeast = 6 // bytes
)

// An Alphabet is that of a run.
type Alphabet struct {
	Chars string
	Least int // characters
}

// Alphabets are those of the symbols from Run on.
var Alphabets = []Alphabet{
	{upper + lower + digits + "-_", 8}, // base64url, also of Padded
	{upper + lower + digits + "+/", 12},
	{digits + lower[:6], 6},
	{digits + upper[:6], 8},
	{digits, 4},
	{lower + digits, 8},
	{upper + "234567", 8}, // base32
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

// Hex, UpperHex and Digits are alphabets.
const (
	Hex      = 2
	UpperHex = 3
	Digits   = 4
)

// Lengths of runs, beyond the least: a symbol of the run's code of lengths, and
// for LongRun LongRunBits more. The last two codes are those of Padded and
// PaddedStd.
const (
	LongRun     = 63
	LongRunBits = 12
	Lengths     = 7 + 2
)

// A TimeForm is a form of a whole text: a date, a separator, a time of day, and
// an end.
type TimeForm struct {
	Separator byte
	Decimals  int // of the seconds, in 10 bits for 3 of them, and 20 for 6
	Zulu      bool
	Offset    bool // +01:00, as quarters of an hour in 6 bits, and a bit for -
}

// TimeForms are those that there are. Those with milliseconds and Z outside of
// JSON are a tag's.
var TimeForms = []TimeForm{
	{Separator: 'T', Zulu: true},
	{Separator: 'T'},
	{Separator: ' '},
	{Separator: ' ', Decimals: 6},
	{Separator: 'T', Decimals: 6},
	{Separator: 'T', Offset: true},
	{Separator: 'T', Decimals: 3, Zulu: true},
}

// BcryptAlphabet is that of bcrypt's base64.
const BcryptAlphabet = "./" + upper + lower + digits

// Symbols of a key.
const (
	Spelled   = iota // the key is text in the book Keys
	OtherKey         // the key is no text, and written as a value
	NumberKey        // the key is the text of a number, which follows in the model KeyNumber
	Entry            // the first of the dictionary
)

// Codes of keys, by what stands before the key: see [KeyCode].
const (
	FirstKey = 0 // also after a key that is no text
	JSONKey  = 4 // in JSON text, wherever the key stands
	KeyCodes = 5 // how many there are
)

// KeyCode returns the code of a key after a key that is a text of n bytes. Keys
// are in order of their lengths, so the next one is as long, or longer.
func KeyCode(n int) uint8 {
	switch {
	case n < 1:
		return FirstKey
	case n < 6:
		return 1
	case n < 10:
		return 2
	}
	return 3
}

// Kinds of value symbols.
const (
	Raw        = iota // Bytes, the beginning of an item up to any place in a head; the rest of the head follows
	Text              // text in the book Base
	Form              // a whole text that the text symbol Base can be
	Time              // a whole text in the time form Base
	Bcrypt            // a whole text that is the salt or the hash of bcrypt
	JSON              // a text that is JSON in the layout Base
	JSONBytes         // a byte string that is so
	Int               // Bytes (tags), then Base + n (Bits)
	Hundredths        // a 64-bit float: (2^Bits + n (Bits)) / 100
	Whole             // a float that is a whole number: Base + n (Bits)
	Word              // Bytes, a whole text item
)

// A Symbol stands at the beginning of a value.
type Symbol struct {
	Kind  uint8
	Bits  uint8
	Base  uint64
	Bytes string
}

// A Layout is how a program writes JSON.
type Layout struct {
	Colon, Comma string
	Indent       int  // spaces by which a level is indented; 0: all is one line
	ASCII        bool // what is above U+007E is escaped
	Slash        bool // the slash is escaped
	HTML         bool // < > & U+2028 and U+2029 are escaped
	Quotes       bool // = and ' are escaped
}

// Layouts are those that texts may have: what the JSON functions of languages
// and frameworks write if nothing is asked of them.
var Layouts = []Layout{
	{Colon: ":", Comma: ","},                                       // JavaScript
	{Colon: ":", Comma: ",", ASCII: true},                          // Django's messages
	{Colon: ":", Comma: ",", ASCII: true, Slash: true},             // PHP
	{Colon: ":", Comma: ",", HTML: true},                           // Go, Rails
	{Colon: ": ", Comma: ", ", ASCII: true},                        // Python
	{Colon: ": ", Comma: ",", Indent: 2},                           // JavaScript, indented
	{Colon: ": ", Comma: ",", Indent: 2, HTML: true, Quotes: true}, // Google's profiles
}

// Classes of bytes.
const (
	None = iota // of no byte: see Next
	Lower
	Upper
	Digit
	Space
	Path      // / = ? & %
	Joint     // - _ . : @ +
	Other     // of ASCII
	Tail      // a further byte of a character that is not ASCII
	Latin2    // the first of two, up to 0xcc
	Greek2    // up to 0xcf
	Cyrillic2 // up to 0xd4
	Hebrew2   // up to 0xd7
	Arabic2   // up to 0xdf
	Indic3    // the first of three, up to 0xe1: of the scripts of India and their neighbours
	Lead3     // of three or four
	Classes
)

// Class is the class of each byte.
var Class = func() (c [256]uint8) {
	for b := range c {
		switch {
		case 'a' <= b && b <= 'z':
			c[b] = Lower
		case 'A' <= b && b <= 'Z':
			c[b] = Upper
		case '0' <= b && b <= '9':
			c[b] = Digit
		case b < 0x80:
			c[b] = Other
		case b < 0xc0:
			c[b] = Tail
		case b < 0xcd:
			c[b] = Latin2
		case b < 0xd0:
			c[b] = Greek2
		case b < 0xd5:
			c[b] = Cyrillic2
		case b < 0xd8:
			c[b] = Hebrew2
		case b < 0xe0:
			c[b] = Arabic2
		case b < 0xe2:
			c[b] = Indic3
		default:
			c[b] = Lead3
		}
	}
	c[' '] = Space
	for _, b := range "/=?&%" {
		c[b] = Path
	}
	for _, b := range "-_.:@+" {
		c[b] = Joint
	}
	return c
}()

// Contexts is how many contexts of text there are, see [Next].
const Contexts = 256

// Next returns the context after a byte of class c in the context before, which
// is 0 at the beginning. A context is the class of the last character but one,
// times 16, and that of the last one: of an ASCII character its byte, of
// another its first byte. Behind the further bytes of a character that is not
// ASCII the high half is the class of its first byte, and the low half is Tail
// behind the first of them, None behind the second, Tail behind the third.
func Next(context, c uint8) uint8 {
	if context&7 != 0 { // neither None nor Tail
		return context<<4 | c
	}
	if c == Tail && context&Tail != 0 {
		return context &^ Tail
	}
	return context&0xf0 | c
}

// Models of values that the packer itself knows. The others come with the keys
// of the dictionary.
const (
	Generic   = iota // of any key that is not in the dictionary
	InToken          // inside of an array under tag 21, as of a JWT
	KeyStep          // how much greater a key is than the last one, both being integers
	KeyNumber        // a key that is the text of a number
)

// Tables is all that the trainer finds. A list of codes has the symbols that
// have one, each with the length of its code in the lowest 4 bits, in the order
// of the codes: by length, then by number.
type Tables struct {
	Models   []string // names of the models of values, for people
	Keys     []string // the dictionary
	KeyModel []uint8  // the model of the value of each key
	Phrases  []string
	Values   []Symbol
	Layouts  []Layout
	Contexts [Books][Contexts]uint8 // the text table of each context

	Key    [][]uint16 // codes of keys, see KeyCode
	Value  [][]uint16 // codes of value symbols, by model
	Text   [][]uint16 // codes of text symbols
	Length [][]uint16 // codes of the lengths of runs
}
