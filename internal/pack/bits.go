package pack

import "encoding/binary"

// writer appends bits, the most significant one first. Bits wait in acc until
// there are 32.
type writer struct {
	dst   []byte
	acc   uint64
	n     uint // bits in acc, less than 32
	start int  // of the bits in dst
}

// write appends the lowest n bits of v, which has no others. n is at most 32.
// That it is below 64 is said to the compiler, which then adds no test.
func (w *writer) write(v uint64, n uint) {
	w.acc = w.acc<<(n&63) | v
	w.n += n
	if w.n >= 32 {
		w.flush()
	}
}

// flush moves 32 bits to dst.
func (w *writer) flush() {
	w.n -= 32
	v := w.acc >> (w.n & 63)
	w.dst = append(w.dst, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

func (w *writer) write64(v uint64, n uint) {
	if n > 32 {
		w.write(v>>32, n-32)
		v, n = v&(1<<32-1), 32
	}
	w.write(v, n)
}

func (w *writer) bytes(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		w.write(uint64(binary.BigEndian.Uint32(b)), 32)
	}
	for _, c := range b {
		w.write(uint64(c), 8)
	}
}

// bits returns how many bits were written.
func (w *writer) bits() int { return (len(w.dst)-w.start)*8 + int(w.n) }

// close fills the last byte with zeros.
func (w *writer) close() []byte {
	for w.n > 0 {
		k := min(w.n, 8)
		w.n -= k
		w.dst = append(w.dst, byte(w.acc>>w.n<<(8-k)))
	}
	return w.dst
}

// reader reads bits. Beyond the end there are zeros; over tells.
type reader struct {
	src []byte // what is read, and readerPad bytes
	pos int    // in bits
	end int    // in bits
}

const readerPad = 8 // bytes, so that a word can be read up to the end

// reset lets r read src, from its beginning. It takes a copy.
func (r *reader) reset(src []byte) {
	r.src = append(append(r.src[:0], src...), make([]byte, readerPad)...)
	r.pos, r.end = 0, 8*len(src)
}

// peek returns the next bits in the highest places of a word: at least 57, if
// there are so many.
func (r *reader) peek() uint64 { return r.at(r.pos) }

// at is peek at another place.
func (r *reader) at(pos int) uint64 {
	i := uint(pos) >> 3
	if i+8 > uint(len(r.src)) {
		return 0
	}
	return binary.BigEndian.Uint64(r.src[i:i+8:i+8]) << (pos & 7)
}

// read returns the next n bits, at most 32.
func (r *reader) read(n uint) uint64 {
	v := r.peek() >> (64 - n) // Go shifts by 64 to zero
	r.pos += int(n)
	return v
}

func (r *reader) read64(n uint) uint64 {
	if n <= 32 {
		return r.read(n)
	}
	v := r.read(n - 32)
	return v<<32 | r.read(32)
}

// over reports whether more was read than there is.
func (r *reader) over() bool { return r.pos > r.end }

// left returns how many bits are left, and less than 0 if too many were read.
func (r *reader) left() int { return r.end - r.pos }

// atEnd reports whether nothing is left but the zeros that fill the last byte.
func (r *reader) atEnd() bool {
	n := r.left()
	return n >= 0 && n < 8 && r.peek() == 0
}
