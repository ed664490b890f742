package pack

import (
	"math"
	"math/bits"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack/form"
)

// A Packer has one set of tables. Several goroutines may use it at a time.
type Packer struct{ tables *tables }

// A Coder packs and unpacks, for one goroutine at a time.
type Coder struct {
	decoder decoder
	encoder *encoder // nil before the first use: it takes 22 KB
}

// prepared are the tables of version 1 as newTables makes them, in v1_gen.go.
// The linker lays them out, so a process makes nothing at its start, and reads
// from its file what it uses: memory that is new to it would cost more than all
// else. It is nil while that file is made anew.
var prepared *tables

// New returns a Packer for tables, which must not change any more.
func New(f *form.Tables) *Packer {
	if prepared != nil && prepared.Tables == f {
		return &Packer{prepared}
	}
	return &Packer{newTables(f)}
}

// NewCoder returns a Coder that has buffers of its own.
func (p *Packer) NewCoder() *Coder {
	return &Coder{decoder: newDecoder(p.tables)}
}

// An encoder packs the item of one tape. Places are those of tokens.
type encoder struct {
	w      writer
	tables *tables
	tape   *cbor.Tape
	parser parser
	trace  *tracer // of ExplainTape
	depth  int     // levels that are open
	head   []byte  // that is being written, or a text

	inJSON   bool
	inner    cbor.Tape // of the JSON texts that are open
	json     jsonWriter
	jsonText []byte
}

// code writes a code with its length in the lowest 4 bits.
func (e *encoder) code(c uint16) { e.w.write(uint64(c>>4), uint(c&15)) }

func (e *encoder) flag(b bool) {
	if b {
		e.w.write(1, 1)
	} else {
		e.w.write(0, 1)
	}
}

// numberKey writes a key that is the text of a number, unless it has a zero in
// front, or no symbol fits.
func (e *encoder) numberKey(digits string, code uint16) bool {
	if len(digits) == 0 || len(digits) > maxDigits || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	n := uint64(0)
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return false
		}
		n = 10*n + uint64(c-'0')
	}
	if !e.tables.fits(n, form.KeyNumber) {
		return false
	}
	e.code(code)
	return e.unsigned(nil, n, form.KeyNumber)
}

// maxDigits is how many digits a number may have that is sure to fit 64 bits.
const maxDigits = 19

// heads writes heads that follow each other: tags, and the head of what they
// enclose. Each symbol is the longest that there is; the rest of its head
// follows it.
func (e *encoder) heads(b []byte, model uint8) {
	for len(b) > 0 {
		n, code := e.longestHead(b, model)
		e.code(code)
		end := 0
		for end < max(n, 1) {
			end += headSize(b[end])
		}
		e.w.bytes(b[n:end])
		b = b[end:]
	}
}

// longestHead returns the code of the longest symbol that b begins with, and
// how long that is.
func (e *encoder) longestHead(b []byte, model uint8) (n int, code uint16) {
	for n := len(b); n > 1; n-- {
		if code := e.tables.headCode(model, b[:n]); code != 0 {
			return n, code
		}
	}
	c := &e.tables.models[model]
	if code := c.heads[b[0]]; code != 0 {
		return 1, code
	}
	return 0, c.raw
}

// unsigned writes an unsigned integer under tags, which may be none, unless no
// symbol fits.
func (e *encoder) unsigned(tags []byte, n uint64, model uint8) bool {
	c := &e.tables.models[model]
	codes := c.tagged
	if len(tags) == 0 {
		if n < argument8 && c.heads[n] != 0 {
			e.code(c.heads[n])
			return true
		}
		codes = c.ints.of(n)
	}
	return e.number(codes, tags, n)
}

// number writes a number by the cheapest of the symbols that fit, if any.
func (e *encoder) number(codes []intCode, tags []byte, n uint64) bool {
	var best intCode
	least := ^uint(0)
	for _, i := range codes {
		s := &e.tables.Values[i.symbol]
		if s.Bytes != string(tags) || n < s.Base || (n-s.Base)>>s.Bits != 0 {
			continue
		}
		if cost := uint(i.code&15) + uint(s.Bits); cost < least {
			best, least = i, cost
		}
	}
	if best.code == 0 {
		return false
	}
	s := &e.tables.Values[best.symbol]
	e.code(best.code)
	e.w.write64(n-s.Base, uint(s.Bits))
	return true
}

// whole writes a float that is a whole number, unless no symbol fits.
func (e *encoder) whole(f float64, model uint8) bool {
	if !(f >= 0 && f < maxWhole) || f != math.Trunc(f) || math.Signbit(f) {
		return false
	}
	n := uint64(f)
	return e.number(e.tables.models[model].wholes.of(n), nil, n)
}

// maxWhole bounds the floats that whole writes: below it every whole number is
// exact.
const maxWhole = 1 << 52

// hundredths writes a float that is a number of hundredths, unless no symbol
// fits.
func (e *encoder) hundredths(f float64, model uint8) bool {
	if !(f > 0 && f < maxHundredths) {
		return false
	}
	n := uint64(math.RoundToEven(f * 100))
	if n%25 == 0 || float64(n)/100 != f {
		return false
	}
	size := bits.Len64(n) - 1
	code := e.tables.models[model].hundredths[size]
	if code == 0 {
		return false
	}
	e.code(code)
	e.w.write(n-1<<size, uint(size))
	return true
}

// maxHundredths bounds such floats so that none of them is exact in fewer than
// 64 bits: a decoder need not look for a shorter float.
const maxHundredths = 1 << 24 / 100
