package replica

import (
	"strings"
	"sync"

	"example.com/cookiesession"
)

// A Tally counts events. Its keys are an event's kind, reason and key id, as
// far as it has them, such as "issued resealed a1b2c3".
type Tally map[string]int

// Of sums up the events whose kind, reason and key id begin like prefix, which
// is whole words of them.
func (t Tally) Of(prefix string) int {
	sum := 0
	for name, n := range t {
		if name == prefix || strings.HasPrefix(name, prefix+" ") {
			sum += n
		}
	}
	return sum
}

// Add adds the events of other.
func (t Tally) Add(other Tally) {
	for name, n := range other {
		t[name] += n
	}
}

type tally struct {
	mu     sync.Mutex
	counts map[eventKey]int
}

type eventKey struct {
	kind   cookiesession.EventKind
	reason cookiesession.Reason
	keyID  string
}

func (t *tally) add(e cookiesession.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[eventKey]int)
	}
	t.counts[eventKey{e.Kind, e.Reason, e.KeyID}]++
}

func (t *tally) snapshot() Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := make(Tally, len(t.counts))
	for k, n := range t.counts {
		words := []string{k.kind.String()}
		for _, w := range []string{string(k.reason), k.keyID} {
			if w != "" {
				words = append(words, w)
			}
		}
		s[strings.Join(words, " ")] = n
	}
	return s
}
