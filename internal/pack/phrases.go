package pack

import (
	"encoding/binary"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// A phraseIndex finds the phrases that begin at a place of a text, by a hash of
// their first two bytes.
type phraseIndex struct {
	buckets [1 << bucketBits]bucket
	order   []indexed
}

// A bucket is some phrases in order.
type bucket struct{ from, to uint16 }

const bucketBits = 12

// bucketOf takes the first bytes of a text, the first one lowest.
func bucketOf(start uint64) uint32 { return uint32(start&0xffff) * 0x9e3779b1 >> (32 - bucketBits) }

// An indexed phrase.
type indexed struct {
	start  uint64 // its first 8 bytes, the first one lowest
	symbol uint16
	length uint8
	unused uint8 // how many bits of start are not the phrase's
}

// begins reports whether a text may begin with the phrase of which the first 8
// bytes are given: whether it does so up to there.
func (x *indexed) begins(text uint64) bool { return (text^x.start)<<(x.unused&63) == 0 }

func newPhraseIndex(phrases []string) *phraseIndex {
	x := new(phraseIndex)
	for i, p := range phrases {
		var start [8]byte
		n := copy(start[:], p)
		x.order = append(x.order, indexed{
			start:  binary.LittleEndian.Uint64(start[:]),
			symbol: uint16(form.Phrase + i),
			length: uint8(len(p)),
			unused: uint8(8 * (8 - n)),
		})
	}
	slices.SortStableFunc(x.order, func(a, b indexed) int { return int(bucketOf(a.start)) - int(bucketOf(b.start)) })
	for i, p := range x.order {
		b := &x.buckets[bucketOf(p.start)]
		if b.to == 0 {
			b.from = uint16(i)
		}
		b.to = uint16(i + 1)
	}
	return x
}
