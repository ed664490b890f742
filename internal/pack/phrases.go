package pack

import (
	"encoding/binary"

	"example.com/cookiesession/internal/pack/form"
)

// A phraseIndex finds the phrases that begin at a place of a text, by their
// first two bytes.
type phraseIndex struct {
	rows    [256]uint16 // of a first byte: where its row begins
	columns [256]uint8  // of a second byte, in the row
	ends    []uint16    // in order, of the phrases of all places before each
	order   []indexed
}

// An indexed phrase.
type indexed struct {
	start  uint64 // its first 8 bytes, the first one lowest
	step   step
	unused uint8 // how many bits of start are not the phrase's
}

// begins reports whether a text may begin with the phrase of which the first 8
// bytes are given: whether it does so up to there.
func (x *indexed) begins(text uint64) bool { return (text^x.start)<<(x.unused&63) == 0 }

func (x *phraseIndex) place(start uint64) int {
	return int(x.rows[uint8(start)]) + int(x.columns[uint8(start>>8)])
}

// at returns the places in order of the phrases that begin with the first two
// bytes of start.
func (x *phraseIndex) at(start uint64) (from, to int) {
	place := x.place(start)
	return int(x.ends[place]), int(x.ends[place+1])
}

// next returns the next phrase from a place on that start may begin with, and
// its place; or no step.
func (x *phraseIndex) next(from, to int, start uint64) (int, step) {
	for ; from < to; from++ {
		if p := &x.order[from]; p.begins(start) {
			return from, p.step
		}
	}
	return to, 0
}

func newPhraseIndex(phrases []string) *phraseIndex {
	x := &phraseIndex{order: make([]indexed, len(phrases))}
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
	x.ends = make([]uint16, (rows+1)*columns+2)
	for _, p := range phrases {
		x.ends[x.place(load16(p))+2]++
	}
	for i := range x.ends[1:] {
		x.ends[i+1] += x.ends[i]
	}
	// Now there is at place+1 where the phrases of a place begin; as they are
	// filled in, that becomes where they end.
	for i, p := range phrases {
		var start [8]byte
		n := copy(start[:], p)
		end := &x.ends[x.place(load16(p))+1]
		x.order[*end] = indexed{
			start:  binary.LittleEndian.Uint64(start[:]),
			step:   newStep(form.Phrase+i, len(p)),
			unused: uint8(8 * (8 - n)),
		}
		*end++
	}
	return x
}

func load16(s string) uint64 { return uint64(s[0]) | uint64(s[1])<<8 }
