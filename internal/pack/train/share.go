package main

import "example.com/cookiesession/internal/pack/form"

// share finds which contexts of a book have much the same counts, gives them
// one table, and makes the costs of these tables.
func (t *trainer) share() {
	var tables [form.Books]int
	for book, n := range tune.tables {
		tables[shared(book)] += n
	}
	for book, n := range tables {
		if n > 0 {
			t.shareBook(book, n)
		}
	}
	t.fit()
}

// shared returns the book that has the tables of a book. Each has its own, but
// to see what fewer books are worth: then that of words has those of the marks,
// and at last those of keys as well.
func shared(book int) int {
	if tune.books == 1 || tune.books == 2 && book == form.Marks {
		return form.Words
	}
	return book
}

// A group is some contexts that share a table.
type group struct {
	contexts []uint8
	counts   []int
	bits     int // what the counts take with a table of their own
}

// shareBook joins the two groups of contexts that lose least by it, until few
// enough are left.
func (t *trainer) shareBook(book, tables int) {
	var groups []*group
	for c, counts := range t.textCounts[book] {
		if counts != nil {
			groups = append(groups, &group{[]uint8{uint8(c)}, counts, entropy(counts, nil)})
		}
	}
	losses := make(map[[2]*group]int)
	loss := func(a, b *group) int {
		l, ok := losses[[2]*group{a, b}]
		if !ok {
			l = entropy(a.counts, b.counts) - a.bits - b.bits
			losses[[2]*group{a, b}] = l
		}
		return l
	}
	for len(groups) > tables {
		bestA, bestB := 0, 1
		for b := range groups {
			for a := range b {
				if loss(groups[a], groups[b]) < loss(groups[bestA], groups[bestB]) {
					bestA, bestB = a, b
				}
			}
		}
		a, b := groups[bestA], groups[bestB]
		joined := &group{contexts: append(append([]uint8(nil), a.contexts...), b.contexts...), counts: make([]int, len(a.counts))}
		for s := range joined.counts {
			joined.counts[s] = a.counts[s] + b.counts[s]
		}
		joined.bits = entropy(joined.counts, nil)
		groups[bestA] = joined
		groups = append(groups[:bestB], groups[bestB+1:]...)
	}
	t.setContexts(book, groups)
}

// setContexts gives each context the table of its group. A context that was not
// seen gets that of the most frequent one with the same last class.
func (t *trainer) setContexts(book int, groups []*group) {
	var likely [form.Classes]struct{ table, count int }
	seen := make(map[int]bool)
	for i, g := range groups {
		for _, c := range g.contexts {
			t.text.contexts[book][c] = uint8(i)
			seen[int(c)] = true
			n := 0
			for _, w := range t.textCounts[book][c] {
				n += w
			}
			if l := &likely[c&15]; n > l.count {
				l.table, l.count = i, n
			}
		}
	}
	for c := range form.Contexts {
		if !seen[c] && c&15 < form.Classes {
			t.text.contexts[book][c] = uint8(likely[c&15].table)
		}
	}
	t.text.cost[book] = make([][]int32, len(groups))
}

// entropy returns the cost of the symbols counted in a and b, which may be nil,
// with a table of their own.
func entropy(a, b []int) int {
	total, sum := 0, 0
	for s, n := range a {
		if b != nil {
			n += b[s]
		}
		if n > 0 {
			total += n
			sum += n * log2(n)
		}
	}
	if total == 0 {
		return 0
	}
	return total*log2(total) - sum
}
