package main

import (
	"cmp"
	"maps"
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
	t.fitValues()
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
		if int(table) < tables && (c&15 == form.Lead2 || c&15 == form.Lead3) {
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
		w[form.Run] += one / 3
		w[form.Hex] += one / 10
		w[form.UUID] += one / 50
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

// leadBytes are those of the scripts in use.
var leadBytes = []byte{0xc3, 0xc4, 0xc5, 0xce, 0xcf, 0xd0, 0xd1, 0xd7, 0xd8, 0xd9, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xef, 0xf0}

// symbols returns all value symbols in use, in order of their numbers.
func (t *trainer) symbols() []form.Symbol {
	used := make(map[form.Symbol]bool)
	for s := range floors(form.Generic, one) {
		used[s] = true
	}
	for s := range floors(form.InToken, one) {
		used[s] = true
	}
	for _, counts := range t.valueCounts {
		for s := range counts {
			used[s] = true
		}
	}
	return slices.SortedFunc(maps.Keys(used), func(a, b form.Symbol) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Bytes), len(b.Bytes)), cmp.Compare(a.Bytes, b.Bytes),
			cmp.Compare(a.Base, b.Base), cmp.Compare(a.Bits, b.Bits))
	})
}

// valueWeights returns the weights of the symbols in the table of a model.
func (t *trainer) valueWeights(symbols []form.Symbol, model int) []int {
	seen := 0
	for _, w := range t.valueCounts[model] {
		seen += w
	}
	floor := floors(model, seen)
	all, total := make(map[form.Symbol]int), 0
	if model != form.InToken {
		for c, counts := range t.valueCounts {
			if c == form.InToken {
				continue
			}
			for s, w := range counts {
				all[s] += w
				total += w
			}
		}
	}
	weights := make([]int, len(symbols))
	for i, s := range symbols {
		weights[i] = t.valueCounts[model][s] + floor[s]
		if total > 0 && s.Kind != form.Word {
			weights[i] += all[s] * tune.modelBackoff / total
		}
	}
	return weights
}

func (t *trainer) fitValues() {
	symbols := t.symbols()
	t.values = nil
	for model := range t.valueCounts {
		cost := costs(t.valueWeights(symbols, model))
		values := make(map[form.Symbol]int)
		for i, s := range symbols {
			if cost[i] < never {
				values[s] = int(cost[i])
			}
			if always(s) {
				values[s] = min(int(cost[i]), form.MaxCode*bit)
			}
		}
		t.values = append(t.values, values)
	}
}

// always tells the symbols that every model must have a code for, so that any
// value can be written.
func always(s form.Symbol) bool {
	return s.Kind == form.Text || s.Kind == form.Raw && s.Bytes == ""
}

// frequent has the tags that Go values in an any often have, in thousandths of
// the values of any model.
var frequent = []struct {
	head  string
	share int
}{
	{tagHead(tag.Int64), 15},
	{tagHead(tag.Strings), 8},
	{tagHead(tag.Registered) + "\x82", 8},
	{tagHead(tag.TimeNanos) + "\x82", 8},
	{tagHead(tag.Duration), 3},
	{tagHead(tag.MapStrings), 3},
}

// floors returns the weights of value symbols that count in a model even where
// the sessions have none, being JSON of a few years. seen is the weight of the
// values of the model.
func floors(model, seen int) map[form.Symbol]int {
	w := make(map[form.Symbol]int)
	raw := func(bytes string, weight int) { w[form.Symbol{Kind: form.Raw, Bytes: bytes}] += weight }
	raw("", one/2)
	for book := range form.Values {
		w[form.Symbol{Kind: form.Text, Base: uint64(book)}] += one / 3
	}
	if model == form.InToken {
		w[form.Symbol{Kind: form.Packed}] += one / 3
		raw("\x58", one/5)
		raw("\x59", one/5)
		raw("\x58\x20", one/2)
		raw("\x58\x40", one/5)
		raw("\x59\x01\x00", one/2)
		return w
	}
	for _, s := range ranges {
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
		tagHead(tag.Registered) + "\x82", tagHead(tag.TimeNanos) + "\x82"} {
		raw(head, one/20)
	}
	for t := uint64(tag.First + 1); t < tag.End; t++ {
		raw(tagHead(t), one/50+seen/1000)
	}
	for _, f := range frequent {
		raw(f.head, seen*f.share/1000)
	}
	return w
}
