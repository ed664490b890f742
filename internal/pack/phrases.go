package pack

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// A phraseIndex finds the phrases that begin at a place of a text, by their
// first three bytes.
type phraseIndex struct {
	rows    [256]uint16     // of a first byte: where its row begins in cells
	columns [256]uint8      // of a second byte
	cells   [1 << 13]uint16 // the bucket of two bytes; the first one is empty
	buckets []bucket
	ends    []uint16  // in order, of the phrases that share two bytes and a bit of thirds
	order   []indexed // the first one is none
}

// A bucket is the phrases with the same first two bytes.
type bucket struct {
	thirds uint64 // the third bytes of those that have more, as bits of their lowest 6 bits
	from   uint16 // in ends: before those of the lowest bit
	two    step   // by the phrase of no more bytes, or none
}

// An indexed phrase.
type indexed struct {
	start  uint64 // its first 8 bytes, the first one lowest
	step   step   // its symbol is of its place in the index
	phrase uint16
	unused uint8 // how many bits of start are not the phrase's
}

// noPhrase is the step by no phrase, which has no code.
const noPhrase = step(2<<stepLength | form.Phrase)

// begins reports whether a text may begin with the phrase of which the first 8
// bytes are given: whether it does so up to there.
func (x *indexed) begins(text uint64) bool { return (text^x.start)<<(x.unused&63) == 0 }

// cell returns the number of the bucket of two bytes.
func (x *phraseIndex) cell(first, second uint8) uint16 {
	return x.cells[(x.rows[first]+uint16(x.columns[second]))%uint16(len(x.cells))]
}

// longer returns where in order the phrases of a bucket are that have one of
// its third bytes.
func (x *phraseIndex) longer(b *bucket, bit uint64) (from, to int) {
	at := int(b.from) + bits.OnesCount64(b.thirds&(bit-1))
	return int(x.ends[at]), int(x.ends[at+1])
}

func newPhraseIndex(phrases []string) *phraseIndex {
	x := &phraseIndex{ends: []uint16{1}, order: make([]indexed, 1, len(phrases)+1)}
	rows, columns := 0, 1 // the first of each is that of the bytes that begin none
	for _, p := range phrases {
		if x.rows[p[0]] == 0 {
			rows++
			x.rows[p[0]] = uint16(rows)
		}
		if x.columns[p[1]] == 0 {
			x.columns[p[1]] = uint8(columns)
			columns++
		}
	}
	for i := range x.rows {
		x.rows[i] *= uint16(columns)
	}
	if (rows+1)*columns > len(x.cells) {
		panic("pack: internal error: too many phrases")
	}
	// The phrases by bucket, third byte and number.
	var keys []uint64
	for i, p := range phrases {
		third := uint64(0)
		if len(p) > 2 {
			third = 1 + uint64(p[2]&63)
		}
		cell := int(x.rows[p[0]]) + int(x.columns[p[1]])
		keys = append(keys, uint64(cell)<<32|third<<16|uint64(i))
	}
	slices.Sort(keys)
	x.buckets = append(x.buckets, bucket{two: noPhrase})
	last := uint64(0)
	for _, key := range keys {
		i := int(key & 0xffff)
		p := phrases[i]
		cell, third := key>>32, key>>16&0xffff
		if cell != last>>32 {
			x.cells[cell] = uint16(len(x.buckets))
			x.buckets = append(x.buckets, bucket{two: noPhrase})
		}
		last = key
		b := &x.buckets[len(x.buckets)-1]
		switch bit := uint64(1) << (third - 1); {
		case third == 0:
			b.two = newStep(form.Phrase+len(x.order), len(p))
			x.ends = append(x.ends, 0)
		case b.thirds&bit == 0:
			if b.thirds == 0 {
				b.from = uint16(len(x.ends) - 1)
			}
			b.thirds |= bit
			x.ends = append(x.ends, 0)
		}
		var start [8]byte
		n := copy(start[:], p)
		x.order = append(x.order, indexed{
			start:  binary.LittleEndian.Uint64(start[:]),
			step:   newStep(form.Phrase+len(x.order), len(p)),
			phrase: uint16(i),
			unused: uint8(8 * (8 - n)),
		})
		x.ends[len(x.ends)-1] = uint16(len(x.order))
	}
	return x
}

// A phrase is one as it is read.
type phrase struct {
	start   uint64 // its first 8 bytes, the first one lowest
	size    uint8
	context uint8 // after it
}

func newPhrases(phrases []string) []phrase {
	all := make([]phrase, len(phrases))
	for i, p := range phrases {
		var start [8]byte
		copy(start[:], p)
		all[i] = phrase{binary.LittleEndian.Uint64(start[:]), uint8(len(p)), contextAfter(0, p)}
	}
	return all
}
