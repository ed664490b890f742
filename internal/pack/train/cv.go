package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"example.com/cookiesession/internal/pack"
)

// folds is into how many parts the sessions are cut.
const folds = 5

// crossValidate prints the sizes of sessions with tables made from others: the
// sessions of the same fold were left out. It cuts them in two ways: each kind
// into all folds, and each kind into one. A stranger's session is an origin of
// its own, so both leave out whole origins.
func crossValidate(w io.Writer, in *input) error {
	kinds := make(map[string]int)
	next := make(map[string]int)
	mixed := make([]int, len(in.docs))
	whole := make([]int, len(in.docs))
	for i, d := range in.docs {
		if _, ok := kinds[d.kind]; !ok {
			kinds[d.kind] = len(kinds)
		}
		mixed[i] = next[d.kind] % folds
		next[d.kind]++
		whole[i] = kinds[d.kind] % folds
	}
	for _, cut := range []struct {
		title string
		fold  []int
	}{
		{"a fifth of each kind left out", mixed},
		{"whole kinds left out", whole},
	} {
		body, floats, err := sizes(in, cut.fold)
		if err != nil {
			return err
		}
		report(w, cut.title, in, body, floats)
	}
	return reportTyped(w, in)
}

// reportTyped prints the sizes of typed sessions of another seed than that of
// the ones that tables are made from.
func reportTyped(w io.Writer, in *input) error {
	tables, err := train(in)
	if err != nil {
		return err
	}
	docs, err := typed(judgingSeed)
	if err != nil {
		return err
	}
	p := pack.New(tables)
	fmt.Fprintln(w, "typed sessions of another seed (mean bytes; cookie: mean characters of a new cookie's value)")
	fmt.Fprintf(w, "%-22s %8s %8s %8s\n", "kind", "cbor", "body", "cookie")
	all := kind{name: "~typed"}
	sums := make(map[string]*[3]int)
	for _, d := range docs {
		body := min((bitsOf(p, d.item)+7)/8, len(d.item))
		for _, name := range []string{d.kind, all.name} {
			s := sums[name]
			if s == nil {
				s = new([3]int)
				sums[name] = s
			}
			s[0] += len(d.item)
			s[1] += body
			s[2] += cookie(body)
		}
	}
	for i, k := range append(slices.Clone(kinds), all) {
		n := float64(typedSessions)
		if i == len(kinds) {
			n *= float64(len(kinds))
		}
		s := sums[k.name]
		fmt.Fprintf(w, "%-22s %8.1f %8.1f %8.1f\n", k.name, float64(s[0])/n, float64(s[1])/n, float64(s[2])/n)
	}
	return nil
}

// sizes returns the size of each session's body in bytes, with tables made from
// the sessions of other folds; and with all numbers as floats.
func sizes(in *input, fold []int) (body, floats []int, err error) {
	body, floats = make([]int, len(in.docs)), make([]int, len(in.docs))
	var wg sync.WaitGroup
	errs := make([]error, folds)
	for f := range folds {
		wg.Go(func() {
			part := *in
			part.docs = nil
			for i, d := range in.docs {
				if fold[i] != f {
					part.docs = append(part.docs, d)
				}
			}
			tables, err := train(&part)
			if err != nil {
				errs[f] = err
				return
			}
			p := pack.New(tables)
			size := func(item []byte) int { return min((bitsOf(p, item)+7)/8, len(item)) }
			for i, d := range in.docs {
				if fold[i] == f {
					body[i], floats[i] = size(d.item), size(d.floats)
				}
			}
		})
	}
	wg.Wait()
	for _, e := range errs {
		if e != nil {
			err = e
		}
	}
	return body, floats, err
}

// cookie is how many characters a new cookie's value has.
func cookie(body int) int { return ((42+body)*8 + 5) / 6 }

// A sum is of the sessions of a kind.
type sum struct {
	json, cbor, flate, body, cookie, floats int
	cookies                                 []int
}

func report(w io.Writer, title string, in *input, body, floats []int) {
	sums := make(map[string]*sum)
	for i, d := range in.docs {
		group := "~sessions"
		if d.wild {
			group = "~wild"
		}
		for _, kind := range []string{d.kind, group} {
			s := sums[kind]
			if s == nil {
				s = new(sum)
				sums[kind] = s
			}
			s.json += len(d.json)
			s.cbor += len(d.item)
			s.flate += deflated(d.item)
			s.body += body[i]
			s.cookie += cookie(body[i])
			s.floats += cookie(floats[i])
			s.cookies = append(s.cookies, cookie(body[i]))
		}
	}
	fmt.Fprintf(w, "%s (mean bytes; cookie: mean and median characters of a new cookie's value; floats: the same if all numbers are floats)\n", title)
	fmt.Fprintf(w, "%-14s %4s %8s %8s %8s %8s %8s %8s %8s %8s\n", "kind", "n", "json", "cbor", "flate-9", "body", "of json", "cookie", "median", "floats")
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		s := sums[kind]
		n := len(s.cookies)
		slices.Sort(s.cookies)
		mean := func(x int) float64 { return float64(x) / float64(n) }
		fmt.Fprintf(w, "%-14s %4d %8.1f %8.1f %8.1f %8.1f %8.4f %8.1f %8d %8.1f\n", kind, n, mean(s.json), mean(s.cbor), mean(s.flate), mean(s.body),
			float64(s.body)/float64(s.json), mean(s.cookie), s.cookies[n/2], mean(s.floats))
	}
	fmt.Fprintln(w)
}

// deflated is the size of an item by compress/flate, or its own if that is
// less.
func deflated(item []byte) int {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // unreachable: the level is valid
	}
	z.Write(item)
	z.Close()
	return min(b.Len(), len(item))
}
