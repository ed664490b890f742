package pack

import (
	"encoding/binary"
	"math"
)

// The major types of CBOR (RFC 8949, Section 3.1).
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorOther
)

const (
	ibFloat16  = 0xf9
	ibFloat32  = 0xfa
	ibFloat64  = 0xfb
	maxHead    = 9  // bytes
	maxDepth   = 64 // levels of arrays, maps and tags
	argument8  = 24 // additional information: the argument is in the next byte
	argument64 = 27 // the argument is in the next 8 bytes
)

// headSize returns how many bytes the head has that begins with ib, and 0 if
// none may begin so.
func headSize(ib byte) int {
	switch ai := ib & 31; {
	case ai < argument8:
		return 1
	case ai <= argument64:
		return 1 + 1<<(ai-argument8)
	}
	return 0
}

// readHead reads the head at the beginning of b, which is whole.
func readHead(b []byte) (major byte, arg uint64, size int) {
	if ai := b[0] & 31; ai < argument8 {
		return b[0] >> 5, uint64(ai), 1
	}
	return readLongHead(b)
}

func readLongHead(b []byte) (major byte, arg uint64, size int) {
	size = headSize(b[0])
	for _, c := range b[1:size] {
		arg = arg<<8 | uint64(c)
	}
	return b[0] >> 5, arg, size
}

// appendHead appends the shortest head.
func appendHead(dst []byte, major byte, arg uint64) []byte {
	ib := major << 5
	switch {
	case arg < argument8:
		return append(dst, ib|byte(arg))
	case arg < 1<<8:
		return append(dst, ib|argument8, byte(arg))
	case arg < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, ib|(argument8+1)), uint16(arg))
	case arg < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, ib|(argument8+2)), uint32(arg))
	}
	return binary.BigEndian.AppendUint64(append(dst, ib|argument64), arg)
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// skip returns the end of the item that begins at i, in b, which is whole and
// well-formed.
func skip(b []byte, i int) int {
	if n := int(b[i]) - majorText<<5; n >= 0 && n < argument8 {
		return i + 1 + n // a short text, as most keys are
	}
	return skipAny(b, i)
}

func skipAny(b []byte, i int) int {
	for n := uint64(1); n > 0; n-- {
		major, arg, size := readHead(b[i:])
		i += size
		switch major {
		case majorBytes, majorText:
			i += int(arg)
		case majorArray:
			n += arg
		case majorMap:
			n += 2 * arg
		case majorTag:
			n++
		}
	}
	return i
}

func isContainer(ib byte) bool { return ib>>5 == majorArray || ib>>5 == majorMap }

// isIndex reports whether a key is a number, in either spelling. A map with
// such keys is a list in many a language.
func isIndex(key []byte) bool {
	if n := key[0] - majorText<<5; n-1 < argument8-1 && key[1] > '9' {
		return false // as most keys are
	}
	return isNumber(key)
}

func isNumber(key []byte) bool {
	major, _, size := readHead(key)
	if major == majorUint {
		return true
	}
	if major != majorText || len(key) == size {
		return false
	}
	for _, c := range key[size:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// floatOf returns the float whose head is given.
func floatOf(ib byte, arg uint64) (f float64, ok bool) {
	switch ib {
	case ibFloat16:
		return fromHalf(uint16(arg)), true
	case ibFloat32:
		return float64(math.Float32frombits(uint32(arg))), true
	case ibFloat64:
		return math.Float64frombits(arg), true
	}
	return 0, false
}

// fromHalf returns a float of 16 bits.
func fromHalf(h uint16) float64 {
	sign, exp, frac := uint64(h>>15), int(h>>10&31), float64(h&1023)
	f := 0.0
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 31:
		f = math.Inf(1)
		if frac != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(1024+frac, exp-25)
	}
	return math.Float64frombits(math.Float64bits(f) | sign<<63)
}

// appendFloat appends the shortest head of a float of at least 0.
func appendFloat(dst []byte, f float64) []byte {
	if h := toHalf(f); fromHalf(h) == f {
		return append(dst, ibFloat16, byte(h>>8), byte(h))
	}
	if s := float32(f); float64(s) == f {
		return binary.BigEndian.AppendUint32(append(dst, ibFloat32), math.Float32bits(s))
	}
	return binary.BigEndian.AppendUint64(append(dst, ibFloat64), math.Float64bits(f))
}

// toHalf returns the float of 16 bits that a float of at least 0 may be.
func toHalf(f float64) uint16 {
	if f > 65504 {
		return 0
	}
	if f < 1.0/(1<<14) {
		return uint16(f * (1 << 24))
	}
	frac, exp := math.Frexp(f) // 0.5 <= frac < 1
	return uint16(exp+14)<<10 | uint16(frac*2048)&1023
}
