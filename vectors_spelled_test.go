package cookiesession_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"example.com/cookiesession/internal/pack/form"
)

// repeated says that a value is as the previous one, or has its structure;
// other says that it is not.
const (
	repeated = "1"
	other    = "0"
)

// symbols has packed bodies that the packer does not write, of values that are
// neither text nor in a list.
func (m *vectorMaker) symbols() {
	p := m.speller
	m.packed("24 as an int", 24, p.int(0, "", 24))
	m.packed("24 as a head", 24, p.bytes(0, "1818"))
	m.packed("23 as an int, which has a shorter form", invalid, p.int(0, "", 23))
	m.packed("23 as a head of two bytes", invalid, p.bytes(0, "1817"))
	m.packed("255 as a head of three bytes", invalid, p.bytes(0, "1900ff"))
	m.packed("65535 as a head of five bytes", invalid, p.bytes(0, "1a0000ffff"))
	m.packed("2^32-1 as a head of nine bytes", invalid, p.bytes(0, "1b00000000ffffffff"))
	m.packed("2^64-1 as a head", uint64(math.MaxUint64), p.bytes(0, "1bffffffffffffffff"))
	m.packed("0 as an int behind a tag, where all are allowed", inHex("c100"), p.head(0, "c1"), p.head(0, "00"))
	m.packed("-2^63-1", invalid, p.bytes(0, "3b8000000000000000"))
	m.packed("0.65 as hundredths", 0.65, p.hundredths(0, 65))
	m.packed("0.65 as a head", 0.65, p.bytes(0, "fb3fe4cccccccccccd"))
	m.packed("0.64, the least of the hundredths", 0.64, p.hundredths(0, 64))
	m.packed("1.27, the last of 6 bits", 1.27, p.hundredths(0, 127))
	m.packed("0.75 as hundredths, which has a shorter form", invalid, p.hundredths(0, 75))
	m.packed("1.00 as hundredths, which is a whole number", invalid, p.hundredths(0, 100))
	m.packed("0.75 as a float of 64 bits", invalid, p.bytes(0, "fb3fe8000000000000"))
	m.packed("NaN with a payload, as a head", invalid, p.bytes(0, "f97e01"))
	m.packed("undefined, as a head", invalid, p.bytes(0, "f7"))
	m.packed("simple value 32, as a head", invalid, p.bytes(0, "f820"))
	m.packed("a break, as a head", invalid, p.bytes(0, "ff"))
	m.packed("a reserved head", invalid, p.bytes(0, "1c"+strings.Repeat("00", 16)))
	m.packed("an array of no given length, as a head", invalid, p.bytes(0, "9f"), p.head(0, "01"), raw("ff"))
	m.packed("a byte string of no given length, as a head", invalid, p.bytes(0, "5f4161ff"))
	m.packed("a byte that is no text, as a text", invalid, p.bytes(0, "61ff"))
	m.packed("a text as a head", "dark", p.bytes(0, "646461726b"))
	m.packed("a byte string", []byte("dark"), p.bytes(0, "446461726b"))
	m.packed("an empty array", vlist{}, p.bytes(0, "80"))
	m.packed("bytes that are UTF-8, tagged as not UTF-8", invalid, p.head(0, "d99674"), p.bytes(0, "4161"))
	m.packed("an unknown tag, as a head", invalid, p.bytes(0, "c2"), p.head(0, "00"))
	m.packed("a reserved tag, as a head", newer, p.bytes(0, "d996b2"), p.head(0, "00"))
	m.packed("a tag whose head is not the shortest", invalid, p.bytes(0, "d817"), p.bytes(0, "4161"))
	m.packed("a word of the tables as another text", "dark", p.text(0, form.Words, "dark"))
	word, text := p.anyWord(0)
	m.packed("a word", text, word)

	m.packed("a whole byte of zeros more", invalid, p.int(0, "", 40), "0000000000")
	m.packed("a bit in the last byte that is not 0", invalid, p.bytes(0, "1828"), lastBit(p.bytes(0, "1828")))
	m.packedBody("a body that is one byte of ones", invalid, []byte{0xff})
	m.packedBody("a body of ones", invalid, bytes.Repeat([]byte{0xff}, 40))
	cut := body(p.bytes(0, "1b0123456789abcdef"))
	m.packedBody("a body that ends inside of a number", invalid, cut[:len(cut)-1])
	m.packedBody("a body that ends inside of a text", invalid, body(p.text(0, form.Words, "a quick brown fox"))[:6])
	m.packed("an array whose elements are not there", invalid, p.bytes(0, "84"), p.int(0, "", 24))
	m.packed("an array of 2^64-1 elements", invalid, p.bytes(0, "9bffffffffffffffff"), p.head(0, "00"))
	m.packed("a text of 2^63 bytes", invalid, p.bytes(0, "7b8000000000000000"), raw("61"))
	m.packed("a text of 65536 bytes, of which one is there", invalid, p.bytes(0, "7a0001000061"))

	arrays := func(n int) string { return strings.Repeat(p.head(0, "81"), n) }
	m.packed("64 arrays in each other", inHex(strings.Repeat("81", 63)+"80"), arrays(63), p.head(0, "80"))
	m.packed("65 arrays in each other", invalid, arrays(64), p.head(0, "80"))
	m.packed("64 arrays, and an integer in the last", inHex(strings.Repeat("81", 64)+"00"), arrays(64), p.head(0, "00"))
	m.packed("64 arrays, and a map in the last", invalid, arrays(64), p.head(0, "a0"))
	m.packed("63 arrays, and a tagged int in the last", inHex(strings.Repeat("81", 63)+"c11a65920080"), arrays(63), p.int(0, "c1", 0x65920080))
	m.packed("64 arrays, and a tagged int in the last", invalid, arrays(64), p.int(0, "c1", 0x65920080))
	m.packed("64 arrays, and a tag by itself in the last", invalid, arrays(64), p.bytes(0, "c1"), p.head(0, "00"))
	m.packed("62 arrays, a tag, and an array in it", inHex(strings.Repeat("81", 62)+"d9968480"), arrays(62), p.head(0, "d99684"), p.head(0, "80"))
	m.packed("63 arrays, a tag, and an array in it", invalid, arrays(63), p.head(0, "d99684"), p.head(0, "80"))
	m.packed("63 arrays, and two tags", invalid, arrays(63), p.head(0, "d99684"), p.head(0, "d9968480"))

	// Tags, and the model 1 below tag 21.
	token := p.head(0, "d5")
	m.packed("tag 21 over two parts: they have model 1", inHex("d58241614162"), token, p.bytes(0, "82"), p.bytes(1, "4161"), other, p.bytes(1, "4162"))
	m.packed("tag 21 over two equal parts", inHex("d58241614161"), token, p.bytes(0, "82"), p.bytes(1, "4161"), repeated)
	m.packed("tag 21 and its array in one symbol", inHex("d583416141624163"), p.head(0, "d583"), p.bytes(1, "4161"), other, p.bytes(1, "4162"), other, p.bytes(1, "4163"))
	m.packed("model 1 ends with the array under tag 21", inHex("82d58241614162"+"1818"), p.head(0, "82"),
		token, p.bytes(0, "82"), p.bytes(1, "4161"), other, p.bytes(1, "4162"), other, p.int(0, "", 24))
	m.packed("tag 21 over tag 38517 over an array is refused, whatever its model", invalid,
		token, p.bytes(0, "d99675"), p.bytes(0, "82"), p.bytes(0, "4161"), other, p.bytes(0, "4162"))
	m.packed("only an array right under tag 21 has model 1: there is a tag between them", inHex("d99673826161"+"d5"+"d99684"+"820102"), p.head(0, "d9967382"), p.bytes(0, "6161"), other,
		token, p.bytes(0, "d99684"), p.bytes(0, "82"), p.head(0, "01"), other, p.head(0, "02"))
	m.packed("only an array right under tag 21 has model 1: not one inside of it", invalid, token, p.bytes(0, "82"), p.bytes(1, "4161"), other, p.bytes(1, "80"))
	m.packed("an array under tag 38531 has the model that it had", inHex("d996838161"+"61"), p.head(0, "d99683"), p.bytes(0, "81"), p.text(0, form.Words, "a"))
	m.packed("a tag as the last head: another symbol follows, without a bit", inHex("82"+"01"+"c101"), p.head(0, "82"), p.head(0, "01"), other, p.bytes(0, "c1"), p.head(0, "01"))
	m.packed("two tags in one symbol and one more by itself", inHex("d9967382"+"6161"+"d74161"), p.head(0, "d9967382"), p.text(0, form.Words, "a"), other, p.bytes(0, "d7"), p.bytes(0, "4161"))
}

