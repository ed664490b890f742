package pack

import "encoding/binary"

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
