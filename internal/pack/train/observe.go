package main

import (
	"slices"

	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/form"
)

// observe packs all that there is to learn from with tables, and counts the
// symbols that the encoder chooses.
func (t *trainer) observe(f *form.Tables) error {
	p := pack.New(f)
	t.valueCounts = make([][]int, len(f.Value))
	for model := range t.valueCounts {
		t.valueCounts[model] = make([]int, len(f.Values))
	}
	for code := range t.keyCounts {
		t.keyCounts[code] = make([]int, len(t.keyWeights))
	}
	t.textCounts = [form.Books][form.Contexts][]int{}
	t.lengthCounts = [form.Lengths][form.LongRun + 1]int{}
	o := &observer{trainer: t, tables: f, packer: p}
	for _, d := range t.in.docs {
		o.item(d.item, form.Generic, d.weight, all)
	}
	for _, d := range t.in.docs {
		o.item(d.floats, form.Generic, d.weight*tune.floats/100, floats)
	}
	for _, d := range t.in.typed {
		o.item(d.item, form.Generic, d.weight, shapes)
	}
	for _, l := range t.in.values {
		if l.model == jsonText {
			o.item(append(head(2, len(l.text)), l.text...), form.InToken, l.weight, all)
			continue
		}
		o.item(textItem(l.text), uint8(l.model), l.weight, all)
	}
	for _, key := range slices.Concat(t.dictionary, t.rareKeys) {
		o.text(key, form.Keys, tune.spelledKeys)
	}
	return o.err
}

// An observer counts symbols.
type observer struct {
	*trainer
	tables *form.Tables
	packer *pack.Packer
	err    error
}

// What is counted of an item.
const (
	all    = iota
	floats // only what its floats are
	shapes // only heads and numbers, and keys that are no text
)

// item counts the symbols of an item.
func (o *observer) item(item []byte, model uint8, weight, what int) {
	var words []string
	notes := o.notes(weight)
	count, countKey := notes.Value, notes.Key
	notes.Value = func(model uint8, symbol int) {
		s := &o.tables.Values[symbol]
		if s.Kind == form.Word {
			words = append(words, s.Bytes)
		}
		switch s.Kind {
		case form.Whole:
			count(model, symbol)
		case form.Raw, form.Int, form.Hundredths:
			if what != floats {
				count(model, symbol)
			}
		default:
			if what == all {
				count(model, symbol)
			}
		}
	}
	if what != all {
		notes.Key, notes.Text, notes.Length = nil, nil, nil
	}
	if what == shapes {
		notes.Key = func(code uint8, symbol int) {
			if symbol == form.OtherKey {
				countKey(code, symbol)
			}
		}
	}
	if err := o.packer.Observe(tapeOf(item), model, notes); err != nil && o.err == nil {
		o.err = err
	}
	if what != all {
		return
	}
	for _, w := range words {
		it, _ := parseItem([]byte(w))
		text := string(it.body)
		o.text(text, firstBook(text), weight/wordsAsParts)
	}
}

// text counts the symbols of a text in a book.
func (o *observer) text(text string, book, weight int) {
	if err := o.packer.ObserveText(text, book, o.notes(weight)); err != nil && o.err == nil {
		o.err = err
	}
}

func (o *observer) notes(weight int) *pack.Notes {
	return &pack.Notes{
		Value:  func(model uint8, symbol int) { o.valueCounts[model][symbol] += weight },
		Key:    func(code uint8, symbol int) { o.keyCounts[code][symbol] += weight },
		Length: func(code, n int) { o.lengthCounts[code][n] += weight },
		Text: func(book int, context uint8, symbol int) {
			counts := &o.textCounts[book][context]
			if *counts == nil {
				*counts = make([]int, o.trainer.text.symbols())
			}
			(*counts)[symbol] += weight
		},
	}
}