// lastBit is zeros up to the last bit of the byte, and 1.
func lastBit(bits string) string {
	return strings.Repeat("0", (15-len(bits)%8)%8) + "1"
}

// spelledTexts has texts that the packer would spell in another way, or not at
// all.
func (m *vectorMaker) spelledTexts() {
	p := m.speller
	id := "550e8400e29b41d4a716446655440000"
	lower := textSymbol{form.UUID, raw(id), "550e8400-e29b-41d4-a716-446655440000"}
	upper := textSymbol{form.UpperUUID, raw("ff" + id[2:]), "FF0E8400-E29B-41D4-A716-446655440000"}
	date := func(days int, text string) textSymbol {
		return textSymbol{form.Date, number(form.DateBits, uint64(days)), text}
	}
	clock := func(seconds int, text string) textSymbol {
		return textSymbol{form.Clock, number(form.ClockBits, uint64(seconds)), text}
	}
	text := func(comment string, want any, parts ...any) {
		m.TB.Helper()
		m.packed(comment, want, p.text(0, form.Marks, parts...))
	}
	m.packed("an empty text by symbols, in book 0", "", p.text(0, form.Words))
	m.packed("an empty text by symbols, in book 1", "", p.text(0, form.Marks))
	text("each byte escaped", "dark", escape('d'), escape('a'), escape('r'), escape('k'))
	pairs := ""
	for _, a := range "aZ9 /-~é\u0301αЯש\u0641ก中" {
		for _, b := range "aZ9 /-~é\u0301αЯש\u0641ก中" {
			pairs += string(a) + string(b)
		}
	}
	text("a byte order mark, which stays", "\ufeffa", "\ufeffa")
	m.packed("pairs of bytes of each class, in keys", vdoc{pairs: 0}, p.head(0, "a1"), p.spelledKey(0, pairs), p.head(0, "00"))
	text("a text that is not UTF-8", invalid, "a", escape(0xff))
	text("a text that ends inside of a character", invalid, "a", escape(0xc3))
	text("a text with half of a surrogate pair", invalid, escape(0xed), escape(0xa0), escape(0x80))
	text("each ASCII character once, in book 1", printable(), printable())
	m.packed("each ASCII character once, in book 0", printable(), p.text(0, form.Words, printable()))
	text("pairs of bytes of each class, in book 1", pairs, pairs)
	m.packed("pairs of bytes of each class, in book 0", pairs, p.text(0, form.Words, pairs))
	controls := "\x00\x01\x1f\x7f\x80\xbf\xc0\xcc\xcd\xcf\xd0\xd4\xd5\xd7\xd8\xdf\xe0\xe1\xe2\xef\xf0\xf4\xff"
	border := "a\u00bf\u00c0\u0340\u0370\u03ff\u0400\u053f\u0540\u05ff\u0600\u07ff\u0800\u1fff\u2000\uffff\U00010000\U0010ffff"
	border += strings.Join(strings.Split(border, ""), " ")
	text("characters at the borders of the classes, in book 1", border, border)
	m.packed("characters at the borders of the classes, in book 0", border, p.text(0, form.Words, border))
	m.packed("bytes of each class that are no text", invalid, p.text(0, form.Marks, controls))
	text("the first phrase", p.Phrases[0]+"!", textSymbol{form.Phrase, "", p.Phrases[0]}, "!")
	for i, phrase := range p.Phrases[1:] {
		if len(phrase) > 5 && phrase[0] >= 'a' {
			if _, ok := p.code(p.TextCodes[p.Contexts[form.Marks][0]], form.Phrase+1+i); ok {
				text("a phrase, and what follows it has the context of its last two characters", phrase+"s, 9", textSymbol{form.Phrase + 1 + i, "", phrase}, "s, 9")
				break
			}
		}
	}
	text("a UUID inside a text, and its context", "a-550e8400-e29b-41d4-a716-446655440000/9", "a-", lower, "/9")
	text("an upper-case UUID inside a text", "A-FF0E8400-E29B-41D4-A716-446655440000.", "A-", upper, ".")
	text("a date and a time of day inside a text", "x 2012-01-02 00:00:59 y", "x ", date(1, "2012-01-02"), " ", clock(59, "00:00:59"), " y")
	text("the last date", "x-2034-06-05", "x-", date(8191, "2034-06-05"))
	text("the 29th of February 2024", "x-2024-02-29", "x-", date(4442, "2024-02-29"))
	text("the last time of day", "x-23:59:59", "x-", clock(86399, "23:59:59"))
	text("24:00:00 as a time of day", invalid, "x-", clock(86400, "24:00:00"))
	text("the greatest number for a time of day", invalid, "x-", clock(1<<17-1, ""))

	m.packed("the form of 258, a UUID as a whole text", inHex("7824"+hex.EncodeToString([]byte(lower.text))), p.form(0, form.UUID), lower.payload)
	m.packed("the form of 259, an upper-case UUID", upper.text, p.form(0, form.UpperUUID), upper.payload)
	m.packed("the form of 260, a date", "2012-01-01", p.form(0, form.Date), number(form.DateBits, 0))
	m.packed("the form of 261, a time of day", "00:00:00", p.form(0, form.Clock), number(form.ClockBits, 0))
	m.packed("the form of 261, beyond the day", invalid, p.form(0, form.Clock), number(form.ClockBits, 86400))
	for i, name := range []string{"base64url", "base64"} {
		symbol, lengths := form.Padded+i, len(p.Alphabets)+i
		last := []string{"_w==", "/w=="}[i]
		m.packed(fmt.Sprintf("the form of %d: 7 bytes, the least, in %s with two =", symbol, name), "AAAAAAAA"+last,
			p.form(0, symbol), p.length(lengths, 1), raw("000000000000ff"))
		m.packed(fmt.Sprintf("the form of %d: 8 bytes in %s with one =", symbol, name), "AAAAAAAA__8="[:8]+strings.Repeat(last[:1], 2)+"8=",
			p.form(0, symbol), p.length(lengths, 2), raw("000000000000ffff"))
		m.packed(fmt.Sprintf("the form of %d: 6 bytes, which have no =", symbol), invalid, p.form(0, symbol), p.length(lengths, 0), raw("000000000000"))
		m.packed(fmt.Sprintf("the form of %d: 69 bytes, a length above 62, which have no =", symbol), invalid, p.form(0, symbol), p.length(lengths, 63), raw(strings.Repeat("00", 69)))
		seven := textSymbol{symbol, p.length(lengths, 1) + raw("000000000000ff"), "AAAAAAAA" + last}
		text(fmt.Sprintf("%d inside of a text, and its context", symbol), "x-"+seven.text+"! x", "x-", seven, "! x")
		m.packed(fmt.Sprintf("the form of %d: 70 bytes", symbol), strings.Repeat("A", 94)+"==", p.form(0, symbol), p.length(lengths, 64), raw(strings.Repeat("00", 70)))
	}
	for i, a := range p.Alphabets {
		n := uint64(len(a.Chars))
		symbol := form.Run + i
		last := a.Chars[len(a.Chars)-1:]
		most := func(chars int) (values uint64) {
			values = 1
			for range chars {
				values *= n
			}
			return values - 1
		}
		width := func(chars int) int { return len(fmt.Sprintf("%b", most(chars))) }
		full := 1 // characters of a full group: n^full is at most 2^63
		for pow := n; pow <= (1<<63)/n; pow *= n {
			full++
		}
		bitsOf := func(chars int, v uint64) string { return number(width(chars), v) }
		if n == 64 || n == 32 || n == 16 { // powers of two
			width = func(chars int) int { return chars * (len(fmt.Sprintf("%b", n)) - 1) }
			most = func(chars int) uint64 { return 1<<width(chars) - 1 }
		}
		name := fmt.Sprintf("alphabet %d", i)
		inside := strings.Repeat(last, a.Least)
		run := textSymbol{symbol, p.length(i, 0) + groups(a.Least, full, func(k int) string { return bitsOf(k, most(k)) }), inside}
		text(name+": inside of a text, and its context", "x-"+inside+"! x", "x-", run, "! x")
		m.packed(name+": the least number of characters, the first one of the alphabet", strings.Repeat(a.Chars[:1], a.Least),
			p.form(0, symbol), p.length(i, 0), groups(a.Least, full, func(k int) string { return bitsOf(k, 0) }))
		more := max(full+1, a.Least)
		m.packed(name+": more than a full group, the last one of the alphabet", strings.Repeat(last, more),
			p.form(0, symbol), p.length(i, more-a.Least), groups(more, full, func(k int) string { return bitsOf(k, most(k)) }))
		m.packed(name+": the first character is the highest digit", a.Chars[1:2]+strings.Repeat(a.Chars[:1], a.Least-1),
			p.form(0, symbol), p.length(i, 0), bitsOf(min(a.Least, full), (most(min(a.Least, full))+1)/n), groups(max(0, a.Least-full), full, func(k int) string { return bitsOf(k, 0) }))
		m.packed(name+": a length of 63, and one of 64", vlist{strings.Repeat(a.Chars[:1], a.Least+63), strings.Repeat(a.Chars[:1], a.Least+64)}, p.head(0, "82"),
			p.form(0, symbol), p.length(i, 63), groups(a.Least+63, full, func(k int) string { return bitsOf(k, 0) }), other,
			p.form(0, symbol), p.length(i, 64), groups(a.Least+64, full, func(k int) string { return bitsOf(k, 0) }))
		if v := most(a.Least) + 1; v&(v-1) != 0 {
			m.packed(name+": a group above its last value", invalid, p.form(0, symbol), p.length(i, 0), bitsOf(a.Least, v))
		}
	}

	fraction := func(n uint64, bits int) string {
		return number(form.DateBits, 4430) + number(form.ClockBits, 1) + number(bits, n)
	}
	m.packed("a time with 999 milliseconds, in JSON", `["2024-02-17T00:00:01.999Z"]`, p.json(0, 0), p.head(0, "81"), p.time(0, "T", 3, true, false), fraction(999, 10))
	m.packed("a time with 1000 milliseconds, in JSON", invalid, p.json(0, 0), p.head(0, "81"), p.time(0, "T", 3, true, false), fraction(1000, 10))
	m.packed("a time with 999999 microseconds", "2024-02-17T00:00:01.999999", p.time(0, "T", 6, false, false), fraction(999999, 20))
	m.packed("a time with 10^6 microseconds", invalid, p.time(0, "T", 6, false, false), fraction(1000000, 20))
	m.packed("a time with an offset of 63 quarters to the west", "2024-02-17T00:00:01-15:45", p.time(0, "T", 0, false, true), fraction(63, 6), "1")
	m.packed("a time with no offset to the west", "2024-02-17T00:00:01-00:00", p.time(0, "T", 0, false, true), fraction(0, 6), "1")
	m.packed("a time beyond the day", invalid, p.time(0, "T", 0, true, false), number(form.DateBits, 0), number(form.ClockBits, 86400))
	bcrypt := func(letter, hash, cost uint64, bytes int) string {
		return p.kind(0, "bcrypt") + number(2, letter) + number(1, hash) + number(5, cost) + raw(strings.Repeat("00", bytes))
	}
	m.packed("a salt of bcrypt, the least cost", "$2a$04$"+strings.Repeat(".", 22), bcrypt(0, 0, 4, 16))
	m.packed("a hash of bcrypt, the greatest cost", "$2y$31$"+strings.Repeat(".", 53), bcrypt(2, 1, 31, 39))
	m.packed("a salt of bcrypt with cost 3", invalid, bcrypt(0, 0, 3, 16))
	m.packed("a salt of bcrypt with a fourth letter", invalid, bcrypt(3, 0, 10, 16))
}

