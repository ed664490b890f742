package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"example.com/cookiesession"
)

// A sizeStep is the cost of a session of some size.
type sizeStep struct {
	Content    string
	Size       int // bytes of the JSON text, about
	JSON       int // the same exactly
	Chars      int // of our cookie's value
	HandChars  int // of JSON + AES-256-GCM by hand
	Seal, Open cost
	HandSeal   cost
	HandOpen   cost
}

// A step is the cost of one case, beside the first of its kind.
type step struct {
	Case  string
	Nanos float64
	Times float64 // the first step's time, median ratio
}

// A growth is how costs grow.
type growth struct {
	Sizes   []*sizeStep
	Rings   []*step // opening by the key of the ring that ranks lowest
	Headers []*step // a request that reads, with other cookies before ours
	Cores   []*step // sealing and opening in several goroutines at once
	Rejects []*step // cookies that don't open
}

var growthSizes = []int{100, 250, 500, 1000, 2000, 4000}

// contents make sessions of at least some size.
var contents = []struct {
	name string
	grow func(rnd *rand.Rand, size int) map[string]any
}{
	{"settings", func(rnd *rand.Rand, size int) map[string]any {
		m := make(map[string]any)
		for i := 0; jsonSize(m) < size; i++ {
			switch i % 4 {
			case 0:
				m[fmt.Sprintf("show%s%d", pick(rnd, "Sidebar", "Tips", "Totals", "Avatars"), i)] = rnd.IntN(2) == 0
			case 1:
				m[fmt.Sprintf("pageSize%d", i)] = 10 * (1 + rnd.IntN(10))
			case 2:
				m[fmt.Sprintf("theme%d", i)] = pick(rnd, "light", "dark", "system")
			case 3:
				m[fmt.Sprintf("sort%d", i)] = pick(rnd, "name", "price", "newest") + ":" + pick(rnd, "asc", "desc")
			}
		}
		return m
	}},
	{"a list of rows", func(rnd *rand.Rand, size int) map[string]any {
		var rows []any
		m := map[string]any{"cart": rows}
		for jsonSize(m) < size {
			rows = append(rows, map[string]any{
				"sku": fmt.Sprintf("%s-%04d", pick(rnd, "TS", "MUG", "BK"), rnd.IntN(10000)), "qty": 1 + rnd.IntN(4),
				"price": float64(99+rnd.IntN(9900)) / 100, "currency": "EUR",
			})
			m["cart"] = rows
		}
		return m
	}},
	{"random tokens", func(rnd *rand.Rand, size int) map[string]any {
		m := make(map[string]any)
		for i := 0; jsonSize(m) < size; i++ {
			token := make([]byte, 24)
			for j := range token {
				token[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[rnd.IntN(62)]
			}
			m[fmt.Sprintf("token%d", i)] = string(token)
		}
		return m
	}},
}

func pick(rnd *rand.Rand, words ...string) string { return words[rnd.IntN(len(words))] }

func jsonSize(m map[string]any) int {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // unreachable: these values are JSON's
	}
	return len(text)
}

// grownSession makes a session of one content, the same in each run.
func grownSession(content, size int) (session, error) {
	c := contents[content]
	value := c.grow(rand.New(rand.NewPCG(1, uint64(content))), size)
	text, err := json.Marshal(value)
	return session{kind: c.name, name: fmt.Sprintf("%s of %d bytes", c.name, size), text: text, value: value}, err
}

