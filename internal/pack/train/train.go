package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"example.com/cookiesession/internal/pack/form"
)

// A trainer makes tables from an input.
type trainer struct {
	in *input

	dictionary []string
	keyWeights []int    // by symbol
	rareKeys   []string // that are not in it

	// To find the phrases.
	pieces  []piece
	text    textModel
	sources []map[int]int // what counted each phrase: weight by source

	// What is counted in a round.
	symbols      []form.Symbol // of values
	valueCounts  [][]int       // by model and symbol
	keyCounts    [form.KeyCodes][]int
	pruned       map[valueCode]bool // codes that nothing emits
	textCounts   [form.Books][form.Contexts][]int
	lengthCounts [form.Lengths][form.LongRun + 1]int
}

// A piece is a text to find phrases in.
type piece struct {
	text   string
	weight int
	source int  // an origin, or a list's line
	book   int  // or anyBook
	word   bool // it is one symbol
}

// anyBook is that of a value, which is the cheaper one.
const anyBook = -1

func train(in *input) (*form.Tables, error) {
	t := &trainer{in: in, pruned: make(map[valueCode]bool)}
	t.findKeys()
	t.findSymbols()
	t.collect()
	t.findPhrases()
	f, err := t.first(), error(nil)
	for round := range tune.rounds {
		if err := t.observe(f); err != nil {
			return nil, err
		}
		if round%2 == 0 {
			t.share()
		}
		f = t.tables()
	}
	if f, err = t.prunePhrases(f); err != nil {
		return nil, err
	}
	if f, err = t.prune(f); err != nil {
		return nil, err
	}
	return t.compact(f), nil
}

// findKeys finds the dictionary: keys that documents of three origins have, and
// keys of the lists.
func (t *trainer) findKeys() {
	found := make(map[string]int)
	origins := make(map[string]int)
	last := make(map[string]string)
	for _, d := range t.in.docs {
		it, _ := parseItem(d.item)
		it.each(func(x *item, key bool) {
			if !key || !x.isText() {
				return
			}
			text := string(x.body)
			if last[text] != d.origin {
				last[text] = d.origin
				origins[text]++
			}
			found[text] += d.weight
		})
	}
	weights := make(map[string]int)
	for _, k := range t.in.keys {
		weights[k.key] += k.weight
		origins[k.key] += k.origins
	}
	spelled := one
	for key, n := range found {
		weights[key] += n
	}
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		if isDigits(key) || origins[key] < leastOrigins {
			spelled += found[key]
			t.rareKeys = append(t.rareKeys, key)
			continue
		}
		t.dictionary = append(t.dictionary, key)
	}
	t.keyWeights = []int{form.Spelled: spelled, form.OtherKey: otherKeys, form.NumberKey: numberKeys}
	for _, key := range t.dictionary {
		t.keyWeights = append(t.keyWeights, weights[key])
	}
}

// leastOrigins is how many applications must have a key or a value that enters
// a table: what one has alone is no business of another.
const leastOrigins = 3

// The weights of keys that are no text, and of numbers. The sessions have few.
const (
	otherKeys  = 10 * one
	numberKeys = 10 * one
)

// findSymbols lists the symbols that values may have, in order of their
// numbers.
func (t *trainer) findSymbols() {
	origins := make(map[form.Symbol]int)
	weights := make(map[form.Symbol]int)
	last := make(map[form.Symbol]string)
	for _, d := range t.in.docs {
		it, _ := parseItem(d.item)
		it.each(func(x *item, key bool) {
			if key {
				return
			}
			for _, s := range symbolsOf(x) {
				weights[s] += d.weight
				if last[s] != d.origin {
					last[s] = d.origin
					origins[s]++
				}
			}
		})
	}
	for _, l := range t.in.values {
		if !l.parts && l.model != jsonText {
			s := form.Symbol{Kind: form.Word, Bytes: string(textItem(l.text))}
			origins[s] = leastOrigins
			weights[s] += l.weight
		}
	}
	used := make(map[form.Symbol]bool)
	var words []form.Symbol
	for s, n := range origins {
		switch {
		case n < leastOrigins:
		case s.Kind == form.Word:
			words = append(words, s)
		default:
			used[s] = true
		}
	}
	// Of the words, those that save most: a letter takes about 5 bits.
	gain := func(s form.Symbol) int { return weights[s] * (5*len(s.Bytes) - 9) }
	slices.SortFunc(words, func(a, b form.Symbol) int {
		return cmp.Or(cmp.Compare(gain(b), gain(a)), cmp.Compare(a.Bytes, b.Bytes))
	})
	for _, s := range words[:min(len(words), tune.words)] {
		used[s] = true
	}
	for model := range t.in.models.names {
		for s := range floors(model, one) {
			used[s] = true
		}
	}
	t.symbols = slices.SortedFunc(maps.Keys(used), func(a, b form.Symbol) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Bytes), len(b.Bytes)), cmp.Compare(a.Bytes, b.Bytes),
			cmp.Compare(a.Base, b.Base), cmp.Compare(a.Bits, b.Bits))
	})
}

