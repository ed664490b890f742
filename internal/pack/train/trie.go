package main

// A trie finds the phrases that begin at a place of a text.
type trie struct {
	next   map[uint32]int32 // by node and byte
	phrase []int32          // by node: number of the phrase that ends there, or -1
}

func newTrie(phrases []string) *trie {
	t := &trie{next: make(map[uint32]int32), phrase: []int32{-1}}
	for i, p := range phrases {
		node := uint32(0)
		for k := range len(p) {
			at := node<<8 | uint32(p[k])
			n, ok := t.next[at]
			if !ok {
				n = int32(len(t.phrase))
				t.phrase = append(t.phrase, -1)
				t.next[at] = n
			}
			node = uint32(n)
		}
		t.phrase[node] = int32(i)
	}
	return t
}

// match calls f with the number and length of each phrase that s begins with.
func (t *trie) match(s string, f func(phrase, length int)) {
	node := uint32(0)
	for k := range len(s) {
		n, ok := t.next[node<<8|uint32(s[k])]
		if !ok {
			return
		}
		node = uint32(n)
		if p := t.phrase[node]; p >= 0 {
			f(int(p), k+1)
		}
	}
}
