package main

import "example.com/cookiesession/internal/pack/form"

// first makes tables in which all symbols of values and keys have much the same
// codes, so that the encoder can try them all.
func (t *trainer) first() *form.Tables {
	f := t.newTables()
	for code := range form.KeyCodes {
		f.Key = append(f.Key, codes(make([]int, len(t.keyWeights)), tune.share, func(s int) bool { return t.fitsAfter(code, s) }))
	}
	for model := range t.in.models.names {
		floor := floors(model, one)
		f.Value = append(f.Value, codes(make([]int, len(t.symbols)), tune.share, func(s int) bool {
			if model > form.KeyNumber || model == form.Generic {
				return true
			}
			return floor[t.symbols[s]] > 0
		}))
	}
	return f
}

// tables makes tables from what was counted.
func (t *trainer) tables() *form.Tables {
	f := t.newTables()
	for code := range form.KeyCodes {
		f.Key = append(f.Key, codes(t.keyWeightsOf(code), tune.share, func(s int) bool { return s < form.Entry }))
	}
	for model := range t.in.models.names {
		f.Value = append(f.Value, codes(t.valueWeights(model), tune.share, func(s int) bool { return always(model, t.symbols[s]) && !t.pruned[valueCode{model, s}] }))
	}
	return f
}

// newTables makes tables that lack the codes of keys and of values.
func (t *trainer) newTables() *form.Tables {
	f := &form.Tables{
		Models:  t.in.models.names,
		Keys:    t.dictionary,
		Phrases: t.text.phrases,
		Values:  t.symbols,
		Layouts: form.Layouts,
	}
	for _, key := range t.dictionary {
		f.KeyModel = append(f.KeyModel, uint8(t.in.models.of(key)))
	}
	for book := range form.Books {
		if of := shared(book); of != book {
			f.Contexts[book] = f.Contexts[of]
			continue
		}
		first := uint8(len(f.Text))
		for c, table := range t.text.contexts[book] {
			f.Contexts[book][c] = first + table
		}
		for _, w := range t.textWeights(book, len(t.text.cost[book])) {
			f.Text = append(f.Text, codes(w, tune.textShare, func(s int) bool { return s == form.End || s == form.Escape }))
		}
	}
	for code := range form.Lengths {
		f.Length = append(f.Length, codes(t.lengthWeights(code), tune.share, func(int) bool { return true }))
	}
	return f
}

// compact leaves out the symbols of values and the phrases that have no code.
func (t *trainer) compact(f *form.Tables) *form.Tables {
	used := make([]bool, len(f.Values))
	for _, list := range f.Value {
		for _, e := range list {
			used[e>>4] = true
		}
	}
	number := make([]uint16, len(f.Values))
	var values []form.Symbol
	for i, s := range f.Values {
		if used[i] {
			number[i] = uint16(len(values))
			values = append(values, s)
		}
	}
	f.Values = values
	for _, list := range f.Value {
		for i, e := range list {
			list[i] = number[e>>4]<<4 | e&15
		}
	}
	return f
}