// groups joins the groups of so many characters.
func groups(chars, full int, group func(k int) string) (bits string) {
	for ; chars > 0; chars -= full {
		bits += group(min(chars, full))
	}
	return bits
}

func printable() (text string) {
	for c := byte(0x20); c < 0x80; c++ {
		text += string([]byte{c})
	}
	return text
}

// spelledKeys has keys of maps that the packer would tell in another way, or
// not at all.
func (m *vectorMaker) spelledKeys() {
	p := m.speller
	theme := p.models["theme"]
	m.packed("a key of the dictionary", dark, p.head(0, "a1"), p.named(0, "theme"), p.word(theme, "dark"))
	m.packed("a key of the dictionary, spelled: it has the model of the dictionary", dark, p.head(0, "a1"), p.spelledKey(0, "theme"), p.word(theme, "dark"))
	m.packed("a key of the dictionary, as a value: it has the model of the dictionary", dark, p.head(0, "a1"), p.key(0, form.OtherKey), p.bytes(0, "657468656d65"), p.word(theme, "dark"))
	word, text := p.anyWord(0)
	m.packed("a key as a word of the values", vdoc{text: true}, p.head(0, "a1"), p.key(0, form.OtherKey), word, p.head(p.models[text], "f5"))
	m.packed("a key that is the empty text: the code after it is 0", vdoc{"": 0, "theme": "dark"},
		p.head(0, "a2"), p.spelledKey(0, ""), p.head(0, "00"), p.named(0, "theme"), p.word(theme, "dark"))
	for i, key := range []string{"z", "zzzzz", "zzzzzz", "zzzzzzzzz", "zzzzzzzzzz"} {
		code := []int{1, 1, 2, 2, 3}[i]
		next := "zzzzzzzzzzzz"
		m.packed(fmt.Sprintf("after a key of %d bytes the code is %d", len(key), code), vdoc{key: 0, next: 0}, p.head(0, "a2"), p.spelledKey(0, key), p.head(0, "00"), p.spelledKey(code, next), p.head(0, "00"))
	}
	for i, key := range []string{"a", "aaaaaa", "aaaaaaaaaa"} {
		code := i + 1
		first := p.head(0, "a2") + p.spelledKey(0, key) + p.head(0, "00")
		told := strings.Repeat("z", len(key)+1)
		m.packed(fmt.Sprintf("after a key of %d bytes, a key as a value", len(key)), vdoc{key: 0, told: 0}, first, p.key(code, form.OtherKey), p.bytes(0, hex.EncodeToString(itemOf(m.TB, told))), p.head(0, "00"))
		digits := "12345678901"[:len(key)+1]
		var n uint64
		fmt.Sscan(digits, &n)
		m.packed(fmt.Sprintf("after a key of %d bytes, a key of digits", len(key)), vdoc{key: 0, digits: 0}, first, p.key(code, form.NumberKey), p.plain(n), p.head(0, "00"))
		for _, k := range p.Keys {
			if len(k.Key) <= len(key) {
				continue
			}
			m.packed(fmt.Sprintf("after a key of %d bytes, a key of the dictionary", len(key)), vdoc{key: 0, k.Key: nil}, first, p.named(code, k.Key), p.head(k.Model, "f6"))
			break
		}
	}
	m.packed("the length of a key is in bytes: é has two, so after three of them it is 6", vdoc{"\u00e9\u00e9\u00e9": 0, "zzzzzzzzz": 0},
		p.head(0, "a2"), p.spelledKey(0, "\u00e9\u00e9\u00e9"), p.head(0, "00"), p.spelledKey(2, "zzzzzzzzz"), p.head(0, "00"))
	m.packed("after a key that is no text the code is 0", inHex("a2"+"f500"+"f93e0000"), p.head(0, "a2"), p.key(0, form.OtherKey), p.bytes(0, "f5"), p.head(0, "00"), p.key(0, form.OtherKey), p.bytes(0, "f93e00"), p.head(0, "00"))
	m.packed("keys out of order", invalid, p.head(0, "a2"), p.spelledKey(0, "b"), p.head(0, "00"), p.spelledKey(1, "a"), p.head(0, "00"))
	m.packed("a key twice", invalid, p.head(0, "a2"), p.spelledKey(0, "a"), p.head(0, "00"), p.spelledKey(1, "a"), p.head(0, "00"))
	m.packed("keys of the dictionary out of order", invalid, p.head(0, "a2"), p.named(0, "theme"), p.word(theme, "dark"), p.named(1, "id"), p.head(p.models["id"], "00"))
	m.packed("a key of the dictionary twice, once spelled", invalid, p.head(0, "a2"), p.named(0, "theme"), p.word(theme, "dark"), p.spelledKey(1, "theme"), p.word(theme, "dark"))
	m.packed("a key that is not UTF-8", invalid, p.head(0, "a1"), p.key(0, form.Spelled), p.spelled(form.Keys, escape(0xff)), p.head(0, "00"))
	m.packed("a key with tag 23", invalid, p.head(0, "a1"), p.key(0, form.OtherKey), p.bytes(0, "d7"), p.bytes(0, "4161"), p.head(0, "00"))
	m.packed("a key that is an array", invalid, p.head(0, "a1"), p.key(0, form.OtherKey), p.bytes(0, "80"), p.head(0, "00"))
	m.packed("two maps as keys: a value as a key has no previous one", invalid, p.head(0, "a1"), p.key(0, form.OtherKey), p.bytes(0, "a0"), p.head(0, "00"))

	// Keys that are integers: 5 is told as a value, the next ones as steps.
	five := p.head(0, "a2") + p.key(0, form.OtherKey) + p.head(0, "05") + p.head(0, "00")
	m.packed("integer keys, a step of 1", inHex("a2"+"0500"+"0600"), five, p.head(2, "01"), p.head(0, "00"))
	m.packed("integer keys, a step of 23", inHex("a2"+"0500"+"181c00"), five, p.head(2, "17"), p.head(0, "00"))
	m.packed("integer keys, a step as an int", inHex("a2"+"0500"+"181d00"), five, p.int(2, "", 24), p.head(0, "00"))
	m.packed("integer keys, a step as an int below 24, which number() takes", inHex("a2"+"0500"+"181900"), five, p.int(2, "", 20), p.head(0, "00"))
	m.packed("integer keys, a step of 0", invalid, five, p.head(2, "00"), p.head(0, "00"))
	m.packed("integer keys, no step, and then a key as a value", inHex("a2"+"0500"+"0700"), five, p.empty(2), p.key(0, form.OtherKey), p.head(0, "07"), p.head(0, "00"))
	m.packed("integer keys, no step, and then a text", inHex("a2"+"0500"+"657468656d65"+"646461726b"), five, p.empty(2), p.named(0, "theme"), p.word(theme, "dark"))
	m.packed("integer keys, no step, and then the same key", invalid, five, p.empty(2), p.key(0, form.OtherKey), p.head(0, "05"), p.head(0, "00"))
	m.packed("after a negative key there is no step", inHex("a2"+"2000"+"2100"), p.head(0, "a2"), p.key(0, form.OtherKey), p.bytes(0, "20"), p.head(0, "00"), p.key(0, form.OtherKey), p.bytes(0, "21"), p.head(0, "00"))
	m.packed("after a text of digits there is no step", vdoc{"5": 0, "6": 0}, p.head(0, "a2"), p.key(0, form.NumberKey), p.head(3, "05"), p.head(0, "00"), p.key(1, form.NumberKey), p.head(3, "06"), p.head(0, "00"))
	great := func(key string) string {
		return p.head(0, "a2") + p.key(0, form.OtherKey) + p.bytes(0, key) + p.head(0, "00")
	}
	m.packed("integer keys, a step up to the greatest", inHex("a2"+"1bfffffffffffffffe00"+"1bffffffffffffffff00"), great("1bfffffffffffffffe"), p.head(2, "01"), p.head(0, "00"))
	m.packed("integer keys, a step beyond the greatest", invalid, great("1bfffffffffffffffe"), p.head(2, "02"), p.head(0, "00"))

	// Keys that are texts of digits.
	one := func(n string) string { return p.head(0, "a1") + p.key(0, form.NumberKey) + n + p.head(0, "00") }
	m.packed("a key of digits: 0", vdoc{"0": 0}, one(p.head(3, "00")))
	m.packed("a key of digits: 23", vdoc{"23": 0}, one(p.head(3, "17")))
	m.packed("a key of digits, as an int below 24, which number() takes", vdoc{"20": 0}, one(p.int(3, "", 20)))
	m.packed("a key of digits: 1169", vdoc{"1169": 0}, one(p.int(3, "", 1169)))
	m.packed("a key of digits, spelled", vdoc{"1169": 0}, p.head(0, "a1"), p.spelledKey(0, "1169"), p.head(0, "00"))
	m.packed("the length of a key of digits is that of its text", vdoc{"123456": 0, "1234567": 0}, p.head(0, "a2"), p.key(0, form.NumberKey), p.int(3, "", 123456), p.head(0, "00"), p.key(2, form.NumberKey), p.int(3, "", 1234567), p.head(0, "00"))

	// The model of a number's value is that of its map.
	cart := p.models["cart"]
	if cart == 0 {
		m.TB.Fatal("cart has no model of its own")
	}
	m.packed("the value of a key of digits has the model of the map", vdoc{"cart": vdoc{"7": vlist{}}}, p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.key(0, form.NumberKey), p.head(3, "07"), p.head(cart, "80"))
	m.packed("the value of an integer key has the model of the map", inHex("a1"+"6463617274"+"a10780"), p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.key(0, form.OtherKey), p.head(0, "07"), p.head(cart, "80"))
	m.packed("the value of a negative key has model 0", inHex("a1"+"6463617274"+"a1261818"), p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.key(0, form.OtherKey), p.bytes(0, "26"), p.int(0, "", 24))
	m.packed("the value of another key has model 0", vdoc{"cart": vdoc{"zz": 24}}, p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.spelledKey(0, "zz"), p.int(0, "", 24))
	m.packed("digits of another script are no number", vdoc{"cart": vdoc{"\u0663": 24}}, p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.spelledKey(0, "\u0663"), p.int(0, "", 24))
	m.packed("the empty key is no number", vdoc{"cart": vdoc{"": 24}}, p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.spelledKey(0, ""), p.int(0, "", 24))
	m.packed("the elements of an array have its model", vdoc{"cart": vlist{vlist{}}}, p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "81"), p.head(cart, "80"))
	m.packed("a key itself has model 0", inHex("a1"+"6463617274"+"a1"+"c100"+"00"), p.head(0, "a1"), p.named(0, "cart"), p.head(cart, "a1"), p.key(0, form.OtherKey), p.head(0, "c1"), p.head(0, "00"), p.head(0, "00"))
}

