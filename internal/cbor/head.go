package cbor

import (
	"encoding/binary"
	"math"
)

// Major types, RFC 8949, Section 3.1.
const (
	majorUint  = 0
	majorNeg   = 1
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
	majorTag   = 6
	majorOther = 7
)

// Initial bytes of major type 7.
const (
	simpleFalse = 0xf4
	simpleTrue  = 0xf5
	simpleNull  = 0xf6
	head16      = 0xf9 // binary16 follows
	head32      = 0xfa
	head64      = 0xfb
)

// appendHead appends the shortest head of a major type with argument n.
func appendHead(dst []byte, major byte, n uint64) []byte {
	ib := major << 5
	switch {
	case n < 24:
		return append(dst, ib|byte(n))
	case n <= math.MaxUint8:
		return append(dst, ib|24, byte(n))
	case n <= math.MaxUint16:
		return append(dst, ib|25, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, ib|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, ib|27), n)
}

// headSize is the length of the shortest head with argument n, in bytes.
func headSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n <= math.MaxUint8:
		return 2
	case n <= math.MaxUint16:
		return 3
	case n <= math.MaxUint32:
		return 5
	}
	return 9
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNeg, uint64(^n)) // -1 - n
	}
	return appendHead(dst, majorUint, uint64(n))
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, simpleTrue)
	}
	return append(dst, simpleFalse)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

// appendText appends a text string. The caller knows that s is UTF-8.
func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// appendFloat appends f in the shortest of the three widths that holds it
// exactly. Every NaN becomes the one NaN, f97e00.
func appendFloat(dst []byte, f float64) []byte {
	if f != f {
		return append(dst, head16, 0x7e, 0x00)
	}
	f32 := float32(f)
	if float64(f32) != f {
		return binary.BigEndian.AppendUint64(append(dst, head64), math.Float64bits(f))
	}
	if h, ok := toHalf(f32); ok {
		return append(dst, head16, byte(h>>8), byte(h))
	}
	return binary.BigEndian.AppendUint32(append(dst, head32), math.Float32bits(f32))
}

// toHalf returns f as binary16, if that holds it exactly. f is not NaN.
func toHalf(f float32) (h uint16, exact bool) {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	exp := int(bits>>23&0xff) - 127
	frac := bits & (1<<23 - 1)
	switch {
	case exp == -127: // zero; binary32's subnormals are too small for binary16
		return sign, frac == 0
	case exp == 128: // infinity
		return sign | 0x7c00, true
	case exp > 15 || exp < -24:
		return 0, false
	case exp >= -14: // normal: 10 of the 23 fraction bits
		return sign | uint16(exp+15)<<10 | uint16(frac>>13), frac&(1<<13-1) == 0
	}
	// Subnormal: the fraction with its leading one, in units of 2^-24.
	frac |= 1 << 23
	shift := uint(-exp - 1) // 14 at exp -15: 23 fraction bits, less 24-15
	return sign | uint16(frac>>shift), frac&(1<<shift-1) == 0
}

// fromHalf returns the value of a binary16. It is not called for NaN.
func fromHalf(h uint16) float64 {
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	var f float64
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 31:
		f = math.Inf(1)
	default:
		f = math.Ldexp(1024+frac, exp-25)
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}
