package pack_test

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A hidden is a secret to recover: random characters after what all such
// secrets begin with.
type hidden struct {
	name, begin, alphabet string
	length                int // of the random part, in characters
}

var hiddens = []hidden{
	{"16 hex digits", "", "0123456789abcdef", 16},
	{"live key", "sk_live_", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 12},
}

// A room is a session with a value of the attacker and a secret. What stands
// right before the secret, he knows: it is the same in everybody's session.
type room struct {
	name, before string
	build        func(mine, secret string) any
	json         bool // both are in one text that is JSON
}

var rooms = []room{
	{"top level", "token", func(m, s string) any {
		return doc{"lang": "de-DE", "search": m, "theme": "dark", "token": s, "uid": 48213}
	}, false},
	{"beside it in one object", "secret", func(m, s string) any {
		return doc{"user": doc{"id": 48213, "name": m, "secret": s}, "theme": "dark"}
	}, false},
	{"another column of the list", "token", func(m, s string) any {
		return doc{"devices": row{doc{"id": 1, "name": m, "token": "none"}, doc{"id": 2, "name": "phone", "token": s}}}
	}, false},
	{"another record, the same column", "text", func(m, s string) any {
		return doc{"msgs": row{doc{"id": 1, "text": m}, doc{"id": 2, "text": s}, doc{"id": 3, "text": "hello"}}}
	}, false},
	{"another element of a bare list", "inbox", func(m, s string) any {
		return doc{"recent": row{m, "inbox", s}, "theme": "dark"}
	}, false},
	{"another key of a map", "invite", func(m, s string) any {
		return doc{"notes": doc{"greeting": m, "invite": s}, "theme": "dark"}
	}, false},
	{"beside it in one JSON text", `"secret":"`, func(m, s string) any {
		return doc{"store": jsonText(doc{"id": 48213, "name": m, "secret": s}), "theme": "dark"}
	}, true},
	{"another row of one JSON text", `[2,"`, func(m, s string) any {
		return doc{"store": jsonText(row{row{1, m}, row{2, s}, row{3, "hello"}}), "theme": "dark"}
	}, true},
	{"another record of one JSON text", `"text":"`, func(m, s string) any {
		return doc{"store": jsonText(row{doc{"id": 1, "text": m}, doc{"id": 2, "text": s}}), "theme": "dark"}
	}, true},
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // unreachable: all of it is JSON
	}
	return string(text)
}

// A channel tells the length of a session's body.
type channel func(session any) int

// TestRecovery is the attack in full, on whole secrets. The attacker writes one
// value and sees nothing but how many characters the cookie has. Guess by
// guess, he compares a value in which the guess follows what he knows with one
// of the same characters in which it does not, behind fillers that move the
// length around its rounding, and goes on with the guess that saves most.
//
// Against DEFLATE in the packer's place he is left alone with his mistakes.
// Against the packer he is told the right character after each guess, gets the
// strings once as texts and once as the CBOR encoder spells them, and must be
// no better than one who does not look: each guess is a coin with as many sides
// as the alphabet has characters.
//
// (That a whole value equals its neighbour in a list can be seen. So someone
// who is right about all of a secret but its last character may try that one
// out; an attacker who has got so far has won elsewhere.)
func TestRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("it guesses for half a minute")
	}
	if raceDetector() {
		t.Skip("it takes a minute with the race detector, and shares nothing")
	}
	const trials = 20 // against DEFLATE; a quarter of them against the packer, in each room
	for _, h := range hiddens {
		t.Run(h.name+"/DEFLATE", func(t *testing.T) {
			t.Parallel()
			full, right := 0, 0
			for trial := range trials {
				n := h.recover(rooms[trial%len(rooms)], deflated(t), uint64(trial), false)
				right += n
				if n == h.length {
					full++
				}
			}
			t.Logf("recovered in full: %d of %d; characters: %d of %d", full, trials, right, trials*h.length)
			if full < trials/2 {
				t.Errorf("the attack does not work even here")
			}
		})
		for _, c := range []struct {
			name   string
			length channel
		}{
			{"packed texts", func(session any) int { return shorter(plainItem(nil, session)) }},
			{"packed sessions", func(session any) int { return shorter(encode(t, session)) }},
		} {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				total := 0
				for i, r := range rooms {
					right := 0
					for trial := range trials / 4 {
						n := h.recover(r, c.length, uint64(1000*i+trial), true)
						right += n
						if n == h.length {
							t.Errorf("%s: trial %d recovered a secret in full", r.name, trial)
						}
					}
					h.checkChance(t, r.name, right, trials/4*h.length)
					total += right
				}
				h.checkChance(t, "all", total, len(rooms)*trials/4*h.length)
			})
		}
	}
}