// spelledLists has what is compared with what.
func (m *vectorMaker) spelledLists() {
	p := m.speller
	n := func(digit int) string { return p.head(0, fmt.Sprintf("%02x", digit)) }
	list := func(length int) string { return p.head(0, fmt.Sprintf("%02x", 0x80+length)) }
	a1 := p.head(0, "a1")
	key := func(text string) string { return p.spelledKey(0, text) }
	m.packed("an equal element, told in full", vlist{1, 1}, list(2), n(1), other, n(1))
	m.packed("an equal element, told by the bit", vlist{1, 1}, list(2), n(1), repeated)
	m.packed("the first element has no bit", vlist{1}, list(1), n(1))
	m.packed("null is a previous value like any other", vlist{nil, nil}, list(2), p.head(0, "f6"), repeated)
	m.packed("the structure of an empty array", vlist{vlist{}, vlist{}}, list(2), list(0), repeated)
	m.packed("the structure of an empty map", vlist{vdoc{}, vdoc{}}, list(2), p.head(0, "a0"), repeated)
	m.packed("the structure of an array: each element has a bit", vlist{vlist{1, 2}, vlist{1, 3}}, list(2), list(2), n(1), other, n(2), repeated, repeated, other, n(3))
	m.packed("not by the bit, an array of another length: elements at the same place all the same", vlist{vlist{1, 2}, vlist{1}}, list(2), list(2), n(1), other, n(2), other, list(1), repeated)
	m.packed("a longer array: the element beyond has the one before it", vlist{vlist{1}, vlist{2, 2}}, list(2), list(1), n(1), other, list(2), other, n(2), repeated)
	m.packed("the element at the same place, and not the one before it", vlist{vlist{1, 2}, vlist{3, 2}}, list(2), list(2), n(1), other, n(2), repeated, other, n(3), repeated)
	m.packed("the first element after an empty array has none", vlist{vlist{}, vlist{1}}, list(2), list(0), other, list(1), n(1))
	m.packed("a scalar after an array has the array as the previous value, and its bit", vlist{vlist{1}, 2}, list(2), list(1), n(1), other, n(2))
	m.packed("an array after a scalar: its first element has none", vlist{2, vlist{1}}, list(2), n(2), other, list(1), n(1))
	m.packed("an array after a map: its first element has none", vlist{vdoc{"zz": 1}, vlist{1}}, list(2), a1, key("zz"), n(1), other, list(1), n(1))
	m.packed("the same keys, told by the bit: each value has a bit", vlist{vdoc{"zz": 1}, vdoc{"zz": 2}}, list(2), a1, key("zz"), n(1), repeated, other, n(2))
	m.packed("the same keys, told in full: no value has a bit", vlist{vdoc{"zz": 1}, vdoc{"zz": 1}}, list(2), a1, key("zz"), n(1), other, a1, key("zz"), n(1))
	m.packed("a map inside of a map with the same keys", vlist{vdoc{"zz": vdoc{"yy": 1}}, vdoc{"zz": vdoc{"yy": 1}}}, list(2), a1, key("zz"), a1, key("yy"), n(1), repeated, repeated, repeated)
	m.packed("the model of a value under the same key stays", vlist{dark, dark}, list(2), a1, p.named(0, "theme"), p.word(p.models["theme"], "dark"), repeated, other, p.word(p.models["theme"], "dark"))
	m.packed("an array of arrays, twice", vlist{vlist{vlist{1, 2}}, vlist{vlist{1, 3}}}, list(2), list(1), list(2), n(1), other, n(2), repeated, repeated, repeated, other, n(3))
	m.packed("three rows: the second is the previous one of the third", vlist{vlist{1}, vlist{2}, vlist{2}}, list(3), list(1), n(1), repeated, other, n(2), repeated, repeated)

	// Tags.
	m.packed("a tagged array as a previous value: the bit repeats all of it", inHex("82"+"d996848101"+"d996848101"), list(2), p.head(0, "d99684"), list(1), n(1), repeated)
	at := p.head(0, "d9967682")
	m.packed("a tag and an array in one symbol: the bit repeats all of it", inHex("82"+"d99676820102"+"d99676820102"), list(2), at, n(1), other, n(2), repeated)
	m.packed("a tag and an array in one symbol, and then an array: its first element has none", inHex("82"+"d99676820102"+"820102"), list(2), at, n(1), other, n(2), other, list(2), n(1), other, n(2))
	m.packed("an array after a tagged array: its first element has none", inHex("82"+"d996848101"+"8101"), list(2), p.head(0, "d99684"), list(1), n(1), other, list(1), n(1))
	m.packed("a tagged array after an array: what is under the tag has no previous value", inHex("82"+"8101"+"d996848101"), list(2), list(1), n(1), other, p.head(0, "d99684"), list(1), n(1))
	m.packed("a tagged array after a tagged array: what is under the tag has no previous value", inHex("82"+"d996848101"+"d996848101"), list(2), p.head(0, "d99684"), list(1), n(1), other, p.head(0, "d99684"), list(1), n(1))
	m.packed("a tagged map after a map: no keys are the same by a bit", inHex("82"+"a1627a7a00"+"d99687a1627a7a00"), list(2), a1, key("zz"), n(0), other, p.head(0, "d99687"), a1, key("zz"), n(0))
	m.packed("inside of a tagged array the element before counts", inHex("d99684820101"), p.head(0, "d99684"), list(2), n(1), repeated)
	m.packed("a tagged array inside of an array with the same place", inHex("82"+"81d996848101"+"81d996848101"), list(2), list(1), p.head(0, "d99684"), list(1), n(1), repeated, repeated)

	// Values of keys that are numbers.
	number := func(code, digit int) string {
		return p.key(code, form.NumberKey) + p.head(3, fmt.Sprintf("%02x", digit))
	}
	two := p.head(0, "a2")
	m.packed("the last value of a number: an array lends its structure", vdoc{"7": vlist{1}, "8": vlist{1}}, two, number(0, 7), list(1), n(1), number(1, 8), repeated, n(1))
	m.packed("the last value of a number: an array that is told in full", vdoc{"7": vlist{1}, "8": vlist{1}}, two, number(0, 7), list(1), n(1), number(1, 8), other, list(1), n(1))
	m.packed("the last value of a number: a scalar lends nothing, and there is no bit", vdoc{"7": 1, "8": 1}, two, number(0, 7), n(1), number(1, 8), n(1))
	m.packed("the last value of a number: a map lends its keys, and its scalars nothing", vdoc{"7": vdoc{"zz": 1}, "8": vdoc{"zz": 1}}, two, number(0, 7), a1, key("zz"), n(1), number(1, 8), repeated, n(1))
	m.packed("the last value of a number: what is inside lends its structure, too", vdoc{"7": vlist{vlist{1}}, "8": vlist{vlist{1}}}, two, number(0, 7), list(1), list(1), n(1), number(1, 8), repeated, repeated, n(1))
	m.packed("the last value of a number: the element before, in the new value, is a usual one", vdoc{"7": vlist{1}, "8": vlist{1, 1}}, two, number(0, 7), list(1), n(1), number(1, 8), other, list(2), n(1), repeated)
	m.packed("the last value of a number: an element of the new value lends all to the next", vdoc{"7": vlist{vlist{1}}, "8": vlist{vlist{2}, vlist{2}}},
		two, number(0, 7), list(1), list(1), n(1), number(1, 8), other, list(2), repeated, n(2), repeated, repeated)
	m.packed("the last value of a number: a map that is told in full has none inside", vdoc{"7": vdoc{"zz": vlist{1}}, "8": vdoc{"zz": vlist{1}}},
		two, number(0, 7), a1, key("zz"), list(1), n(1), number(1, 8), other, a1, key("zz"), list(1), n(1))
	m.packed("the last value of a number, and a text between them", vdoc{"7": vlist{1}, "8": vlist{1}, "zz": vlist{1}, "123": vlist{1}},
		p.head(0, "a4"), number(0, 7), list(1), n(1), number(1, 8), repeated, n(1), p.spelledKey(1, "zz"), list(1), n(1), p.key(1, form.NumberKey), p.int(3, "", 123), repeated, n(1))
	m.packed("the last value of a number is the last one, also if it is a scalar", vdoc{"7": vlist{1}, "8": 1, "9": vlist{1}},
		p.head(0, "a3"), number(0, 7), list(1), n(1), number(1, 8), other, n(1), number(1, 9), list(1), n(1))
	m.packed("the last value of a number, of keys that are integers", inHex("a2"+"078101"+"088101"), two, p.key(0, form.OtherKey), p.head(0, "07"), list(1), n(1), p.head(2, "01"), repeated, n(1))
	m.packed("the last value of a number, an integer and then a text of digits", inHex("a2"+"078101"+"61378101"), two, p.key(0, form.OtherKey), p.head(0, "07"), list(1), n(1), p.empty(2), number(0, 7), repeated, n(1))
	m.packed("maps with the same keys, which are numbers: the value of the same key counts, in full", vlist{vdoc{"7": 1}, vdoc{"7": 1}}, list(2), a1, number(0, 7), n(1), repeated, repeated)
	m.packed("under a number, a map with the same keys that are numbers: structure only", vdoc{"7": vdoc{"8": 1, "9": 1}, "8": vdoc{"8": 1, "9": 1}},
		two, number(0, 7), two, number(0, 8), n(1), number(1, 9), n(1), number(1, 8), repeated, n(1), n(1))
	m.packed("the last value of a number is tagged: it lends nothing, and there is no bit", inHex("a2"+"6137"+"d996848101"+"6138"+"d996848101"),
		two, number(0, 7), p.head(0, "d99684"), list(1), n(1), number(1, 8), p.head(0, "d99684"), list(1), n(1))
	m.packed("a negative key is no number here", inHex("a2"+"268101"+"278101"), two, p.key(0, form.OtherKey), p.bytes(0, "26"), list(1), n(1), p.key(0, form.OtherKey), p.bytes(0, "27"), list(1), n(1))
}

