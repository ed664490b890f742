package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"example.com/cookiesession/internal/pack/form"
)

// A trainer makes tables from an input.
type trainer struct {
	in     *input
	events [][]event // by document
	pieces []piece

	dictionary []string
	keyWeights []int // by symbol

	text   textModel
	values []map[form.Symbol]int // costs by model

	textCounts  [form.Books][form.Contexts][]int
	valueCounts []map[form.Symbol]int
	sources     []map[int]int // what counted each phrase: weight by source
}

// A piece is a text to learn from.
type piece struct {
	text   string
	weight int
	source int // a document, or a list's line
	book   int
	model  int  // of a value, else -1
	word   bool // may be one symbol
}

func train(in *input) *form.Tables {
	t := &trainer{in: in}
	w := walker{models: &in.models}
	for _, d := range in.docs {
		t.events = append(t.events, w.walk(d.item))
	}
	t.countKeys()
	t.collect()
	t.text.setPhrases(t.candidates())
	t.start()
	sizes := []int{4000, 2800, 2000, 1500, 1200, tune.phrases, tune.phrases}
	for _, n := range sizes {
		t.count()
		t.drop(n)
		t.fit()
	}
	t.share()
	for range 2 {
		t.count()
		t.drop(tune.phrases)
		t.share()
	}
	t.count()
	return t.tables()
}

// countKeys finds the dictionary.
func (t *trainer) countKeys() {
	found := make(map[string]int)   // in documents
	sources := make(map[string]int) // documents
	last := make(map[string]int)
	for d, events := range t.events {
		for _, e := range events {
			if e.key {
				if last[e.text] != d+1 {
					last[e.text] = d + 1
					sources[e.text]++
				}
				found[e.text]++
			}
		}
	}
	weights := make(map[string]int)
	for _, k := range t.in.keys {
		weights[k.key] += k.weight
	}
	spelled := one
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if sources[key] < 2 && weights[key] == 0 {
			// Another program has another key here.
			spelled += found[key] * one
			weights[key] = one * 3 / 10
			continue
		}
		weights[key] += found[key] * one
	}
	t.dictionary = slices.Sorted(maps.Keys(weights))
	t.keyWeights = []int{form.Spelled: spelled, form.OtherKey: otherKeys}
	for _, key := range t.dictionary {
		t.keyWeights = append(t.keyWeights, weights[key])
	}
}

// otherKeys is the weight of keys that are no text. The sessions, being JSON,
// have none.
const otherKeys = 10 * one

// collect finds the texts to learn from.
func (t *trainer) collect() {
	sources := make(map[string]int)
	for d, events := range t.events {
		for _, e := range events {
			if e.text == "" && !e.whole {
				continue
			}
			p := piece{text: e.text, weight: one, source: d, model: -1, book: form.JSON}
			switch {
			case e.key:
				continue
			case e.whole:
				p.model, p.book = e.model, firstBook(e.text)
				sources[e.text]++
			}
			t.pieces = append(t.pieces, p)
		}
	}
	source := len(t.events)
	for _, l := range t.in.values {
		source++
		p := piece{text: l.text, weight: l.weight, source: source, model: l.model, book: form.JSON}
		if l.item != nil {
			continue
		}
		if l.model != jsonText {
			p.book = firstBook(l.text)
			if !l.parts {
				sources[l.text] += 2
			}
		}
		t.pieces = append(t.pieces, p)
	}
	for i := range t.pieces {
		p := &t.pieces[i]
		p.word = p.model >= 0 && sources[p.text] > 1
	}
	for _, key := range t.dictionary {
		source++
		t.pieces = append(t.pieces, piece{text: key, weight: tune.spelledKeys, source: source, book: form.Keys, model: -1})
	}
}

// firstBook guesses the book of a text.
func firstBook(text string) int {
	if strings.Contains(text, "://") || strings.HasPrefix(text, "/") {
		return form.Marks
	}
	if strings.Contains(text, " ") {
		return form.Words
	}
	digits := 0
	for _, c := range text {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	if digits*3 > len(text) {
		return form.Marks
	}
	return form.Words
}

// The lengths of phrases, in bytes.
const minPhrase, maxPhrase = 2, 40

// candidates returns the parts of texts that occur in two sources, or the best
// of them if there are too many.
func (t *trainer) candidates() []string {
	const most = 15000
	type occurrence struct{ sources, last int }
	seen := make(map[string]occurrence)
	for _, p := range t.pieces {
		for i := range len(p.text) {
			for j := i + minPhrase; j <= min(len(p.text), i+maxPhrase); j++ {
				part := p.text[i:j]
				if !wholeCharacters(part) {
					continue
				}
				o, ok := seen[part]
				if !ok || o.last != p.source {
					seen[part] = occurrence{o.sources + 1, p.source}
				}
			}
		}
	}
	var found []string
	for part, o := range seen {
		if o.sources > 1 {
			found = append(found, part)
		}
	}
	worth := func(part string) int { return seen[part].sources * (len(part) - 1) }
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b))
	})
	return found[:min(len(found), most)]
}

// wholeCharacters reports whether s has no part of a UTF-8 character at its
// ends.
func wholeCharacters(s string) bool {
	if s[0]&0xc0 == 0x80 {
		return false
	}
	i := len(s) - 1
	for i > 0 && s[i]&0xc0 == 0x80 {
		i--
	}
	size := 1
	switch c := s[i]; {
	case c >= 0xf0:
		size = 4
	case c >= 0xe0:
		size = 3
	case c >= 0xc0:
		size = 2
	}
	return len(s)-i == size
}

