package main

import (
	"slices"

	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// fit makes costs from the counts, in as many text tables as there are.
func (t *trainer) fit() {
	m := &t.text
	for book := range m.cost {
		tables := len(m.cost[book])
		m.cost[book] = nil
		for _, w := range t.textWeights(book, tables) {
			m.cost[book] = append(m.cost[book], costs(w))
		}
	}
}

// costs turns weights into costs. A symbol too rare for a code has none.
func costs(weights []int) []int32 {
	total := 0
	for _, w := range weights {
		total += w
	}
	all := log2(total)
	cost := make([]int32, len(weights))
	for s, w := range weights {
		switch {
		case w*tune.share < total:
			cost[s] = never
		default:
			cost[s] = int32(min(all-log2(w), form.MaxCode*bit))
		}
	}
	return cost
}

// textWeights returns the weights of the symbols in each table of a book.
func (t *trainer) textWeights(book, tables int) [][]int {
	n := t.text.symbols()
	all := make([]int, n)
	weights := make([][]int, tables)
	leads := make([]int, tables) // contexts in the middle of a character
	total := 0
	for i := range weights {
		weights[i] = make([]int, n)
	}
	for c, counts := range t.textCounts[book] {
		table := t.text.contexts[book][c]
		if int(table) < tables && c&15 >= form.Latin2 {
			leads[table]++
		}
		for s, w := range counts {
			all[s] += w
			total += w
			weights[table][s] += w
		}
	}
	for c := ' '; c < 0x7f; c++ {
		all[c] += tune.byteWeight
		total += tune.byteWeight
	}
	for i, w := range weights {
		for s := range w {
			w[s] += all[s] * tune.contextBackoff / total
		}
		w[form.End] += one / 3
		w[form.Escape] += one / 3
		for k := range form.Alphabets {
			w[form.Run+k] += one / 20
		}
		w[form.Run] += one / 4
		w[form.Run+digitRun] += one / 5
		for s := form.UUID; s < form.Run; s++ {
			w[s] += one / 50
		}
		for c := 0x80; c < 0xc0; c++ {
			if leads[i] > 0 {
				w[c] += one / 5
			}
		}
		for _, c := range leadBytes {
			w[c] += one / 10
		}
	}
	return weights
}

// digitRun is the alphabet of digits.
const digitRun = 4

// lengthWeights returns the weights of lengths of runs.
func (t *trainer) lengthWeights(code int) []int {
	w := make([]int, form.LongRun+1)
	for n := range w {
		w[n] = one*3/20*8/(8+n) + t.lengthCounts[code][n]
	}
	w[form.LongRun] += one / 10
	least, common := form.PaddedLeast, []int{16, 18, 20, 24, 30, 32, 48, 64}
	if code < len(form.Alphabets) {
		a := form.Alphabets[code]
		least, common = a.Least, []int{16, 20, 22, 24, 32, 40, 43, 64}
		if code == digitRun {
			common = []int{6, 8, 10, 13, 16, 18, 21}
		}
	}
	for _, n := range common {
		if n >= least && n-least < form.LongRun {
			w[n-least] += one
		}
	}
	return w
}

// leadBytes are those of the scripts in use.
var leadBytes = []byte{0xc3, 0xc4, 0xc5, 0xce, 0xcf, 0xd0, 0xd1, 0xd7, 0xd8, 0xd9, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xef, 0xf0}

// valueWeights returns the weights of the symbols in the code of a model.
func (t *trainer) valueWeights(model int) []int {
	seen := 0
	for _, w := range t.valueCounts[model] {
		seen += w
	}
	floor := floors(model, seen)
	weights := make([]int, len(t.symbols))
	total := 0
	if model > form.KeyNumber || model == form.Generic {
		for m, counts := range t.valueCounts {
			if m > form.KeyNumber || m == form.Generic {
				for s, w := range counts {
					weights[s] += w
					total += w
				}
			}
		}
	}
	for i, s := range t.symbols {
		if total > 0 && s.Kind != form.Word {
			weights[i] = weights[i] * tune.modelBackoff / total
		} else {
			weights[i] = 0
		}
		weights[i] += t.valueCounts[model][i] + floor[s]
		if t.pruned[valueCode{model, i}] {
			weights[i] = 0
		}
	}
	return weights
}

// keyWeightsOf returns the weights of keys in one of their codes.
func (t *trainer) keyWeightsOf(code int) []int {
	weights := make([]int, len(t.keyWeights))
	total := 0
	for s, w := range t.keyWeights {
		if t.fitsAfter(code, s) {
			weights[s] = w
			total += w
		}
	}
	for s := range weights {
		weights[s] = weights[s]*tune.keyBackoff/total + t.keyCounts[code][s]
	}
	return weights
}

// fitsAfter reports whether a key may have a code: if it is shorter than the
// last key, it cannot follow it.
func (t *trainer) fitsAfter(code, symbol int) bool {
	if symbol < form.Entry || code == form.FirstKey || code == form.JSONKey {
		return true
	}
	return form.KeyCode(len(t.dictionary[symbol-form.Entry])) >= uint8(code)
}

// always tells the symbols that a model must have a code for, so that any value
// can be written.
func always(model int, s form.Symbol) bool {
	switch model {
	case form.KeyStep:
		return s.Kind == form.Raw && s.Bytes == ""
	case form.KeyNumber:
		return false
	}
	switch s.Kind {
	case form.Text, form.Form, form.Time, form.Bcrypt:
		return true
	}
	return s.Kind == form.Raw && (s.Bytes == "" || model != form.InToken && slices.Contains(tagHeads, s.Bytes))
}

// tagHeads are the tags of Go types. Each has a code in every model that has
// such values, however long it is: a head without one takes three bytes more.
var tagHeads = func() (heads []string) {
	for t := uint64(tag.First); t < tag.End; t++ {
		heads = append(heads, tagHead(t))
	}
	return heads
}()

// floors returns the weights of value symbols that count in a model even where
// the sessions have none, being JSON of a few years. seen is the weight of the
// values of the model.
func floors(model, seen int) map[form.Symbol]int {
	w := make(map[form.Symbol]int)
	raw := func(bytes string, weight int) { w[form.Symbol{Kind: form.Raw, Bytes: bytes}] += weight }
	switch model {
	case form.KeyStep: // the keys of a struct with keyasint tags mostly follow each other
		raw("", one)
		for n := 1; n < 24; n++ {
			raw(string([]byte{byte(n)}), one*8/(n*n*n)+one/20)
		}
		for _, s := range integers {
			w[s] += one / 20
		}
		return w
	case form.KeyNumber:
		for n := range 24 {
			raw(string([]byte{byte(n)}), one/5)
		}
		for _, s := range integers {
			w[s] += one * 2 / (1 + int(s.Bits)/4)
		}
		return w
	}
	raw("", one/2)
	for book := range form.Values {
		w[form.Symbol{Kind: form.Text, Base: uint64(book)}] += one / 3
	}
	for symbol := uint64(form.UUID); symbol < form.Phrase; symbol++ {
		w[form.Symbol{Kind: form.Form, Base: symbol}] += one/20 + seen/2000
	}
	for i := range form.TimeForms {
		w[form.Symbol{Kind: form.Time, Base: uint64(i)}] += one / 20
	}
	w[form.Symbol{Kind: form.Bcrypt}] += one / 20
	if model == form.InToken {
		for i := range form.Layouts {
			w[form.Symbol{Kind: form.JSONBytes, Base: uint64(i)}] += one / 50
		}
		w[form.Symbol{Kind: form.JSONBytes}] += one / 3
		raw("\x58", one/5)
		raw("\x59", one/5)
		raw("\x58\x20", one/2)
		raw("\x58\x40", one/5)
		raw("\x59\x01\x00", one/2)
		return w
	}
	for i := range form.Layouts {
		w[form.Symbol{Kind: form.JSON, Base: uint64(i)}] += one / 50
	}
	w[form.Symbol{Kind: form.JSON}] += one / 20
	w[form.Symbol{Kind: form.JSONBytes}] += one / 50
	if model == form.Generic {
		for i := range form.Layouts {
			w[form.Symbol{Kind: form.JSONBytes, Base: uint64(i)}] += one / 50
		}
	}
	for _, s := range ranges {
		w[s] += one / 30
	}
	for _, s := range wholes {
		w[s] += one / 30
	}
	for size := 6; size < 16; size++ {
		w[form.Symbol{Kind: form.Hundredths, Bits: uint8(size)}] += one / 30
	}
	for n := range 24 {
		raw(string([]byte{byte(n)}), one/30)
	}
	for n := range 8 {
		raw(string([]byte{0x80 + byte(n)}), one/30)
		raw(string([]byte{0xa0 + byte(n)}), one/20)
	}
	for _, head := range []string{"\xf4", "\xf5", "\xf6", "\xf9", "\xfa", "\xfb", "\x58",
		tagHead(tag.Hex), tagHead(tag.Base64), tagHead(tag.Time), tagHead(tag.UUID) + "\x50",
		tagHead(tag.Base64) + "\x83", tagHead(tag.Base64) + "\x58\x20", tagHead(tag.Base64) + "\x58\x18",
		tagHead(tag.Hex) + "\x50", tagHead(tag.Hex) + "\x54", tagHead(tag.Hex) + "\x58\x20",
		tagHead(tag.Registered) + "\x82", tagHead(tag.TimeNanos) + "\x82", tagHead(tag.TimeOffset) + "\x83", "\x38", "\x39"} {
		raw(head, one/20)
	}
	for _, head := range tagHeads {
		raw(head, 1)
	}
	return w
}

// integers are the symbols for integers without tags: one for each length.
var integers = func() (rs []form.Symbol) {
	for n := 5; n <= 48; n++ {
		rs = append(rs, form.Symbol{Kind: form.Int, Base: 1 << (n - 1), Bits: uint8(n - 1)})
	}
	return rs
}()

// ranges are the symbols for all integers: also the times from 2023 on, in
// seconds and in milliseconds, bare and tagged.
var ranges = func() []form.Symbol {
	rs := slices.Clone(integers)
	for _, tags := range []string{"", tagHead(tag.Time), tagHead(tag.Int64)} {
		for base := uint64(0x64); base < 0x74; base += 4 {
			rs = append(rs, form.Symbol{Kind: form.Int, Bytes: tags, Base: base << 24, Bits: 26})
		}
	}
	for _, tags := range []string{"", tagHead(tag.ISOTime)} {
		for base := uint64(0x18); base < 0x1c; base++ {
			rs = append(rs, form.Symbol{Kind: form.Int, Bytes: tags, Base: base << 36, Bits: 36})
		}
	}
	return append(rs, form.Symbol{Kind: form.Int, Bytes: tagHead(tag.ISOTime), Bits: 40}, form.Symbol{Kind: form.Int, Bytes: tagHead(tag.Time), Bits: 31})
}()

// wholes are the symbols for whole numbers that are floats, as the packages
// that read JSON make them of all numbers: like those for integers.
var wholes = func() (rs []form.Symbol) {
	for n := range uint64(24) {
		rs = append(rs, form.Symbol{Kind: form.Whole, Base: n})
	}
	for _, s := range ranges {
		if s.Bytes == "" {
			rs = append(rs, form.Symbol{Kind: form.Whole, Base: s.Base, Bits: s.Bits})
		}
	}
	return rs
}()
