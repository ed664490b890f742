package cbor

import (
	"encoding/binary"
	"math"
)

// Initial bytes of floats.
const (
	major7   = 7
	head16   = 0xf9 // binary16 follows
	head32   = 0xfa
	head64   = 0xfb
	maxHead  = 9  // bytes
	shortArg = 24 // a less argument is in the initial byte
)

// appendHead appends the shortest head of a major type with argument n.
func appendHead(dst []byte, major Kind, n uint64) []byte {
	ib := byte(major) << 5
	switch {
	case n < shortArg:
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

// HeadSize is the length of the shortest head with argument n, in bytes.
func HeadSize(n uint64) int {
	switch {
	case n < shortArg:
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

// floatSize is how many bytes [appendFloat] appends.
func floatSize(f float64) int {
	if f != f {
		return 3
	}
	f32 := float32(f)
	if float64(f32) != f {
		return 9
	}
	if _, ok := toHalf(f32); ok {
		return 3
	}
	return 5
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
