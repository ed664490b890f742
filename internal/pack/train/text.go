package main

import (
	"strings"

	"example.com/cookiesession/internal/pack/form"
)

// A textModel has the costs of text symbols.
type textModel struct {
	phrases  []string
	trie     *trie
	contexts [form.Books][form.Contexts]uint8
	cost     [form.Books][][]int32 // by table of the book and symbol
}

// A use is a symbol in the context where it stands.
type use struct {
	context uint8
	symbol  int
	length  int
}

func (m *textModel) setPhrases(phrases []string) {
	m.phrases = phrases
	m.trie = newTrie(phrases)
}

func (m *textModel) symbols() int { return form.Phrase + len(m.phrases) }

// parse returns the cost of a text in a book, with its end, and calls f with
// the symbols if it is not nil.
func (m *textModel) parse(text string, book int, f func(use)) int {
	n := len(text)
	context := make([]uint8, n+1)
	for i := range n {
		context[i+1] = form.Next(context[i], form.Class[text[i]])
	}
	best := make([]int, n+1)
	uses := make([]use, n+1)
	uses[n] = use{context[n], form.End, 0}
	best[n] = int(m.costs(book, context[n])[form.End])
	ends := make([]int, len(form.Alphabets)) // of the run of each alphabet
	for k := range ends {
		ends[k] = n
	}
	for i := n - 1; i >= 0; i-- {
		cost := m.costs(book, context[i])
		best[i] = never
		try := func(symbol, length, raw int) {
			if c := int(cost[symbol]); c < never && c+raw+best[i+length] < best[i] {
				best[i] = c + raw + best[i+length]
				uses[i] = use{context[i], symbol, length}
			}
		}
		try(int(text[i]), 1, 0)
		try(form.Escape, 1, 8*bit)
		m.trie.match(text[i:], func(p, length int) { try(form.Phrase+p, length, 0) })
		for k, a := range form.Alphabets {
			if strings.IndexByte(a.Chars, text[i]) < 0 {
				ends[k] = i
			} else if length := ends[k] - i; length >= a.Least {
				try(form.Run+k, length, lengthCost+length*log2(len(a.Chars)))
			}
		}
		if i+form.UUIDLen <= n && ends[form.Hex]-i >= 8 && isUUID(text[i:i+form.UUIDLen]) {
			try(form.UUID, form.UUIDLen, 128*bit)
		}
	}
	if f != nil {
		for i := 0; ; i += uses[i].length {
			f(uses[i])
			if uses[i].symbol == form.End {
				break
			}
		}
	}
	return best[0]
}

func (m *textModel) costs(book int, context uint8) []int32 {
	return m.cost[book][m.contexts[book][context]]
}

// lengthCost is about what the length of a run costs.
const lengthCost = 5 * bit

func isUUID(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
				return false
			}
		}
	}
	return true
}

// without returns the cost of a phrase in a context if the phrase were none.
func (m *textModel) without(phrase int, book int, context uint8) int {
	text := m.phrases[phrase]
	n := len(text)
	contexts := make([]uint8, n+1)
	contexts[0] = context
	for i := range n {
		contexts[i+1] = form.Next(contexts[i], form.Class[text[i]])
	}
	best := make([]int, n+1)
	for i := n - 1; i >= 0; i-- {
		cost := m.costs(book, contexts[i])
		best[i] = min(int(cost[text[i]]), int(cost[form.Escape])+8*bit) + best[i+1]
		m.trie.match(text[i:], func(p, length int) {
			if p != phrase {
				best[i] = min(best[i], int(cost[form.Phrase+p])+best[i+length])
			}
		})
	}
	return best[0]
}