// checkChance checks that so many right guesses are what chance gives: 6
// standard deviations above the mean are too many.
func (h hidden) checkChance(t *testing.T, what string, right, guesses int) {
	t.Helper()
	p := 1 / float64(len(h.alphabet))
	mean := p * float64(guesses)
	bound := mean + 6*math.Sqrt(mean*(1-p))
	t.Logf("%s: %d of %d characters; by chance %.1f, bound %.1f", what, right, guesses, mean, bound)
	if float64(right) > bound {
		t.Errorf("%s: %d of %d characters are more than chance", what, right, guesses)
	}
}

// recover returns how many characters of a new secret the attacker gets right,
// each of them known to him when he goes on to the next one if he is told.
func (h hidden) recover(r room, length channel, seed uint64, told bool) (right int) {
	random := rand.New(rand.NewPCG(seed, 2012))
	secret := make([]byte, h.length)
	for i := range secret {
		secret[i] = h.alphabet[random.IntN(len(h.alphabet))]
	}
	whole := h.begin + string(secret)
	// The head of the secret's text is public, too.
	a := attacker{Rand: random, write: func(mine string) int {
		return base64.RawURLEncoding.EncodedLen(42 + length(r.build(mine, whole)))
	}}
	known := r.before + string(appendPlainHead(nil, 3<<5, len(whole))) + h.begin
	if r.json {
		known = r.before + h.begin
	}
	for _, c := range secret {
		guess := a.next(known, h.alphabet)
		if guess == c {
			right++
		}
		if told {
			guess = c
		}
		known += string(guess)
	}
	return right
}

// worthwhile makes any packer's output smaller than its input, which would be
// stored otherwise.
const worthwhile = "successful successful successful successful successful "

type attacker struct {
	*rand.Rand
	write func(mine string) int // returns the length of the cookie, in characters
}

// next guesses the character that follows what is known.
func (a attacker) next(known, alphabet string) byte {
	type candidate struct {
		c     byte
		saved int
	}
	left := make([]candidate, len(alphabet))
	for i, k := range a.Perm(len(alphabet)) { // so that of equals a random one wins
		left[i].c = alphabet[k]
	}
	// Most of those that save little need no more tries.
	for tries := 2; len(left) > 1; tries += 2 {
		for range tries {
			filler, gap := worthwhile+a.noise(a.IntN(9)), a.noise(4)
			tail := known[max(0, len(known)-5-a.IntN(8)):]
			for i := range left {
				c := string(left[i].c)
				left[i].saved += a.write(filler+tail+gap+c) - a.write(filler+tail+c+gap)
			}
		}
		slices.SortStableFunc(left, func(x, y candidate) int { return cmp.Compare(y.saved, x.saved) })
		left = left[:(len(left)+1)/3]
	}
	return left[0].c
}

// noise returns characters that are in no secret.
func (a attacker) noise(n int) string {
	var s strings.Builder
	for range n {
		s.WriteByte("!#$%&()*+,-./:;<=>?@[]^`{|}~"[a.IntN(28)])
	}
	return s.String()
}

// shorter returns the length of a body, which is packed if that is shorter.
func shorter(item []byte) int { return min(len(item), (packer.Bits(item)+7)/8) }

func deflated(t *testing.T) channel {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	return func(session any) int {
		out.Reset()
		w.Reset(&out)
		item := plainItem(nil, session)
		if _, err := w.Write(item); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return min(len(item), out.Len())
	}
}

// plainItem appends deterministic CBOR in which each string is a text, whatever
// it spells.
func plainItem(dst []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		return appendPlainHead(dst, 0<<5, v)
	case string:
		return append(appendPlainHead(dst, 3<<5, len(v)), v...)
	case row:
		dst = appendPlainHead(dst, 4<<5, len(v))
		for _, x := range v {
			dst = plainItem(dst, x)
		}
	case doc:
		dst = appendPlainHead(dst, 5<<5, len(v))
		for _, k := range slices.SortedFunc(maps.Keys(v), func(a, b string) int {
			return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		}) {
			dst = plainItem(plainItem(dst, k), v[k])
		}
	}
	return dst
}

func appendPlainHead(dst []byte, major byte, n int) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	}
	return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
}
