package cbor

import (
	"hash/maphash"
	"math/bits"
)

// The keys of Sum, drawn when the process begins.
var (
	seed = maphash.MakeSeed()
	keys = [2]uint64{maphash.String(seed, "first"), maphash.String(seed, "second")}
)

// Sum returns a hash of the item, for comparing items within this process: two
// that differ have the same one with a chance of 2^-64. Nobody outside can
// influence that, since its keys are random and no sum is ever shown.
func (t *Tape) Sum() uint64 {
	h := keys[0]
	for i := range t.Tokens {
		k := &t.Tokens[i]
		x := k.N
		switch k.Kind {
		case Text:
			x = maphash.String(seed, k.S)
		case Bytes:
			x = maphash.Bytes(seed, t.Bytes(k))
		}
		high, low := bits.Mul64(h^x, keys[1]^uint64(k.Kind))
		h = high ^ low
	}
	return h
}
