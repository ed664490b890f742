package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/form"
)

// prune takes from the tables the codes that no input makes the encoder emit,
// and makes them anew, until there are none: a code that is never emitted makes
// the others longer.
func (t *trainer) prune(f *form.Tables) (*form.Tables, error) {
	for {
		idle, err := idle(f)
		if err != nil || len(idle) == 0 {
			return f, err
		}
		for _, x := range idle {
			t.pruned[x] = true
		}
		f = t.tables()
	}
}

// A valueCode is a symbol in the code of a model.
type valueCode struct{ model, symbol int }

// idle returns the codes of values that no probe makes the encoder emit.
func idle(f *form.Tables) (idle []valueCode, err error) {
	p := pack.New(f)
	for model, list := range f.Value {
		for _, e := range list {
			symbol := int(e >> 4)
			if tune.books < form.Books && f.Values[symbol].Kind == form.Text {
				continue // the encoder chooses a book by rules for three
			}
			emitted := false
			notes := &pack.Notes{Value: func(m uint8, s int) { emitted = emitted || int(m) == model && s == symbol }}
			items, of := probes(f, symbol), uint8(model)
			if model == form.KeyStep || model == form.KeyNumber {
				items, of = keyProbes(f.Values[symbol], model), form.Generic
			}
			for _, item := range items {
				if err := p.Observe(tapeOf(item), of, notes); err != nil {
					return nil, err
				}
				if emitted {
					break
				}
			}
			if !emitted {
				idle = append(idle, valueCode{model, symbol})
			}
		}
	}
	return idle, nil
}

