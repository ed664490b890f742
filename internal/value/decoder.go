package value

import (
	"math"

	"example.com/cookiesession/internal/cbor"
)

// A decoder is a tape that is read. The tape's item is deterministic, which was
// seen to when it was made, so all that can be wrong here is that it does not
// fit.
type decoder cbor.Tape

func newDecoder(t *cbor.Tape) *decoder {
	t.Pos, t.Inexact = 0, false
	return (*decoder)(t)
}

func (d *decoder) tape() *cbor.Tape { return (*cbor.Tape)(d) }

// next returns the next token and moves past it.
func (d *decoder) next() *cbor.Token {
	k := &d.Tokens[d.Pos]
	d.Pos++
	return k
}

func (d *decoder) peek() *cbor.Token { return &d.Tokens[d.Pos] }

// skip moves past an item.
func (d *decoder) skip() { d.Pos += int(d.peek().Size) }

// null reads a null if one is next.
func (d *decoder) null() bool {
	if !isNull(d.peek()) {
		return false
	}
	d.Pos++
	return true
}

func isNull(k *cbor.Token) bool { return k.Kind == cbor.Simple && k.N == cbor.Null }

// array reads the head of an array, and returns its length.
func (d *decoder) array() (int, error) { return d.container(cbor.Array) }

// mapping reads the head of a map, and returns how many entries it has.
func (d *decoder) mapping() (int, error) { return d.container(cbor.Map) }

func (d *decoder) container(kind cbor.Kind) (int, error) {
	k := d.next()
	if k.Kind != kind {
		return 0, mismatch(k)
	}
	return int(k.N), nil
}

// bytes reads a byte string, whose content is the tape's.
func (d *decoder) bytes() ([]byte, error) {
	k := d.next()
	if k.Kind != cbor.Bytes {
		return nil, mismatch(k)
	}
	return d.tape().Bytes(k), nil
}

func (d *decoder) bool() (bool, error) {
	k := d.next()
	if k.Kind != cbor.Simple || k.N == cbor.Null {
		return false, mismatch(k)
	}
	return k.N == cbor.True, nil
}

// int64 reads an integer that fits int64, without any conversion.
func (d *decoder) int64() (int64, error) {
	k := d.next()
	if k.Kind > cbor.Neg {
		return 0, mismatch(k)
	}
	if k.N > 1<<63-1 {
		return 0, refuse("an integer beyond 64 bits")
	}
	if k.Kind == cbor.Neg {
		return ^int64(k.N), nil
	}
	return int64(k.N), nil
}

// toInt64 reads an integer, or a float that is one.
func (d *decoder) toInt64() (int64, error) {
	if d.peek().Kind != cbor.Float {
		return d.int64()
	}
	f := math.Float64frombits(d.next().N)
	// 1<<63 itself is a float64, but not an int64.
	if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
		return 0, refuse("this float")
	}
	d.Inexact = true
	return int64(f), nil
}

// toUint64 reads an integer that is not negative, or a float that is one.
func (d *decoder) toUint64() (uint64, error) {
	k := d.next()
	switch k.Kind {
	case cbor.Uint:
		return k.N, nil
	case cbor.Neg:
		return 0, refuse("a negative integer")
	case cbor.Float:
		f := math.Float64frombits(k.N)
		if f != math.Trunc(f) || f < 0 || f >= 1<<64 {
			return 0, refuse("this float")
		}
		d.Inexact = true
		return uint64(f), nil
	}
	return 0, mismatch(k)
}

// float reads a float.
func (d *decoder) float() (float64, error) {
	k := d.next()
	if k.Kind != cbor.Float {
		return 0, mismatch(k)
	}
	return math.Float64frombits(k.N), nil
}

// toFloat64 reads a float, or an integer that float64 holds exactly.
func (d *decoder) toFloat64() (float64, error) {
	k := d.peek()
	if k.Kind > cbor.Neg {
		return d.float()
	}
	d.Pos++
	f := float64(k.N)
	// Where f rounded up to 1<<64, uint64(f) is not defined: look first.
	same := f < 1<<64 && uint64(f) == k.N
	if k.Kind == cbor.Neg {
		f = -1 - f
		same = same && k.N < 1<<53 // so that subtracting 1 is exact, too
	}
	if !same {
		return 0, refuse("an integer of this size exactly")
	}
	d.Inexact = true
	return f, nil
}

// A list or map is made with room for what there is up to this many bytes;
// beyond that it grows with what fits the type.
const preallocate = 4096

// room returns how many elements of a size to make room for, of n that there
// are.
func room(n int, size uintptr) int {
	return min(n, int(preallocate/max(size, 1)))
}

// kindOf names the kind of an item, for messages.
func kindOf(k *cbor.Token) string {
	switch k.Kind {
	case cbor.Uint, cbor.Neg:
		return "an integer"
	case cbor.Bytes:
		return "a byte string"
	case cbor.Text:
		return "a text string"
	case cbor.Array:
		return "an array"
	case cbor.Map:
		return "a map"
	case cbor.Tag:
		return "a tagged item"
	case cbor.Float:
		return "a float"
	}
	if isNull(k) {
		return "null"
	}
	return "a bool"
}