// spelledJSON has texts that are JSON.
func (m *vectorMaker) spelledJSON() {
	p := m.speller
	open := p.json(0, 0)
	list := func(values ...string) string {
		return open + p.head(0, fmt.Sprintf("%02x", 0x80+len(values))) + strings.Join(values, other)
	}
	word, text := p.anyWord(0)
	entry := func(key, value string) string { return p.spelledKey(form.JSONKey, key) + value }
	m.packed("JSON: an empty object", "{}", open, p.head(0, "a0"))
	m.packed("JSON: keys in the order of the text", `{"b":1,"a":2}`, open, p.head(0, "a2"), entry("b", p.head(0, "01")), entry("a", p.head(0, "02")))
	m.packed("JSON: keys in the key code 4, also a later one", `{"theme":"dark","id":1}`, open, p.head(0, "a2"),
		p.named(form.JSONKey, "theme"), p.word(p.models["theme"], "dark"), p.named(form.JSONKey, "id"), p.head(p.models["id"], "01"))
	m.packed("JSON: a key twice", invalid, open, p.head(0, "a2"), entry("a", p.head(0, "01")), entry("a", p.head(0, "02")))
	m.packed("JSON: a key twice, not one after the other", invalid, open, p.head(0, "a3"), entry("a", p.head(0, "01")), entry("b", p.head(0, "01")), entry("a", p.head(0, "02")))
	m.packed("JSON: the same key in two objects", `{"a":{"a":1}}`, open, p.head(0, "a1"), entry("a", p.head(0, "a1")), entry("a", p.head(0, "01")))
	m.packed("JSON: a key that is an integer", invalid, open, p.head(0, "a1"), p.key(form.JSONKey, form.OtherKey), p.head(0, "01"), p.head(0, "02"))
	m.packed("JSON: a key that is a text, told as a value", `{"a":2}`, open, p.head(0, "a1"), p.key(form.JSONKey, form.OtherKey), p.bytes(0, "6161"), p.head(0, "02"))
	m.packed("JSON: a key of digits", `{"7":1,"5":1}`, open, p.head(0, "a2"), p.key(form.JSONKey, form.NumberKey), p.head(3, "07"), p.head(0, "01"), p.key(form.JSONKey, form.NumberKey), p.head(3, "05"), p.head(0, "01"))
	m.packed("JSON: an integer by itself", invalid, open, p.head(0, "01"))
	m.packed("JSON: a text by itself", invalid, open, word)
	m.packed("JSON: a tagged array", invalid, open, p.head(0, "d99684"), p.head(0, "80"))
	m.packed("JSON: a tag inside", invalid, list(p.head(0, "d7")+p.bytes(0, "4161")))
	m.packed("JSON: an integer with a tag", invalid, list(p.head(0, "c1")+p.head(0, "01")))
	m.packed("JSON: a byte string", invalid, list(p.bytes(0, "4161")))
	m.packed("JSON: undefined", invalid, list(p.bytes(0, "f7")))
	m.packed("JSON: words", "[false,true,null]", list(p.head(0, "f4"), p.head(0, "f5"), p.head(0, "f6")))
	m.packed("JSON: the greatest and the least integer", "[18446744073709551615,-9223372036854775808]", list(p.bytes(0, "1bffffffffffffffff"), p.bytes(0, "3b7fffffffffffffff")))
	m.packed("JSON: -2^63-1", invalid, list(p.bytes(0, "3b8000000000000000")))
	m.packed("JSON: floats with one and with two decimals", "[0.5,0.75,0.01,19.99]", list(p.bytes(0, "f93800"), p.bytes(0, "f93a00"), p.bytes(0, "fb3f847ae147ae147b"), p.hundredths(0, 1999)))
	m.packed("JSON: a float that is a whole number", invalid, list(p.bytes(0, "f93c00")))
	m.packed("JSON: a whole number of the symbol that has them", invalid, list(p.wholeOne()))
	m.packed("JSON: a float that is a little less than 0.1", invalid, list(p.bytes(0, "fb3fb9999999999999")))
	m.packed("JSON: a float with three decimals", invalid, list(p.bytes(0, "f93000")))
	m.packed("JSON: -0.5", invalid, list(p.bytes(0, "f9b800")))
	m.packed("JSON: -0.1", invalid, list(p.bytes(0, "fbbfb999999999999a")))
	m.packed("JSON: a key that is special in JavaScript", `{"__proto__":{"a":1},"constructor":2}`, open, p.head(0, "a2"), entry("__proto__", p.head(0, "a1")), entry("a", p.head(0, "01")), entry("constructor", p.head(0, "02")))
	m.packed("JSON: a byte order mark, which stays", "[\"\ufeff\"]", list(p.bytes(0, "63efbbbf")))
	m.packed("JSON: 0.0", invalid, list(p.bytes(0, "f90000")))
	m.packed("JSON: NaN", invalid, list(p.bytes(0, "f97e00")))
	m.packed("JSON: infinity", invalid, list(p.bytes(0, "f97c00")))
	m.packed("JSON: n/100 with the greatest n, 2^50-1", "[11258999068426.23]", list(p.bytes(0, fmt.Sprintf("fb%016x", math.Float64bits(11258999068426.23)))))
	m.packed("JSON: n/100 with n = 2^50+4", invalid, list(p.bytes(0, fmt.Sprintf("fb%016x", math.Float64bits(11258999068426.28)))))
	m.packed("JSON: a text that is not UTF-8", invalid, list(p.bytes(0, "61ff")))
	m.packed("JSON: a key that is not UTF-8", invalid, open, p.head(0, "a1"), p.key(form.JSONKey, form.Spelled), p.spelled(form.Keys, escape(0xff)), p.head(0, "00"))
	m.packed("JSON: elements that repeat", "[1000,1000]", open, p.head(0, "82"), p.int(0, "", 1000), repeated)
	m.packed("JSON: rows that repeat", `[[1,2],[1,3]]`, open, p.head(0, "82"), p.head(0, "82"), p.head(0, "01"), other, p.head(0, "02"), repeated, repeated, other, p.head(0, "03"))
	m.packed("JSON: an object with the keys of the one before it, in their order", `[{"b":1,"a":2},{"b":1,"a":3}]`, open, p.head(0, "82"),
		p.head(0, "a2"), entry("b", p.head(0, "01")), entry("a", p.head(0, "02")), repeated, repeated, other, p.head(0, "03"))
	m.packed("JSON in JSON", `["[\"`+text+`\"]"]`, list(open+p.head(0, "81")+word))
	m.packed("JSON as bytes in JSON", invalid, list(p.kind(0, "json-bytes")+p.head(0, "80")))
	m.packed("after JSON keys have their usual code", vdoc{"zz": "[]", "theme": "dark"}, p.head(0, "a2"), p.spelledKey(0, "zz"), open, p.head(0, "80"), p.named(1, "theme"), p.word(p.models["theme"], "dark"))
	m.packed("JSON is one value: the next element is compared with the text", vlist{"[1]", "[1]"}, p.head(0, "82"), open, p.head(0, "81"), p.head(0, "01"), repeated)
	m.packed("JSON is no array to its neighbour", vlist{"[1]", vlist{1}}, p.head(0, "82"), open, p.head(0, "81"), p.head(0, "01"), other, p.head(0, "81"), p.head(0, "01"))
	m.packed("an array is no previous value to JSON", vlist{vlist{1}, "[1]"}, p.head(0, "82"), p.head(0, "81"), p.head(0, "01"), other, open, p.head(0, "81"), p.head(0, "01"))
	m.packed("JSON as a key", vdoc{"[]": 0}, p.head(0, "a1"), p.key(0, form.OtherKey), open, p.head(0, "80"), p.head(0, "00"))
	m.packed("JSON of 60 levels in 4 arrays", inHex("81818181"+"7878"+hex.EncodeToString([]byte(strings.Repeat("[", 60)+strings.Repeat("]", 60)))),
		strings.Repeat(p.head(0, "81"), 4), open, strings.Repeat(p.head(0, "81"), 59), p.head(0, "80"))
	m.packed("JSON of 61 levels in 4 arrays", invalid, strings.Repeat(p.head(0, "81"), 4), open, strings.Repeat(p.head(0, "81"), 60), p.head(0, "80"))

	// Each layout, with what it escapes.
	const all = "\"\\\b\f\n\r\t\x01/<>&='\x7f\u00e9\u2028\u2029\U0001f600"
	for i, layout := range p.Layouts {
		want := jsonText(all, layout.ASCII, layout.Slash, layout.HTML, layout.Quotes)
		nl := func(n int) string {
			if layout.Indent == 0 {
				return ""
			}
			return "\n" + strings.Repeat(" ", n*layout.Indent)
		}
		full := "{" + nl(1) + want + layout.Colon + "[" + nl(2) + want + layout.Comma + nl(2) + "[]" + layout.Comma + nl(2) + "{}" + nl(1) + "]" + layout.Comma + nl(1) + `"a"` + layout.Colon + "1" + nl(0) + "}"
		m.packed(fmt.Sprintf("JSON in layout %d", i), full, p.json(0, i), p.head(0, "a2"), entry(all, p.head(0, "83")), p.text(0, form.Marks, all), other, p.head(0, "80"), other, p.head(0, "a0"), entry("a", p.head(0, "01")))
		bits, _ := p.symbol(1, "JSON bytes", func(v *packingSymbol) bool { return v.Kind == "json-bytes" && v.Layout == i })
		m.packed(fmt.Sprintf("bytes that are JSON in layout %d, under tag 21", i), inHex("d582"+"41"+"00"+hex.EncodeToString(itemOf(m.TB, []byte("["+nl(1)+"1"+layout.Comma+nl(1)+"2"+nl(0)+"]")))),
			p.head(0, "d5"), p.bytes(0, "82"), p.bytes(1, "4100"), other, bits, p.head(0, "82"), p.head(0, "01"), other, p.head(0, "02"))
	}
}