// probes returns items that may be written by a symbol.
func probes(f *form.Tables, symbol int) (items [][]byte) {
	s := f.Values[symbol]
	text := func(texts ...string) {
		for _, s := range texts {
			items = append(items, textItem(s))
		}
	}
	switch s.Kind {
	case form.Word:
		return [][]byte{[]byte(s.Bytes)}
	case form.Text:
		text("Somewhere else entirely", "k-7.Q_z/x?y=1", "http://a.example/b?c=d", "a b", "x9", "q/w", "wordlike", "1.5px", "no-such_thing", "two words, and a comma")
	case form.Int, form.Whole:
		for _, x := range numbersIn(s) {
			if s.Kind == form.Int {
				items = append(items, append([]byte(s.Bytes), bigHead(0, x)...))
			} else {
				items = append(items, floatItem(float64(x)))
			}
		}
	case form.Hundredths:
		for n := uint64(1) << s.Bits; n < 1<<s.Bits+26 && n < 2<<s.Bits; n++ {
			if n%25 != 0 {
				items = append(items, floatItem(float64(n)/100))
			}
		}
	case form.Form:
		text(formProbes[int(s.Base)]...)
		if k := int(s.Base) - form.Run; k >= 0 {
			a := form.Alphabets[k].Chars
			for _, n := range []int{24, 32, 40, 100} {
				var b []byte
				for i := range n {
					b = append(b, a[i*(i+n)*7%len(a)])
				}
				text(string(b))
			}
		}
	case form.Time:
		x := form.TimeForms[s.Base]
		end := ""
		if x.Decimals > 0 {
			end = "." + strings.Repeat("7", x.Decimals)
		}
		if x.Zulu {
			end += "Z"
		}
		if x.Offset {
			end += "+05:45"
		}
		text("2023-05-17" + string(x.Separator) + "21:52:59" + end)
	case form.Bcrypt:
		text("$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
	case form.JSON, form.JSONBytes:
		item := textItem(jsonProbe(f.Layouts[s.Base]))
		if s.Kind == form.JSONBytes {
			item[0] -= 1 << 5
		}
		items = append(items, item)
	case form.Raw:
		return rawProbes([]byte(s.Bytes))
	default:
		panic("unknown kind of symbol")
	}
	return items
}

// keyProbes returns maps with keys that may be written by a symbol.
func keyProbes(s form.Symbol, model int) (items [][]byte) {
	numbers := numbersIn(s)
	if s.Kind == form.Raw && s.Bytes == "" {
		return [][]byte{append([]byte{0xa2, 0x05, 0xf6}, append(textItem("xyz"), 0xf6)...)}
	} else if s.Kind == form.Raw {
		numbers = []uint64{uint64(s.Bytes[0])}
	}
	for _, n := range numbers {
		item := append([]byte{0xa2, 0x05, 0xf6}, append(bigHead(0, 5+n), 0xf6)...)
		if model == form.KeyNumber {
			item = append(append([]byte{0xa1}, textItem(strconv.FormatUint(n, 10))...), 0xf6)
		}
		items = append(items, item)
	}
	return items
}

// numbersIn returns numbers in the range of a symbol.
func numbersIn(s form.Symbol) []uint64 {
	last := s.Base + 1<<s.Bits - 1
	return []uint64{s.Base, last, s.Base + 1<<s.Bits/2, s.Base + 1<<s.Bits/3, s.Base + 1<<s.Bits*7/8}
}

var formProbes = map[int][]string{
	form.UUID:      {"550e8400-e29b-41d4-a716-446655440000"},
	form.UpperUUID: {"550E8400-E29B-41D4-A716-446655440000"},
	form.Date:      {"2023-05-17"},
	form.Clock:     {"21:52:59"},
	form.Padded:    {base64.URLEncoding.EncodeToString([]byte("\xff\xfea padded text of some length")), base64.URLEncoding.EncodeToString([]byte("\xff\xfe\xfd\xfca padded text of some length"))},
	form.PaddedStd: {base64.StdEncoding.EncodeToString([]byte("\xff\xfea padded text of some length")), base64.StdEncoding.EncodeToString([]byte("\xff\xfe\xfd\xfca padded text of some length"))},
}

// jsonProbe returns a text that only one layout has.
func jsonProbe(l form.Layout) string {
	s := "é/<='"
	if l.ASCII {
		s = `\u00e9/<='`
	}
	if l.Slash {
		s = strings.ReplaceAll(s, "/", `\/`)
	}
	if l.HTML {
		s = strings.ReplaceAll(s, "<", `\u003c`)
	}
	if l.Quotes {
		s = strings.NewReplacer("=", `\u003d`, "'", `\u0027`).Replace(s)
	}
	line := func(depth int) string {
		if l.Indent == 0 {
			return ""
		}
		return "\n" + strings.Repeat(" ", depth*l.Indent)
	}
	return "{" + line(1) + `"a"` + l.Colon + `"` + s + `"` + l.Comma + line(1) + `"b"` + l.Colon + "1" + line(0) + "}"
}

// rawProbes returns items that begin with b.
func rawProbes(b []byte) (items [][]byte) {
	if len(b) == 0 {
		return [][]byte{bigHead(0, 1<<60), bigHead(1, 1<<40), bigHead(1, 300), bigHead(1, 77), append(bigHead(2, 300), make([]byte, 300)...), {0xe5}, bigHead(6, 1<<40+1)}
	}
	at, tagged := 0, false
	for {
		size := headSize(b[at])
		if at+size >= len(b) {
			break
		}
		tagged = tagged || b[at]>>5 == 6
		at += size
	}
	major := b[at] >> 5
	head := b[at:]
	missing := headSize(b[at]) - len(head)
	for _, fill := range [][]byte{{0xd1, 0x93, 0x7b, 0x15, 0x07, 0x61, 0x2f, 0x3d}, {0x25, 0x11, 0xa3, 0x5b, 0x09, 0xe1, 0x73, 0x0d}} {
		whole := append(bytes.Clone(b), fill[:missing]...)
		if major == 2 || major == 3 || major == 4 || major == 5 {
			for i := range missing {
				whole[len(b)+i] = 0
			}
			if missing > 0 {
				whole[len(whole)-1] = 0xc7 // a length that needs so many bytes
				if missing == 2 && len(head) == 1 {
					whole[len(whole)-2] = 1
				}
			}
		}
		m, n, _ := readHead(whole[at:])
		switch m {
		case 2, 3:
			var c byte
			for i := range n {
				c = c*5 + byte(i) + 0x93
				whole = append(whole, c|0x80)
			}
		case 4:
			whole = append(whole, bytes.Repeat([]byte{0xf6}, int(n))...)
		case 5:
			for i := range n {
				whole = append(append(whole, bigHead(0, i)...), 0xf6)
			}
		case 6:
			for _, inner := range [][]byte{{0xf5}, {0xf6}, {0x05}, {0x18, 0x64}, bigHead(1, 70), bigHead(1, 1<<40), bigHead(0, 1<<60), textItem("Somewhere else entirely"), {0x80}, {0x81, 0xf6}, {0xa0}, append([]byte{0x44}, 1, 2, 3, 4), append(bigHead(2, 40), make([]byte, 40)...), {0xf9, 0x38, 0x01}} {
				items = append(items, append(bytes.Clone(whole), inner...))
			}
			continue
		}
		items = append(items, whole)
	}
	return items
}

func bigHead(major byte, n uint64) []byte {
	if n < 1<<16 {
		return head(major, int(n))
	}
	if n < 1<<32 {
		return binary.BigEndian.AppendUint32([]byte{major<<5 | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
}

// floatItem returns the item of a float of at least 0.
func floatItem(f float64) []byte {
	if exp := math.Ilogb(f); f == 0 || exp >= -14 && exp <= 15 && math.Ldexp(f, 10-exp) == math.Trunc(math.Ldexp(f, 10-exp)) {
		if f == 0 {
			return []byte{0xf9, 0, 0}
		}
		return binary.BigEndian.AppendUint16([]byte{0xf9}, uint16(exp+15)<<10|uint16(math.Ldexp(f, 10-exp))&1023)
	}
	if s := float32(f); float64(s) == f {
		return binary.BigEndian.AppendUint32([]byte{0xfa}, math.Float32bits(s))
	}
	return binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(f))
}
