package main

import (
	"cmp"
	"math/bits"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// bit is the cost of one bit: costs are whole numbers of 1/256 bit.
const bit = 256

// never is the cost of what has no code.
const never = 1 << 30

// log2 returns the logarithm of x in units of cost, rounded down.
func log2(x int) int {
	n := bits.Len64(uint64(x)) - 1
	m := uint64(x) << (63 - n) >> 32 // 1 <= m < 2, in units of 2^-31
	log := n
	for range 8 {
		m = m * m >> 31
		log <<= 1
		if m >= 1<<32 {
			m >>= 1
			log++
		}
	}
	return log
}

// lengths returns the lengths of the codes, at most form.MaxCode bits, that
// write symbols of these weights in the fewest bits (package-merge, Larmore and
// Hirschberg 1990). Weights are positive, and there are at least two.
func lengths(weights []int) []int {
	type packet struct {
		weight  int
		symbols []int32
	}
	order := make([]int32, len(weights))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(weights[a], weights[b]) })
	var packets []packet
	for range form.MaxCode {
		var merged []packet
		i := 0
		for k := 0; k+1 < len(packets) || i < len(order); {
			pair := never
			if k+1 < len(packets) {
				pair = packets[k].weight + packets[k+1].weight
			}
			if i < len(order) && (k+1 >= len(packets) || weights[order[i]] <= pair) {
				merged = append(merged, packet{weights[order[i]], order[i : i+1]})
				i++
				continue
			}
			merged = append(merged, packet{pair, slices.Concat(packets[k].symbols, packets[k+1].symbols)})
			k += 2
		}
		packets = merged
	}
	out := make([]int, len(weights))
	for _, p := range packets[:2*len(weights)-2] {
		for _, s := range p.symbols {
			out[s]++
		}
	}
	return out
}

// codes makes a list of codes (see form.Tables) for the symbols that have a
// weight of at least the given share of the whole, and those that must have a
// code. weights are by symbol.
func codes(weights []int, share int, must func(symbol int) bool) []uint16 {
	total := 0
	for _, w := range weights {
		total += w
	}
	var symbols, chosen []int
	for s, w := range weights {
		if must(s) {
			w = max(w, 1)
		} else if w*share < total {
			continue
		}
		if w > 0 {
			symbols = append(symbols, s)
			chosen = append(chosen, w)
		}
	}
	for len(symbols) < 2 { // a code needs two
		symbols = append(symbols, len(weights)-1-len(symbols))
		chosen = append(chosen, 1)
	}
	var list []uint16
	for i, n := range lengths(chosen) {
		list = append(list, uint16(symbols[i]<<4|n))
	}
	slices.SortFunc(list, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(a&15, b&15), cmp.Compare(a>>4, b>>4))
	})
	return list
}
