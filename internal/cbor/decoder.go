package cbor

import (
	"encoding/binary"
	"math"
	"sync"
	"unicode/utf8"
)

// decoder reads one item. It lives in a pool; nothing that it hands out refers
// to data, which belongs to the caller and may be used again.
type decoder struct {
	data []byte
	pos  int

	// text is a copy of data, made when the first string is read. All strings
	// are slices of it: one allocation instead of one for each.
	text string

	// respelled: a string was in another spelling than the encoder's. changed:
	// anything else that encodes otherwise than it was read: a key that the
	// type does not know, a converted number, a stored zero.
	respelled, changed bool
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(data []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.data = data
	return d
}

func (d *decoder) free() {
	*d = decoder{}
	decoders.Put(d)
}

// end checks that the item was all there is.
func (d *decoder) end() error {
	if d.pos != len(d.data) {
		return d.syntax("bytes after the item")
	}
	return nil
}

func (d *decoder) syntax(reason string) error {
	return &SyntaxError{Offset: d.pos, Reason: reason}
}

func (d *decoder) remaining() int { return len(d.data) - d.pos }

// head reads a head: its initial byte and its argument, which for a float is
// its bits. It refuses every form that has a shorter one.
func (d *decoder) head() (ib byte, arg uint64, err error) {
	if d.pos >= len(d.data) {
		return 0, 0, d.syntax("cut off")
	}
	ib = d.data[d.pos]
	if n := ib & 31; n < 24 {
		d.pos++
		return ib, uint64(n), nil
	}
	return d.longHead(ib)
}

func (d *decoder) longHead(ib byte) (byte, uint64, error) {
	n := ib & 31
	if n > 27 {
		return 0, 0, d.syntax("indefinite length or reserved head")
	}
	size := 1 << (n - 24)
	if d.remaining() < 1+size {
		return 0, 0, d.syntax("cut off")
	}
	b := d.data[d.pos+1:]
	var arg, least uint64
	switch size {
	case 1:
		arg, least = uint64(b[0]), 24
	case 2:
		arg, least = uint64(binary.BigEndian.Uint16(b)), math.MaxUint8+1
	case 4:
		arg, least = uint64(binary.BigEndian.Uint32(b)), math.MaxUint16+1
	case 8:
		arg, least = binary.BigEndian.Uint64(b), math.MaxUint32+1
	}
	if ib>>5 == majorOther {
		if size == 1 {
			return 0, 0, d.syntax("simple value")
		}
	} else if arg < least {
		return 0, 0, d.syntax("not the shortest head")
	}
	d.pos += 1 + size
	return ib, arg, nil
}

// peek returns the next initial byte, or 0xff (which begins nothing) at the
// end.
func (d *decoder) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0xff
}

// null reads a null if one is next.
func (d *decoder) null() bool {
	if d.peek() != simpleNull {
		return false
	}
	d.pos++
	return true
}

// float returns the value of a float head, which must be the shortest one.
func (d *decoder) float(ib byte, bits uint64) (float64, error) {
	var f float64
	shortest := true
	switch ib {
	case head16:
		if bits&0x7c00 == 0x7c00 && bits&0x3ff != 0 {
			if bits != 0x7e00 {
				return 0, d.syntax("a NaN other than f97e00")
			}
			return math.NaN(), nil
		}
		return fromHalf(uint16(bits)), nil
	case head32:
		f32 := math.Float32frombits(uint32(bits))
		if f = float64(f32); f == f {
			_, short := toHalf(f32)
			shortest = !short
		}
	case head64:
		f = math.Float64frombits(bits)
		shortest = float64(float32(f)) != f
	}
	if f != f {
		return 0, d.syntax("a NaN other than f97e00")
	}
	if !shortest {
		return 0, d.syntax("not the shortest float")
	}
	return f, nil
}

// take moves past n bytes, a length that the input declared.
func (d *decoder) take(n uint64) (from, to int, err error) {
	if n > uint64(d.remaining()) {
		return 0, 0, d.syntax("length beyond the end")
	}
	from = d.pos
	d.pos += int(n)
	return from, d.pos, nil
}

// bytes returns the next n bytes of the input itself.
func (d *decoder) bytes(n uint64) ([]byte, error) {
	from, to, err := d.take(n)
	if err != nil {
		return nil, err
	}
	return d.data[from:to:to], nil
}

// utf8 returns the next n bytes, which must be UTF-8, as a string.
func (d *decoder) utf8(n uint64) (string, error) {
	rest := d.data[d.pos:]
	if n > uint64(len(rest)) {
		return "", d.syntax("length beyond the end")
	}
	if !isUTF8(rest[:n]) {
		return "", d.syntax("text that is not UTF-8")
	}
	d.pos += int(n)
	return d.slice(d.pos-int(n), d.pos), nil
}

// isUTF8 is [utf8.Valid] for text that is mostly short and ASCII.
func isUTF8(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf || i == 16 {
			return utf8.Valid(b[i:])
		}
	}
	return true
}

// slice returns a part of the input as a string.
func (d *decoder) slice(from, to int) string {
	if d.text == "" {
		if from == to {
			return ""
		}
		d.text = string(d.data)
	}
	return d.text[from:to]
}

// count checks the declared number of elements of a list, each of which takes
// at least size bytes, so no one claims more than the input can hold.
func (d *decoder) count(n uint64, size int) (int, error) {
	if n > uint64(d.remaining()/size) {
		return 0, d.syntax("length beyond the end")
	}
	return int(n), nil
}

// A list or map is made with room for what it declares up to this many bytes;
// beyond that it grows with what is really there.
const preallocate = 4096

// room returns how many elements of a size to make room for, of n declared.
func room(n int, size uintptr) int {
	return min(n, int(preallocate/max(size, 1)))
}

// kindOf names the kind of an item by its initial byte, for messages.
func kindOf(ib byte) string {
	switch ib >> 5 {
	case majorUint, majorNeg:
		return "an integer"
	case majorBytes:
		return "a byte string"
	case majorText:
		return "a text string"
	case majorArray:
		return "an array"
	case majorMap:
		return "a map"
	case majorTag:
		return "a tagged item"
	}
	switch ib {
	case simpleFalse, simpleTrue:
		return "a bool"
	case simpleNull:
		return "null"
	case head16, head32, head64:
		return "a float"
	}
	return "a simple value"
}