// wholeOne is 1.0 by the symbol for whole numbers.
func (s *speller) wholeOne() string {
	bits, v := s.symbol(0, "1.0", func(v *packingSymbol) bool { return v.Kind == "whole" && v.Base <= 1 && 1-v.Base < 1<<v.Bits })
	return bits + number(v.Bits, 1-v.Base)
}

// jsonText is a text as JSON.
func jsonText(text string, ascii, slash, html, quotes bool) string {
	short := strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	out := strings.ReplaceAll(short.Replace(text), "\x01", `\u0001`)
	if slash {
		out = strings.ReplaceAll(out, "/", `\/`)
	}
	if html {
		out = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\u2028", `\u2028`, "\u2029", `\u2029`).Replace(out)
	}
	if quotes {
		out = strings.NewReplacer("=", `\u003d`, "'", `\u0027`).Replace(out)
	}
	if ascii {
		out = strings.NewReplacer("\x7f", `\u007f`, "\u00e9", `\u00e9`, "\u2028", `\u2028`, "\u2029", `\u2029`, "\U0001f600", `\ud83d\ude00`).Replace(out)
	}
	return `"` + out + `"`
}

// limits has what is as large as it may be, and what is larger.
func (m *vectorMaker) limits() {
	p := m.speller
	hexRun := func(n int) (bits, text string) {
		text = strings.Repeat("0", n)
		a := p.Alphabets[form.Hex]
		return p.form(0, form.Run+form.Hex) + p.length(form.Hex, n-a.Least) + strings.Repeat("0", 4*n), text
	}
	// A list of equal texts, and one more that fills what is left.
	fill := func(size int) (bits string, want vlist) {
		const each = 500
		count := (size - 5 - 256) / (each + 3)
		bits, text := hexRun(each)
		rest, restText := hexRun(size - 3 - count*(each+3) - 2)
		for range count {
			want = append(want, text)
		}
		head := fmt.Sprintf("98%02x", count+1)
		return p.bytes(0, head) + bits + strings.Repeat(repeated, count-1) + other + rest, append(want, restText)
	}
	for _, size := range []int{40000, 1 << 16, 1<<16 + 1} {
		bits, want := fill(size)
		if size > 1<<16 {
			m.packed("an item of 64 KiB and a byte", invalid, bits)
		} else {
			m.packed(fmt.Sprintf("an item of %d bytes", size), inHex(hex.EncodeToString(filled(want))), bits)
		}
	}
	// JSON: 0.1 has 3 characters as text, and 9 bytes as a value.
	floats := func(n int) string {
		return p.json(0, 0) + p.bytes(0, fmt.Sprintf("99%04x", n)) + p.bytes(0, "fb3fb999999999999a") + strings.Repeat(repeated, n-1)
	}
	m.packed("JSON whose value takes almost 64 KiB as CBOR", "["+strings.Repeat("0.1,", 7280)+"0.1]", floats(7281))
	m.packed("JSON whose value takes more than 64 KiB as CBOR, although the text is short", invalid, floats(7282))
	// Nulls have 4 characters as text, and a byte as a value.
	nulls := func(n int) string {
		return p.json(0, 0) + p.bytes(0, fmt.Sprintf("99%04x", n)) + p.head(0, "f6") + strings.Repeat(repeated, n-1)
	}
	m.packed("JSON whose text fits into 64 KiB", "["+strings.Repeat("null,", 13105)+"null]", nulls(13106))
	m.packed("JSON whose text is longer than 64 KiB, although the value is short", invalid, nulls(13107))
	m.packed("a text of phrases and a run of 4158 characters, the longest", strings.Repeat("0", p.Alphabets[form.Hex].Least+63+4095), firstOf(hexRun(p.Alphabets[form.Hex].Least+63+4095)))

	// How long a value may be. Not packed, there is no other limit.
	token := func(v *vector, chars, parts int) string {
		bytes := chars * 3 / 4
		size := bytes - 40 - 2 - 3
		record := fmt.Sprintf("0000"+"59%04x", size) + strings.Repeat("00", size)
		text := m.sealed(v, record, parts)
		if len(text) != chars {
			m.TB.Fatalf("%d characters, want %d", len(text), chars)
		}
		return text
	}
	one := func(comment string, want any, name string, chars int) {
		m.TB.Helper()
		v := m.row(comment, named(name))
		text := token(v, chars, 1)
		v.item = unhex(m.TB, v.Record[4:])
		if want != nil {
			m.want(v, want)
			v.item = nil
		}
		v.Record, v.Token = "", text
		v.Foreign = want == nil
		m.add(v)
	}
	one("a cookie of 4093 bytes", nil, "ss", 4091)
	one("a cookie of 4094 bytes", invalid, "ss", 4092)
	one("a cookie of 4094 bytes, under a key that is not in the ring: its length counts first", invalid, "ss", 4092)
	m.rekey()
	one("a cookie of 4093 bytes, with a longer name", nil, "__Host-session", 4079)
	one("a cookie of 4094 bytes, with a longer name", invalid, "__Host-session", 4080)
	split := func(comment string, want any, n, chars int, places ...int) {
		m.TB.Helper()
		v := m.row(comment, named("s"))
		text := token(v, chars, n)
		v.item = unhex(m.TB, v.Record[4:])
		if want != nil {
			m.want(v, want)
			v.item = nil
		}
		v.Record, v.Foreign = "", want == nil
		v.Header = strings.Join(cut("s", text, places...), "; ")
		m.add(v)
	}
	most := 2*(4093-1) - 10
	split("two cookies, full", nil, 2, most, 4092)
	split("two cookies, the first of which holds more than a cookie does", nil, 2, most, 8000)
	split("two cookies, a character more than they hold", invalid, 2, most+1, 4092)
	split("two cookies, the first of which holds more than both do", invalid, 2, most+2, most+1)
}

func firstOf(bits, _ string) string { return bits }

// filled is a list of texts, each as a text: the encoder of values would take
// other forms.
func filled(list vlist) []byte {
	out := []byte{0x98, byte(len(list))}
	for _, s := range list {
		text := s.(string)
		switch n := len(text); {
		case n < 24:
			out = append(out, 0x60+byte(n))
		case n < 256:
			out = append(out, 0x78, byte(n))
		default:
			out = append(out, 0x79, byte(n>>8), byte(n))
		}
		out = append(out, text...)
	}
	return out
}
