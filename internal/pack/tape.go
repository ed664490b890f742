package pack

import (
	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
)

// tapeTables are what the packer's tables say in terms of tokens.
type tapeTables struct {
	keys       []tapeKey                                 // of the dictionary
	wide       [form.KeyCodes]*[1 << form.MaxCode]uint16 // of the codes of keys: symbol and length
	keyCodes   [form.KeyCodes][form.Entry]uint16         // of the other symbols of a key
	texts      stringIndex                               // of keys
	longestKey int                                       // in bytes

	words       stringIndex // the texts of the value symbols that are words
	longestWord int         // in bytes
}

// A tapeKey is a key of the dictionary.
type tapeKey struct {
	token cbor.Token
	size  int                   // as CBOR, in bytes
	rank  int                   // in the order of keys
	codes [form.KeyCodes]uint16 // with their lengths in the lowest 4 bits; 0: none
	next  uint8                 // the code of the key after it
	model uint8                 // of its value
	index bool                  // it is a number
}

func newTapeTables(f *form.Tables) *tapeTables {
	t := &tapeTables{keys: make([]tapeKey, len(f.Keys))}
	t.texts = newStringIndex(len(f.Keys))
	var ranks [longestKey + 2]int // of the first key of each length; first, how many are one shorter
	for i, s := range f.Keys {
		if s == "" || len(s) > longestKey {
			panic("pack: internal error: a key in the dictionary that is empty, or too long")
		}
		t.keys[i] = tapeKey{
			token: cbor.Token{Kind: cbor.Text, Key: uint16(i + 1), Size: 1, S: s},
			size:  cbor.HeadSize(uint64(len(s))) + len(s),
			next:  form.KeyCode(len(s)),
			model: f.KeyModel[i],
			index: isDigits(s),
		}
		t.longestKey = max(t.longestKey, len(s))
		t.texts.add(i, s)
		ranks[len(s)+1]++
	}
	for n := range ranks[1:] {
		ranks[n+1] += ranks[n]
	}
	for i, s := range f.Keys { // in order
		t.keys[i].rank = ranks[len(s)]
		ranks[len(s)]++
	}
	for i, l := range f.Key {
		t.wide[i] = codeList(l).wide()
		var c coder
		for _, e := range l {
			if symbol, code := c.next(e); symbol >= form.Entry {
				t.keys[symbol-form.Entry].codes[i] = code
			} else {
				t.keyCodes[i][symbol] = code
			}
		}
	}
	count := 0
	for i := range f.Values {
		if f.Values[i].Kind == form.Word {
			count++
		}
	}
	t.words = newStringIndex(count)
	for i := range f.Values {
		if w := word(&f.Values[i]); w != "" {
			t.longestWord = max(t.longestWord, len(w))
			t.words.add(i, w)
		}
	}
	return t
}

// longestKey is how long a key of the dictionary may be, in bytes.
const longestKey = 255

// key returns the key that a symbol of a key is, if that is in the dictionary
// and no number.
func (t *tapeTables) key(symbol uint16) *tapeKey {
	if symbol < form.Entry || t.keys[symbol-form.Entry].index {
		return nil
	}
	return &t.keys[symbol-form.Entry]
}

// find returns what the dictionary says of a key that is text, or nil.
func find[S string | []byte](t *tapeTables, key S) *tapeKey {
	if len(key) == 0 || len(key) > t.longestKey {
		return nil
	}
	h := hash(key)
	for i, at := t.texts.next(h, h); i >= 0; i, at = t.texts.next(h, at) {
		if k := &t.keys[i]; k.token.S == string(key) {
			return k
		}
	}
	return nil
}

// KeyNumber returns the number by which tokens refer to a key of the
// dictionary, or 0: see [cbor.Token].
func (p *Packer) KeyNumber(key string) uint16 {
	if k := find(p.tables.tape, key); k != nil {
		return k.token.Key
	}
	return 0
}

// word returns the text of a symbol that is a word, and else "".
func word(s *form.Symbol) string {
	if s.Kind != form.Word {
		return ""
	}
	switch n := len(s.Bytes); { // what a head takes follows from it
	case n <= argument8:
		return s.Bytes[1:]
	case n <= 2+0xff:
		return s.Bytes[2:]
	}
	return s.Bytes[3:]
}

// textCode returns the code of a text as a word, in the table of a model; 0 if
// it has none.
func (t *tables) textCode(model uint8, s string) uint16 {
	if len(s) > t.tape.longestWord || s == "" {
		return 0
	}
	h, head := hash(s), cbor.HeadSize(uint64(len(s)))
	for symbol, at := t.tape.words.next(h, h); symbol >= 0; symbol, at = t.tape.words.next(h, at) {
		if b := t.Values[symbol].Bytes; len(b) == head+len(s) && b[head:] == s {
			return t.codeOf(model, symbol)
		}
	}
	return 0
}

// wide returns a table that finds every code in one look-up, by the next
// form.MaxCode bits.
func (l codeList) wide() *[1 << form.MaxCode]uint16 {
	t := new([1 << form.MaxCode]uint16)
	at := 0
	for _, e := range l {
		for to := at + 1<<(form.MaxCode-e&15); at < to; at++ {
			t[at] = e
		}
	}
	return t
}

// long returns the symbol and the length of a code of a list that is too long
// for quick, at the beginning of w.
func (t *decodeTable) long(w uint64, l codeList) uint16 {
	c := uint16(w >> (64 - form.MaxCode))
	for k := range t.last {
		if c < t.last[k].end {
			length := quickBits + 1 + k
			return l[int(c>>(form.MaxCode-length))+int(t.last[k].shift)]&^15 | uint16(length)
		}
	}
	panic("pack: internal error: a code is incomplete") // unreachable: the trainer's codes are complete
}
