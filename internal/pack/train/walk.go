package main

import (
	"bytes"
	"math"
	"math/bits"

	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/tag"
)

// An event is something in an item that takes a symbol.
type event struct {
	key     bool
	text    string // of a key or of a value that is text, or may be
	model   int    // of a value
	whole   bool   // a text value, which may be one symbol
	choices []choice
}

// A choice is a symbol that an event may take, and the bits that follow it.
type choice struct {
	symbol form.Symbol
	raw    int
}

// A walker lists the events of an item. What is told by the item before (see
// lists.go of package pack) is none.
type walker struct {
	models *models
	events []event
}

func (w *walker) walk(b []byte) []event {
	it, _ := parseItem(b)
	w.events = nil
	w.value(&it, form.Generic, nil, true)
	return w.events
}

func (w *walker) value(it *item, model int, prev *item, mayEqual bool) {
	if prev != nil && !prev.container() && (!mayEqual || bytes.Equal(prev.all, it.all)) {
		if mayEqual {
			return
		}
		prev = nil
	}
	if !it.container() {
		w.leaf(it, model)
		return
	}
	sameShape := prev != nil && prev.container() && prev.major == it.major && prev.arg == it.arg
	for i := range it.keys {
		sameShape = sameShape && bytes.Equal(prev.keys[i].all, it.keys[i].all)
	}
	if !sameShape {
		w.heads(it, model)
	}
	w.inside(it, model, prev, mayEqual, sameShape)
}

// inside walks through an array or a map, with or without tags.
func (w *walker) inside(it *item, model int, prev *item, mayEqual, sameShape bool) {
	if it.major == 4 {
		var last *item
		if prev != nil && prev.container() && prev.major == 4 && prev.arg > 0 {
			last = &prev.elems[0]
		} else {
			mayEqual = true
		}
		for i := range it.elems {
			w.value(&it.elems[i], model, last, mayEqual)
			last, mayEqual = &it.elems[i], true
		}
		return
	}
	var keys, values []item
	if prev != nil && prev.container() && prev.major == 5 {
		keys, values = prev.keys, prev.elems
	}
	var index *item
	for i := range it.keys {
		key, value := &it.keys[i], &it.elems[i]
		if !sameShape && (len(keys) == 0 || !bytes.Equal(keys[0].all, key.all)) {
			w.key(key)
		}
		for len(keys) > 0 && bytes.Compare(keys[0].all, key.all) < 0 {
			keys, values = keys[1:], values[1:]
		}
		var valuePrev *item
		valueMayEqual := mayEqual
		if len(keys) > 0 && bytes.Equal(keys[0].all, key.all) {
			valuePrev = &values[0]
			keys, values = keys[1:], values[1:]
		}
		valueModel := model
		if key.isIndex() {
			if valuePrev == nil {
				valuePrev, valueMayEqual = index, false
			}
			index = value
		} else {
			valueModel = form.Generic
			if key.major == 3 && !key.tagged() {
				valueModel = w.models.of(string(key.body))
			}
		}
		w.value(value, valueModel, valuePrev, valueMayEqual)
	}
}

func (w *walker) key(key *item) {
	if key.major == 3 && !key.tagged() {
		w.events = append(w.events, event{key: true, text: string(key.body)})
	}
}

// heads adds the event of tags and a head.
func (w *walker) heads(it *item, model int) {
	w.events = append(w.events, event{model: model, choices: prefixes(it.heads, 0)})
}

// prefixes are the choices to write the heads b, and raw bits after them, by
// one symbol. A symbol ends in the last head.
func prefixes(b []byte, raw int) []choice {
	last := 0
	for at := 0; at < len(b); {
		last = at
		_, _, size := readHead(b[at:])
		at += size
	}
	var cs []choice
	for n := len(b); n > last; n-- {
		cs = append(cs, choice{form.Symbol{Kind: form.Raw, Bytes: string(b[:n])}, 8*(len(b)-n) + raw})
	}
	return append(cs, choice{form.Symbol{Kind: form.Raw}, 8*len(b) + raw})
}

func (w *walker) leaf(it *item, model int) {
	tags := string(it.heads[:len(it.heads)-it.size])
	switch it.major {
	case 0:
		w.events = append(w.events, event{model: model, choices: integers(tags, it.arg, it.heads)})
	case 2:
		e := event{model: model, choices: prefixes(it.heads, 8*len(it.body))}
		if tags == "" && len(it.body) > 0 && it.body[0] == '{' {
			e.text = string(it.body)
		}
		w.events = append(w.events, e)
	case 3:
		w.tags(tags, model)
		w.events = append(w.events, event{model: model, text: string(it.body), whole: true})
	case 4:
		w.heads(it, model)
		if it.tag == tag.Base64 {
			model = form.InToken
		}
		w.inside(it, model, nil, true, false)
	case 5:
		w.heads(it, model)
		w.inside(it, model, nil, true, false)
	default:
		w.tags(tags, model)
		e := event{model: model, choices: prefixes(it.heads[len(tags):], 0)}
		if it.heads[len(tags)] == 0xfb {
			f := math.Float64frombits(it.arg)
			if n := uint64(math.RoundToEven(f * 100)); f > 0 && f < 1<<24/100 && float64(n)/100 == f && n%25 != 0 {
				size := bits.Len64(n) - 1
				e.choices = append(e.choices, choice{form.Symbol{Kind: form.Hundredths, Bits: uint8(size)}, size})
			}
		}
		w.events = append(w.events, e)
	}
}

// tags adds an event for tags that have a symbol of their own.
func (w *walker) tags(tags string, model int) {
	if tags != "" {
		w.events = append(w.events, event{model: model, choices: prefixes([]byte(tags), 0)})
	}
}

// integers are the choices to write an unsigned integer under tags.
func integers(tags string, n uint64, heads []byte) []choice {
	var cs []choice
	if n >= 24 || tags != "" {
		for _, s := range ranges {
			if s.Bytes == tags && n >= s.Base && (n-s.Base)>>s.Bits == 0 {
				cs = append(cs, choice{s, int(s.Bits)})
			}
		}
	}
	return append(cs, prefixes(heads, 0)...)
}

// ranges are the symbols for integers: one for each length, and the times from
// 2023 on, in seconds and in milliseconds, bare and tagged.
var ranges = func() (rs []form.Symbol) {
	for n := 5; n <= 48; n++ {
		rs = append(rs, form.Symbol{Kind: form.Int, Base: 1 << (n - 1), Bits: uint8(n - 1)})
	}
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