// symbolsOf returns the symbols that an item suggests: a whole text, and the
// beginnings of its heads.
func symbolsOf(x *item) (symbols []form.Symbol) {
	raw := func(b []byte) { symbols = append(symbols, form.Symbol{Kind: form.Raw, Bytes: string(b)}) }
	heads := x.heads
	switch {
	case x.major == 3:
		symbols = append(symbols, form.Symbol{Kind: form.Word, Bytes: string(textItem(string(x.body)))})
	case x.major == 0 && x.arg >= 24:
		heads = heads[:len(heads)-x.size]
	case x.major == 7 && x.size > 1:
		heads = heads[:len(heads)-x.size+1] // not a number by itself
	}
	last := 0
	for at := 0; at < len(heads); {
		last = at
		size := headSize(heads[at])
		at += size
	}
	for n := len(heads); n > last; n-- {
		raw(heads[:n])
	}
	return symbols
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// collect finds the texts that have phrases.
func (t *trainer) collect() {
	words := make(map[string]bool)
	for _, s := range t.symbols {
		if s.Kind == form.Word {
			words[s.Bytes] = true
		}
	}
	source := 0
	origin := ""
	for _, d := range t.in.docs { // those of one origin follow each other
		if d.origin != origin {
			source++
			origin = d.origin
		}
		it, _ := parseItem(d.item)
		it.each(func(x *item, key bool) {
			if !key && x.major == 3 {
				t.pieces = append(t.pieces, piece{text: string(x.body), weight: d.weight, source: source, book: anyBook, word: words[string(x.all)]})
			}
		})
	}
	for _, l := range t.in.values {
		source++
		if l.model != jsonText {
			t.pieces = append(t.pieces, piece{text: l.text, weight: l.weight, source: source, book: anyBook, word: !l.parts})
			continue
		}
		inner, _ := jsonItem([]byte(l.text))
		it, _ := parseItem(inner)
		it.each(func(x *item, key bool) {
			if !key && x.major == 3 {
				t.pieces = append(t.pieces, piece{text: string(x.body), weight: l.weight, source: source, book: anyBook})
			}
		})
	}
	for _, key := range slices.Concat(t.dictionary, t.rareKeys) {
		source++
		t.pieces = append(t.pieces, piece{text: key, weight: tune.spelledKeys, source: source, book: form.Keys})
	}
}

// findPhrases finds the parts of texts that are worth a symbol.
func (t *trainer) findPhrases() {
	t.text.setPhrases(t.candidates())
	t.start()
	sizes := []int{4000, 2800, 2000, 1500, 1200, tune.phrases, tune.phrases}
	for round, n := range sizes {
		t.count(round)
		t.drop(n)
		t.fit()
	}
	t.share()
	t.fit()
	t.count(len(sizes))
	t.drop(tune.phrases)
	t.share()
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
		if o.sources >= leastOrigins {
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
func (t *trainer) count(round int) {
	t.textCounts = [form.Books][form.Contexts][]int{}
	t.sources = make([]map[int]int, len(t.text.phrases))
	for i := range t.pieces {
		p := &t.pieces[i]
		weight := p.weight
		if p.word {
			weight /= wordsAsParts
		}
		book := p.book
		if book == anyBook && tune.books < form.Books {
			book = form.Words
		}
		if book == anyBook {
			if book = firstBook(p.text); round > 0 {
				book = form.Words
				if t.text.parse(p.text, form.Marks, nil) < t.text.parse(p.text, form.Words, nil) {
					book = form.Marks
				}
			}
		}
		t.countText(p, book, weight)
	}
}

// wordsAsParts is what part of the weight of a word counts for its text: such
// words are parts of others, too.
const wordsAsParts = 10

func (t *trainer) countText(p *piece, book, weight int) {
	book = shared(book)
	counts := &t.textCounts[book]
	t.text.parse(p.text, book, func(u use) {
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

// prunePhrases leaves out phrases that nothing is written with, until there are
// none.
func (t *trainer) prunePhrases(f *form.Tables) (*form.Tables, error) {
	for {
		if err := t.observe(f); err != nil {
			return nil, err
		}
		counted := make([]bool, t.text.symbols())
		for book := range t.textCounts {
			for _, counts := range t.textCounts[book] {
				for s, n := range counts {
					counted[s] = counted[s] || n > 0
				}
			}
		}
		var kept []int
		for i := range t.text.phrases {
			if counted[form.Phrase+i] {
				kept = append(kept, i)
			}
		}
		if len(kept) == len(t.text.phrases) {
			return f, nil
		}
		t.keep(kept)
		f = t.tables()
	}
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
	numbers := make([]int, len(kept))
	for i, p := range kept {
		numbers[i] = p.number
	}
	t.keep(numbers)
}

// keep keeps the phrases of these numbers, which are in order.
func (t *trainer) keep(kept []int) {
	var phrases []string
	for _, number := range kept {
		phrases = append(phrases, t.text.phrases[number])
	}
	for book := range t.textCounts {
		for c, counts := range t.textCounts[book] {
			if counts == nil {
				continue
			}
			for k, number := range kept {
				counts[form.Phrase+k] = counts[form.Phrase+number]
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

// textItem returns the item of a text.
func textItem(s string) []byte { return append(head(3, len(s)), s...) }
