package cookiesession_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.com/cookiesession/internal/pack/form"
)

// A speller spells packed bodies symbol by symbol, also those that the packer
// never writes. It knows docs/packing-v1.json and asks it for each symbol, so
// that what it spells says the same under other tables. Bits are written as 0s
// and 1s.
type speller struct {
	testing.TB
	packing
	models map[string]int // of the keys
}

// packing is docs/packing-v1.json.
type packing struct {
	Keys []struct {
		Key   string
		Model int
	}
	Phrases   []string
	Alphabets []struct {
		Chars string
		Least int
	}
	Times []struct {
		Separator    string
		Decimals     int
		Zulu, Offset bool
	}
	Layouts []struct {
		Colon, Comma               string
		Indent                     int
		ASCII, Slash, HTML, Quotes bool
	}
	Values                                       []packingSymbol
	Contexts                                     [][]int
	KeyCodes, ValueCodes, TextCodes, LengthCodes [][][]int
}

type packingSymbol struct {
	Kind, Bytes, Text                string
	Layout, Symbol, Form, Book, Bits int
	Base                             uint64
}

func newSpeller(t testing.TB) *speller {
	t.Helper()
	text, err := os.ReadFile("docs/packing-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &speller{TB: t, models: make(map[string]int)}
	if err := json.Unmarshal(text, &s.packing); err != nil {
		t.Fatal(err)
	}
	for _, k := range s.Keys {
		s.models[k.Key] = k.Model
	}
	return s
}

// code returns the bits of a symbol.
func (s *speller) code(code [][]int, symbol int) (bits string, ok bool) {
	next := 0
	for i, symbols := range code {
		next <<= 1
		for _, other := range symbols {
			if other == symbol {
				return fmt.Sprintf("%0*b", i+1, next), true
			}
			next++
		}
	}
	return "", false
}

func (s *speller) must(code [][]int, symbol int) string {
	s.Helper()
	bits, ok := s.code(code, symbol)
	if !ok {
		s.Fatalf("symbol %d is not in this code", symbol)
	}
	return bits
}

func number(bits int, n uint64) string {
	if bits == 0 {
		return ""
	}
	return fmt.Sprintf("%0*b", bits, n)
}

// raw spells bytes, given in hex, 8 bits each.
func raw(text string) (bits string) {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	for _, c := range b {
		bits += number(8, uint64(c))
	}
	return bits
}

// body returns bits as bytes, filled with zeros.
func body(bits ...string) (out []byte) {
	all := strings.Join(bits, "")
	all += strings.Repeat("0", (8-len(all)%8)%8)
	for ; all != ""; all = all[8:] {
		n, err := strconv.ParseUint(all[:8], 2, 8)
		if err != nil {
			panic(err)
		}
		out = append(out, byte(n))
	}
	return out
}

// symbol returns the bits of the first symbol of values that is as wanted and
// in the code of the model.
func (s *speller) symbol(model int, what string, is func(*packingSymbol) bool) (bits string, v *packingSymbol) {
	s.Helper()
	for i := range s.Values {
		if is(&s.Values[i]) {
			if bits, ok := s.code(s.ValueCodes[model], i); ok {
				return bits, &s.Values[i]
			}
		}
	}
	s.Fatalf("model %d has no symbol for %s", model, what)
	return "", nil
}

// empty is the symbol "head" without bytes.
func (s *speller) empty(model int) string {
	s.Helper()
	bits, _ := s.symbol(model, "any head", func(v *packingSymbol) bool { return v.Kind == "head" && v.Bytes == "" })
	return bits
}

// bytes spells bytes that begin with a head, given in hex, in 8 bits each.
func (s *speller) bytes(model int, text string) string {
	s.Helper()
	return s.empty(model) + raw(text)
}

// head spells a head, perhaps with what is before it and behind it, by a symbol
// that has as much of it as possible. Behind a tag there is another symbol.
func (s *speller) head(model int, text string) string {
	s.Helper()
	for n := len(text); n > 0; n -= 2 {
		for i, v := range s.Values {
			if v.Kind != "head" || v.Bytes != text[:n] {
				continue
			}
			if bits, ok := s.code(s.ValueCodes[model], i); ok {
				if n < len(text) && endsWithTag(text[:n]) {
					return bits + s.head(model, text[n:])
				}
				return bits + raw(text[n:])
			}
		}
	}
	return s.bytes(model, text)
}

// endsWithTag reports whether bytes, in hex, are whole tags.
func endsWithTag(text string) bool {
	for text != "" {
		size := map[string]int{"d8": 4, "d9": 6, "da": 10, "db": 18}[text[:2]]
		if text[0] != 'c' && text[0] != 'd' {
			return false
		}
		if size = max(size, 2); len(text) < size {
			return false
		}
		text = text[size:]
	}
	return true
}

// int spells an integer by a symbol "int" behind these tags, given in hex.
func (s *speller) int(model int, tags string, n uint64) string {
	s.Helper()
	bits, v := s.symbol(model, fmt.Sprint("int ", tags, n), func(v *packingSymbol) bool {
		return v.Kind == "int" && v.Bytes == tags && v.Base <= n && n-v.Base < 1<<v.Bits
	})
	return bits + number(v.Bits, n-v.Base)
}

// plain is a number in the model of keys of digits.
func (s *speller) plain(n uint64) string {
	s.Helper()
	if n < 24 {
		return s.head(form.KeyNumber, fmt.Sprintf("%02x", n))
	}
	return s.int(form.KeyNumber, "", n)
}

// hundredths spells n/100.
func (s *speller) hundredths(model int, n uint64) string {
	s.Helper()
	bits, v := s.symbol(model, fmt.Sprint("hundredths ", n), func(v *packingSymbol) bool {
		return v.Kind == "hundredths" && n>>v.Bits == 1
	})
	return bits + number(v.Bits, n-1<<v.Bits)
}

func (s *speller) word(model int, text string) string {
	s.Helper()
	bits, _ := s.symbol(model, text, func(v *packingSymbol) bool { return v.Kind == "word" && v.Text == text })
	return bits
}

// anyWord is the first word of a model that has letters and no more, and its
// text.
func (s *speller) anyWord(model int) (bits, text string) {
	s.Helper()
	bits, v := s.symbol(model, "a word", func(v *packingSymbol) bool {
		return v.Kind == "word" && len(v.Text) > 2 && strings.Trim(v.Text, "abcdefghijklmnopqrstuvwxyz") == ""
	})
	return bits, v.Text
}

// text spells a text in a book.
func (s *speller) text(model, book int, parts ...any) string {
	s.Helper()
	bits, _ := s.symbol(model, "text", func(v *packingSymbol) bool { return v.Kind == "text" && v.Book == book })
	return bits + s.spelled(book, parts...)
}

// A textSymbol is a symbol of text beyond the bytes, and what belongs to it.
type textSymbol struct {
	number  int
	payload string // bits
	text    string // what it stands for
}

// escape is a byte in 8 bits.
func escape(b byte) textSymbol {
	return textSymbol{form.Escape, number(8, uint64(b)), string([]byte{b})}
}

// spelled is what follows the symbol of a text in a book: strings, whose bytes
// are spelled one by one, and symbols.
func (s *speller) spelled(book int, parts ...any) (bits string) {
	s.Helper()
	text := "" // so far
	code := func() [][]int {
		context := uint8(0)
		for _, c := range []byte(text) {
			context = form.Next(context, form.Class[c])
		}
		return s.TextCodes[s.Contexts[book][context]]
	}
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			for _, c := range []byte(part) {
				if known, ok := s.code(code(), int(c)); ok {
					bits += known
				} else {
					bits += s.must(code(), form.Escape) + number(8, uint64(c))
				}
				text += string([]byte{c})
			}
		case textSymbol:
			bits += s.must(code(), part.number) + part.payload
			text += part.text
		}
	}
	return bits + s.must(code(), form.End)
}

