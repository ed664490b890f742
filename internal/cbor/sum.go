package cbor

import (
	"hash/maphash"
	"math/bits"
)

// The keys of a Sum, drawn when the process begins.
var (
	seed = maphash.MakeSeed()
	keys = [2]uint64{maphash.String(seed, "first"), maphash.String(seed, "second")}
)

// A Sum is a hash of an item, for comparing items within this process: two that
// differ have the same one with a chance of 2^-64. Nobody outside can influence
// that, since its keys are random and no sum is ever shown.
type Sum uint64

// NewSum returns the sum of nothing.
func NewSum() Sum { return Sum(keys[0]) }

// Add returns the sum with the head of an item added.
func (s Sum) Add(k Kind, n uint64) Sum {
	high, low := bits.Mul64(uint64(s)^n, keys[1]^uint64(k))
	return Sum(high ^ low)
}

// AddText returns the sum with a text added.
func (s Sum) AddText(text string) Sum { return s.Add(Text, maphash.String(seed, text)) }

// AddBytes returns the sum with a byte string added.
func (s Sum) AddBytes(b []byte) Sum { return s.Add(Bytes, maphash.Bytes(seed, b)) }

// Sum returns the sum of the item.
func (t *Tape) Sum() Sum {
	s := NewSum()
	for i := range t.Tokens {
		switch k := &t.Tokens[i]; k.Kind {
		case Text:
			s = s.AddText(k.S)
		case Bytes:
			s = s.AddBytes(t.Bytes(k))
		default:
			s = s.Add(k.Kind, k.N)
		}
	}
	return s
}
