package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/cookiesession/e2e/replica"
)

// A ledger is what visitors have seen.
type ledger struct {
	requests, changes int
	pages, logouts    int      // of several requests at once
	extra             int      // Set-Cookies of requests that changed nothing, in such pages
	passedOn          int      // by nginx, from a replica that went away to the next
	lost              []string // sessions, with the reason
	errors            []string
	moves             []move
}

// A move is a Set-Cookie, seen by the keys of the old and the new cookie.
type move struct {
	changed  bool   // the session; if not, the cookie was set for its key alone
	from, to string // from is "" at a login
}

func (l *ledger) add(other *ledger) {
	l.requests += other.requests
	l.changes += other.changes
	l.pages += other.pages
	l.logouts += other.logouts
	l.extra += other.extra
	l.passedOn += other.passedOn
	l.lost = append(l.lost, other.lost...)
	l.errors = append(l.errors, other.errors...)
	l.moves = append(l.moves, other.moves...)
}

// keyMoves are one visitor's moves with regard to one key.
type keyMoves struct {
	resealed int // moves to the key without a change, of one session at most
	back     int // moves from the key to an older one
}

// byKey sorts the moves of one visitor. The keys are listed oldest first.
func (l *ledger) byKey(keys []string) map[string]keyMoves {
	sums := make(map[string]keyMoves)
	session := make(map[string]int) // its re-seals
	for _, m := range l.moves {
		from, to := sums[m.from], sums[m.to]
		switch back := slices.Index(keys, m.to) < slices.Index(keys, m.from); {
		case m.from == "":
			clear(session) // a login
		case back:
			from.back++
			sums[m.from] = from
		case !m.changed:
			session[m.to]++
			to.resealed = max(to.resealed, session[m.to])
			sums[m.to] = to
		}
	}
	return sums
}

// report prints what a crowd has seen.
func (c *crowd) report(t *testing.T, seen *ledger) {
	t.Helper()
	t.Logf("%d visitors, %d requests in %.1f s (%.0f a second), %d of which changed the session",
		len(c.visitors), seen.requests, c.took.Seconds(), float64(seen.requests)/c.took.Seconds(), seen.changes)
	t.Logf("%d pages of four requests at once, %d of which logged out; %d Set-Cookies of requests that changed nothing", seen.pages, seen.logouts, seen.extra)
	t.Logf("%d sessions or changes lost, %d requests failed", len(seen.lost), len(seen.errors))
}

// reportKeys prints what became of each key.
func reportKeys(t *testing.T, c *crowd, keys []string, events replica.Tally) {
	t.Helper()
	for _, key := range keys {
		most, back := 0, 0
		for _, v := range c.visitors {
			moves := v.book.byKey(keys)[key]
			most = max(most, moves.resealed)
			back += moves.back
		}
		t.Logf("key %s: opened %d, issued %d for a change, %d sealed anew (at most %d for one visitor); %d moved back",
			key, events.Of("opened "+key), events.Of("issued changed "+key), events.Of("issued resealed "+key), most, back)
	}
}

// reportEvents prints the replicas' events, without the keys.
func reportEvents(t *testing.T, events replica.Tally) {
	t.Helper()
	sums := make(map[string]int)
	for name, n := range events {
		words := strings.Fields(name)
		if last := len(words) - 1; last > 0 && isKeyID(words[last]) {
			words = words[:last]
		}
		sums[strings.Join(words, " ")] += n
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, fmt.Sprintf("%s %d", name, sums[name]))
	}
	t.Logf("events: %s", strings.Join(list, ", "))
}

func isKeyID(word string) bool { return len(word) == 6 && strings.Trim(word, "0123456789abcdef") == "" }

// few joins the first of many texts.
func few(texts []string) string {
	const most = 5
	if len(texts) > most {
		texts = append(texts[:most:most], fmt.Sprintf("and %d more", len(texts)-most))
	}
	return strings.Join(texts, "\n\t")
}