// form is the whole text that a symbol of text stands for, without what belongs
// to it.
func (s *speller) form(model, symbol int) string {
	s.Helper()
	bits, _ := s.symbol(model, fmt.Sprint("form ", symbol), func(v *packingSymbol) bool { return v.Kind == "form" && v.Symbol == symbol })
	return bits
}

// time is a text in the time form with that separator, so many decimals, Z, and
// an offset.
func (s *speller) time(model int, separator string, decimals int, zulu, offset bool) string {
	s.Helper()
	bits, _ := s.symbol(model, "time", func(v *packingSymbol) bool {
		if v.Kind != "time" {
			return false
		}
		f := s.Times[v.Form]
		return f.Separator == separator && f.Decimals == decimals && f.Zulu == zulu && f.Offset == offset
	})
	return bits
}

// kind is the first symbol of a kind.
func (s *speller) kind(model int, kind string) string {
	s.Helper()
	bits, _ := s.symbol(model, kind, func(v *packingSymbol) bool { return v.Kind == kind })
	return bits
}

// json is a text that is JSON in a layout.
func (s *speller) json(model, layout int) string {
	s.Helper()
	bits, _ := s.symbol(model, fmt.Sprint("JSON in layout ", layout), func(v *packingSymbol) bool { return v.Kind == "json" && v.Layout == layout })
	return bits
}

// length is a length of the code of that number.
func (s *speller) length(code, n int) string {
	s.Helper()
	if n < 63 {
		return s.must(s.LengthCodes[code], n)
	}
	return s.must(s.LengthCodes[code], 63) + number(12, uint64(n-63))
}

// key is the symbol of a key in one of the codes.
func (s *speller) key(code, symbol int) string {
	s.Helper()
	return s.must(s.KeyCodes[code], symbol)
}

// named is a key of the dictionary in one of the codes.
func (s *speller) named(code int, key string) string {
	s.Helper()
	for i, k := range s.Keys {
		if k.Key == key {
			return s.key(code, form.Entry+i)
		}
	}
	s.Fatalf("%q is not in the dictionary", key)
	return ""
}

// spelledKey is a key that is text, in one of the codes.
func (s *speller) spelledKey(code int, key string) string {
	s.Helper()
	return s.key(code, form.Spelled) + s.spelled(form.Keys, key)
}
