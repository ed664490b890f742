package pack

import (
	"encoding/binary"
	"slices"

	"example.com/cookiesession/internal/pack/form"
)

// A phraseIndex finds the phrases that begin at a place of a text, by a hash of
// their first bytes: of both for phrases of two bytes, of three for all others.
type phraseIndex struct {
	short, long [1 << bucketBits]bucket
	order       []indexed
}

// A bucket is some phrases in order.
type bucket struct{ from, to uint16 }

const bucketBits = 12

// bucketOf takes the bytes that are hashed, the first one lowest.
func bucketOf(start uint64) uint32 { return uint32(start) * 0x9e3779b1 >> (32 - bucketBits) }

const (
	shortMask = 1<<16 - 1
	longMask  = 1<<24 - 1
)

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

// bucket returns the number of the bucket that a phrase is in, with those of
// the long ones after those of the short ones.
func (x *indexed) bucket() int {
	if x.length == 2 {
		return int(bucketOf(x.start & shortMask))
	}
	return 1<<bucketBits + int(bucketOf(x.start&longMask))
}

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
	slices.SortStableFunc(x.order, func(a, b indexed) int { return a.bucket() - b.bucket() })
	for i := range x.order {
		n := x.order[i].bucket()
		b := &x.short[n&(1<<bucketBits-1)]
		if n >= 1<<bucketBits {
			b = &x.long[n-1<<bucketBits]
		}
		if b.to == 0 {
			b.from = uint16(i)
		}
		b.to = uint16(i + 1)
	}
	return x
}
