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
// sessions of the same fold were left out. It cuts them in two ways, each kind
// into all folds, and each kind into one.
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
	none := make([]int, len(in.docs))
	for i := range none {
		none[i] = folds
	}
	report(w, "trained on all of them", in, sizes(in, none))
	report(w, "cross-validated, a fifth of each kind left out", in, sizes(in, mixed))
	report(w, "cross-validated, whole kinds left out", in, sizes(in, whole))
	return nil
}

// sizes returns the size of each session's body in bytes, with tables made from
// the sessions of other folds.
func sizes(in *input, fold []int) []int {
	out := make([]int, len(in.docs))
	var wg sync.WaitGroup
	for f := range folds {
		wg.Go(func() {
			part := *in
			part.docs = nil
			for i, d := range in.docs {
				if fold[i] != f {
					part.docs = append(part.docs, d)
				}
			}
			if len(part.docs) == len(in.docs) && f > 0 {
				return // nothing is left out: once is enough
			}
			trial := pack.New(train(&part))
			for i, d := range in.docs {
				if fold[i] == f || fold[i] == folds {
					out[i] = min((trial.Bits(d.item)+7)/8, len(d.item))
				}
			}
		})
	}
	wg.Wait()
	return out
}

// A sum is of the sessions of a kind.
type sum struct{ n, json, cbor, flate, body, cookie int }

func report(w io.Writer, title string, in *input, body []int) {
	sums := make(map[string]*sum)
	for i, d := range in.docs {
		for _, kind := range []string{d.kind, "~all"} {
			s := sums[kind]
			if s == nil {
				s = new(sum)
				sums[kind] = s
			}
			s.n++
			s.json += len(d.json)
			s.cbor += len(d.item)
			s.flate += deflated(d.item)
			s.body += body[i]
			s.cookie += ((42+body[i])*8 + 5) / 6
		}
	}
	fmt.Fprintf(w, "%s (mean bytes; cookie: mean characters of a new cookie's value)\n", title)
	fmt.Fprintf(w, "%-12s %4s %8s %8s %8s %8s %8s %8s\n", "kind", "n", "json", "cbor", "flate-9", "body", "of json", "cookie")
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		s := sums[kind]
		mean := func(x int) float64 { return float64(x) / float64(s.n) }
		fmt.Fprintf(w, "%-12s %4d %8.1f %8.1f %8.1f %8.1f %8.4f %8.1f\n", kind, s.n, mean(s.json), mean(s.cbor), mean(s.flate), mean(s.body), float64(s.body)/float64(s.json), mean(s.cookie))
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
