package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// An operation can be timed.
type operation struct {
	name      string
	pass      func() error // n calls
	n         int
	reference *operation // timed just before and after this one; nil: a reference itself

	repeats int       // passes in one round
	every   int       // rounds, if it is slow
	nanos   []float64 // a call, by round; 0: left out in that round
	ratios  []float64 // to the reference, by round
}

const (
	inBudget = 1000 // slices, but for the bounds of sliceOf
	longer   = 5    // slices; an operation that takes more is left out in some rounds
	fewest   = 5    // rounds, whatever the budget
)

// sliceOf returns how long an operation is timed without a break. In a shorter
// time, what it throws away is collected in the time of another one, and its
// code and data are in no cache yet: then one that allocates much, or has
// little code, looks faster than it is by itself.
func sliceOf(budget time.Duration) time.Duration {
	return min(max(budget/inBudget, time.Millisecond), 20*time.Millisecond)
}

// interleave times operations in turn, in rounds and each time in another
// order, until the budget is used up. If the machine is slow for a while, all
// of them are, and their ratios stay.
func interleave(ops []*operation, budget time.Duration) error {
	end := time.Now().Add(budget)
	for _, op := range ops {
		if err := op.calibrate(sliceOf(budget)); err != nil {
			return err
		}
	}
	for round := 0; round < fewest || time.Now().Before(end); round++ {
		for _, i := range rand.Perm(len(ops)) {
			if err := ops[i].time(round); err != nil {
				return err
			}
		}
	}
	return nil
}

// time times one round. The reference is timed on both sides, so that one
// interruption of it does not halve a ratio.
func (op *operation) time(round int) error {
	if round%op.every != 0 {
		op.nanos, op.ratios = append(op.nanos, 0), append(op.ratios, 0)
		return nil
	}
	before, err := op.reference.yardstick()
	if err != nil {
		return err
	}
	nanos, err := op.run()
	if err != nil {
		return err
	}
	after, err := op.reference.yardstick()
	if err != nil {
		return err
	}
	op.nanos, op.ratios = append(op.nanos, nanos), append(op.ratios, nanos/((before+after)/2))
	return nil
}

// yardstick times a reference for another operation.
func (op *operation) yardstick() (float64, error) {
	if op == nil {
		return 1, nil
	}
	nanos, err := op.run()
	op.nanos = append(op.nanos, nanos)
	return nanos, err
}

// run makes the calls of one round and returns the nanoseconds of one.
func (op *operation) run() (float64, error) {
	start := time.Now()
	for range op.repeats {
		if err := op.pass(); err != nil {
			return 0, fmt.Errorf("%s: %w", op.name, err)
		}
	}
	return float64(time.Since(start)) / float64(op.repeats*op.n), nil
}

// calibrate chooses how often an operation runs in one round.
func (op *operation) calibrate(slice time.Duration) error {
	if op.repeats > 0 {
		return nil
	}
	if op.reference != nil {
		if err := op.reference.calibrate(slice); err != nil {
			return err
		}
	}
	for op.repeats = 1; ; op.repeats *= 2 {
		nanos := math.Inf(1) // of the best of three, since an interruption looks like a slow call
		for range 3 {
			once, err := op.run()
			if err != nil {
				return err
			}
			nanos = min(nanos, once)
			if time.Duration(once*float64(op.repeats*op.n)) > longer*slice {
				break
			}
		}
		if took := time.Duration(nanos * float64(op.repeats*op.n)); took >= slice {
			op.every = max(1, int(took/(longer*slice)))
			return nil
		}
	}
}

// measured returns the rounds of an operation that were not left out.
func measured(rounds []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(rounds), func(v float64) bool { return v == 0 })
}

// between returns the median of f over the ratios of two operations, in the
// rounds that have both.
func between(a, b *operation, f func(a, b float64) float64) float64 {
	var both []float64
	for i := range min(len(a.ratios), len(b.ratios)) {
		if a.ratios[i] != 0 && b.ratios[i] != 0 {
			both = append(both, f(a.ratios[i], b.ratios[i]))
		}
	}
	return median(both)
}