// start gives every symbol a cost to begin with, and one table to all contexts
// that have the same last byte's class.
func (t *trainer) start() {
	m := &t.text
	for book := range m.cost {
		for c := range form.Contexts {
			if c&15 < form.Classes {
				m.contexts[book][c] = uint8(c & 15)
			}
		}
		for range form.Classes {
			cost := make([]int32, m.symbols())
			for s := range cost {
				cost[s] = 7 * bit
				if s >= form.Phrase {
					cost[s] = 10 * bit
				}
			}
			m.cost[book] = append(m.cost[book], cost)
		}
	}
}

// count cuts all texts the cheapest way and counts symbols.
func (t *trainer) count() {
	for book := range t.textCounts {
		for c := range t.textCounts[book] {
			t.textCounts[book][c] = nil
		}
	}
	t.valueCounts = make([]map[form.Symbol]int, len(t.in.models.names))
	for model := range t.valueCounts {
		t.valueCounts[model] = make(map[form.Symbol]int)
	}
	t.sources = make([]map[int]int, len(t.text.phrases))
	for _, events := range t.events {
		for _, e := range events {
			t.countChoices(e, one)
		}
	}
	for _, l := range t.in.values {
		if l.item != nil {
			w := walker{models: &t.in.models}
			it, _ := parseItem(l.item)
			w.value(&it, l.model, nil, true)
			for _, e := range w.events {
				t.countChoices(e, l.weight)
			}
		}
	}
	for i := range t.pieces {
		t.countPiece(&t.pieces[i])
	}
}

// countChoices counts what is no text.
func (t *trainer) countChoices(e event, weight int) {
	if e.key || e.whole {
		return
	}
	best, symbol := math.MaxInt, form.Symbol{}
	for _, c := range e.choices {
		cost := c.raw*bit + t.valueCost(e.model, c.symbol)
		if cost < best {
			best, symbol = cost, c.symbol
		}
	}
	if e.text != "" && e.model == form.InToken { // JSON
		symbol = form.Symbol{Kind: form.Packed}
	}
	t.valueCounts[e.model][symbol] += weight
}

// valueCost is the cost of a symbol in the last round. Before the first round
// the longest is the best.
func (t *trainer) valueCost(model int, s form.Symbol) int {
	if t.values == nil {
		return 6 * bit
	}
	if cost, ok := t.values[model][s]; ok {
		return cost
	}
	return never
}

func (t *trainer) countPiece(p *piece) {
	if p.model < 0 {
		t.countText(p, p.weight)
		return
	}
	text := func(book int) form.Symbol { return form.Symbol{Kind: form.Text, Base: uint64(book)} }
	cost := never
	if t.values != nil {
		for book := range form.Values {
			if c := t.valueCost(p.model, text(book)) + t.text.parse(p.text, book, nil); c < cost {
				cost, p.book = c, book
			}
		}
	}
	word := form.Symbol{Kind: form.Word, Bytes: string(textItem(p.text))}
	if p.word && (t.values == nil || t.valueCost(p.model, word) <= cost) {
		t.valueCounts[p.model][word] += p.weight
		t.countText(p, p.weight/10) // such words are parts of others, too
		return
	}
	t.valueCounts[p.model][text(p.book)] += p.weight
	t.countText(p, p.weight)
}

func (t *trainer) countText(p *piece, weight int) {
	counts := &t.textCounts[p.book]
	t.text.parse(p.text, p.book, func(u use) {
		if counts[u.context] == nil {
			counts[u.context] = make([]int, t.text.symbols())
		}
		counts[u.context][u.symbol] += weight
		if i := u.symbol - form.Phrase; i >= 0 {
			if t.sources[i] == nil {
				t.sources[i] = make(map[int]int)
			}
			t.sources[i][p.source] += weight
		}
	})
}

// drop keeps at most n phrases: those that gain most.
func (t *trainer) drop(n int) {
	type phrase struct{ number, gain int }
	var kept []phrase
	for i := range t.text.phrases {
		if gain := t.gain(i); gain > 0 {
			kept = append(kept, phrase{i, gain})
		}
	}
	slices.SortFunc(kept, func(a, b phrase) int {
		return cmp.Or(cmp.Compare(b.gain, a.gain), cmp.Compare(a.number, b.number))
	})
	kept = kept[:min(len(kept), n)]
	slices.SortFunc(kept, func(a, b phrase) int { return cmp.Compare(a.number, b.number) })
	var phrases []string
	for _, p := range kept {
		phrases = append(phrases, t.text.phrases[p.number])
	}
	for book := range t.textCounts {
		for c, counts := range t.textCounts[book] {
			if counts == nil {
				continue
			}
			for k, p := range kept {
				counts[form.Phrase+k] = counts[form.Phrase+p.number]
			}
			t.textCounts[book][c] = counts[:form.Phrase+len(kept)]
		}
	}
	t.text.setPhrases(phrases)
}

// gain is what a phrase saves in other sources than the one that has it most.
func (t *trainer) gain(phrase int) int {
	total, most := 0, 0
	for _, w := range t.sources[phrase] {
		total += w
		most = max(most, w)
	}
	if total == most {
		return 0
	}
	book, context, count := 0, 0, 0
	for b := range t.textCounts {
		for c, counts := range t.textCounts[b] {
			if counts != nil && counts[form.Phrase+phrase] > count {
				book, context, count = b, c, counts[form.Phrase+phrase]
			}
		}
	}
	own := int(t.text.costs(book, uint8(context))[form.Phrase+phrase])
	return (t.text.without(phrase, book, uint8(context)) - own) * (total - most*7/10)
}

func textItem(s string) []byte {
	var b []byte
	switch n := len(s); {
	case n < 24:
		b = []byte{0x60 + byte(n)}
	case n < 256:
		b = []byte{0x78, byte(n)}
	default:
		b = []byte{0x79, byte(n >> 8), byte(n)}
	}
	return append(b, s...)
}