// measureGrowth measures all of a growth, a fifth of the budget each.
func measureGrowth(all []*form, budget time.Duration) (*growth, error) {
	g := new(growth)
	for _, measure := range []func(*growth, []*form, time.Duration) error{
		(*growth).measureSizes, (*growth).measureRings, (*growth).measureHeaders, (*growth).measureCores, (*growth).measureRejects,
	} {
		if err := measure(g, all, budget/5); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *growth) measureSizes(all []*form, budget time.Duration) error {
	some := []*form{byName(all, minimumName), byName(all, oursName), byName(all, jsonGCMName)}
	var tables []*timeTable
	var ops []*operation
	for content := range contents {
		for _, size := range growthSizes {
			grown, err := grownSession(content, size)
			if err != nil {
				return err
			}
			step := &sizeStep{Content: grown.kind, Size: size, JSON: len(grown.text)}
			if step.Chars, err = some[1].size(grown); err != nil {
				return err
			}
			if step.HandChars, err = some[2].size(grown); err != nil {
				return err
			}
			g.Sizes = append(g.Sizes, step)
			t, timed, err := newTimes(&set{Name: grown.name, sessions: []session{grown}}, some)
			if err != nil {
				return err
			}
			tables, ops = append(tables, t), append(ops, timed...)
		}
	}
	if err := interleave(ops, budget); err != nil {
		return err
	}
	for i, t := range tables {
		if err := t.finish(); err != nil {
			return err
		}
		g.Sizes[i].Seal, g.Sizes[i].Open = t.Rows[1].Seal, t.Rows[1].Open
		g.Sizes[i].HandSeal, g.Sizes[i].HandOpen = t.Rows[2].Seal, t.Rows[2].Open
	}
	return nil
}

// steps times operations and compares each with the first.
func steps(ops []*operation, budget time.Duration) ([]*step, error) {
	for _, op := range ops[1:] {
		op.reference = ops[0]
	}
	if err := interleave(ops, budget); err != nil {
		return nil, err
	}
	var all []*step
	for i, op := range ops {
		s := &step{Case: op.name, Nanos: median(measured(op.nanos)), Times: 1}
		if i > 0 {
			s.Times = median(measured(op.ratios))
		}
		all = append(all, s)
	}
	return all, nil
}

func (g *growth) measureRings(_ []*form, budget time.Duration) error {
	var ops []*operation
	for _, n := range []int{1, 10, 100, 1000} {
		codec, text, err := oldKeyOf(n)
		if err != nil {
			return err
		}
		ops = append(ops, &operation{name: count(n, "key"), n: 1, pass: func() error {
			return codec.Decode(cookieName, text, new(preferences))
		}})
	}
	var err error
	g.Rings, err = steps(ops, budget)
	return err
}

// oldKeyOf returns a codec of n keys, and a value under the last of them.
func oldKeyOf(n int) (*cookiesession.Codec, string, error) {
	// Two keys of a thousand may have the same id, which a ring refuses.
	for range 100 {
		keys := make([]cookiesession.Key, n)
		for i := range keys {
			keys[i] = cookiesession.NewKey()
		}
		ring, err := cookiesession.NewKeyring(keys...)
		if err != nil {
			continue
		}
		old, err := cookiesession.NewKeyring(keys[n-1])
		if err != nil {
			return nil, "", err
		}
		sealing, err := cookiesession.NewCodec(old, nil)
		if err != nil {
			return nil, "", err
		}
		text, err := sealing.Encode(cookieName, &eight)
		if err != nil {
			return nil, "", err
		}
		codec, err := cookiesession.NewCodec(ring, nil)
		return codec, text, err
	}
	return nil, "", fmt.Errorf("no ring of %d keys could be made", n)
}

func (g *growth) measureHeaders(_ []*form, budget time.Duration) error {
	keys, err := newKeyring()
	if err != nil {
		return err
	}
	manager, err := cookiesession.New[preferences](keys, nil)
	if err != nil {
		return err
	}
	cookies, err := manager.Cookies(&cookiesession.Session[preferences]{Data: eight})
	if err != nil {
		return err
	}
	handler := manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if manager.Get(r).Data.Theme != eight.Theme {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	own := cookies[0].Name + "=" + cookies[0].Value
	var ops []*operation
	for _, n := range []int{0, 1000, 4000, 16000, 64000} {
		ops = append(ops, requestOperation(count(n, "byte"), handler, otherCookies(n)+own))
	}
	g.Headers, err = steps(ops, budget)
	return err
}

// otherCookies returns some n bytes of cookies, 50 bytes each.
func otherCookies(n int) string {
	const one = "_analytics_visitor=GA1.2.1234567890.1712345678901; "
	return strings.Repeat(one, n/len(one))
}

// count returns a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (g *growth) measureCores(all []*form, budget time.Duration) error {
	const calls = 200
	names := []string{oursName, minimumName}
	for _, name := range names {
		f := byName(all, name)
		in := f.input(session{text: []byte(otherCookies(200)), value: &eight})
		text, err := f.seal(in)
		if err != nil {
			return err
		}
		var ops []*operation
		for n := 1; n <= runtime.NumCPU(); n *= 2 {
			ops = append(ops, &operation{name: name + ", " + count(n, "core"), n: n * calls, pass: func() error {
				return inParallel(n, func() error {
					for range calls {
						if _, err := f.seal(in); err != nil {
							return err
						}
						if err := f.open(text, f.target(in)); err != nil {
							return err
						}
					}
					return nil
				})
			}})
		}
		some, err := steps(ops, budget/time.Duration(len(names)))
		if err != nil {
			return err
		}
		g.Cores = append(g.Cores, some...)
	}
	return nil
}

// inParallel calls f in n goroutines at once and returns an error of one.
func inParallel(n int, f func() error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}
