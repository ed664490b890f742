package main

import "example.com/cookiesession/internal/pack/form"

// tables makes the final codes.
func (t *trainer) tables() *form.Tables {
	f := &form.Tables{
		Models:  t.in.models.names,
		Keys:    t.dictionary,
		Phrases: t.text.phrases,
		Key:     codes(t.keyWeights, func(int) bool { return true }),
		Step:    codes(stepWeights, func(int) bool { return true }),
	}
	for _, key := range t.dictionary {
		f.KeyModel = append(f.KeyModel, uint8(t.in.models.of(key)))
	}
	t.textTables(f)
	t.valueTables(f)
	return f
}

// stepWeights: the keys of a struct with keyasint tags mostly follow each
// other.
var stepWeights = []int{form.NoStep: 8, 1: 60, 2: 15, 3: 8, 4: 5, 5: 2, 6: 2, 7: 2, 8: 2}

func (t *trainer) textTables(f *form.Tables) {
	for book := range form.Books {
		first := uint8(len(f.Text))
		for c, table := range t.text.contexts[book] {
			f.Contexts[book][c] = first + table
		}
		for _, w := range t.textWeights(book, len(t.text.cost[book])) {
			f.Text = append(f.Text, codes(w, func(s int) bool { return s == form.End || s == form.Escape }))
		}
	}
}

// valueTables numbers the value symbols that have a code anywhere.
func (t *trainer) valueTables(f *form.Tables) {
	symbols := t.symbols()
	used := make([]bool, len(symbols))
	var lists [][]uint16
	for model := range t.valueCounts {
		list := codes(t.valueWeights(symbols, model), func(s int) bool { return always(symbols[s]) })
		for _, e := range list {
			used[e>>4] = true
		}
		lists = append(lists, list)
	}
	number := make([]uint16, len(symbols))
	for i, s := range symbols {
		if used[i] {
			number[i] = uint16(len(f.Values))
			f.Values = append(f.Values, s)
		}
	}
	for _, list := range lists {
		for i, e := range list {
			list[i] = number[e>>4]<<4 | e&15
		}
		f.Value = append(f.Value, list)
	}
}
