package cbor

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"
	"unicode/utf8"
)

// Read adds the one item that data consists of to the tape. It fails with a
// [*SyntaxError] if data is not exactly one deterministic item of the kinds
// that this package knows (the only simple values are false, true and null).
// The item may nest at most [MaxDepth] deep, counted with the depth levels
// around it. After an error the tape must not be used. Every tag is accepted.
// The tape does not refer to data.
func (t *Tape) Read(data []byte, depth int) error {
	r := reader{data: data, tape: t}
	if err := r.item(depth); err != nil {
		return err
	}
	if r.pos != len(data) {
		return r.syntax("bytes after the item")
	}
	return nil
}

// Valid reports, as a [*SyntaxError], why [Tape.Read] would not read data.
func Valid(data []byte) error {
	t := validTapes.Get().(*Tape)
	err := t.Read(data, 0)
	t.Reset()
	if cap(t.Tokens) <= keptTokens {
		validTapes.Put(t)
	}
	return err
}

// keptTokens bounds the tokens that a pooled tape keeps.
const keptTokens = 1 << 12

var validTapes = sync.Pool{New: func() any { return new(Tape) }}

// A reader turns bytes into tokens.
type reader struct {
	data []byte
	pos  int
	tape *Tape
	// text is a copy of data, made when the first text is read. All texts are
	// slices of it: one allocation instead of one for each.
	text string
}

func (r *reader) syntax(reason string) error {
	return &SyntaxError{Offset: r.pos, Reason: reason}
}

func (r *reader) remaining() int { return len(r.data) - r.pos }

// item reads an item below depth levels.
func (r *reader) item(depth int) error {
	if r.pos >= len(r.data) {
		return r.syntax("cut off")
	}
	ib := r.data[r.pos]
	n := uint64(ib & 31)
	if n < shortArg {
		r.pos++
	} else {
		var err error
		if n, err = r.longHead(ib); err != nil {
			return err
		}
	}
	switch kind := Kind(ib >> 5); kind {
	case Uint, Neg:
		r.tape.Tokens = append(r.tape.Tokens, Token{Kind: kind, Size: 1, N: n})
		return nil
	case Bytes:
		from, to, err := r.take(n)
		if err != nil {
			return err
		}
		r.tape.AddBytes(r.data[from:to])
		return nil
	case Text:
		return r.addText(n)
	case Array:
		return r.array(n, depth)
	case Map:
		return r.mapping(n, depth)
	case Tag:
		if depth >= MaxDepth {
			return r.syntax("nested too deep")
		}
		at := r.tape.Open(Tag, n)
		if err := r.item(depth + 1); err != nil {
			return err
		}
		r.tape.Close(at)
		return nil
	}
	return r.other(ib, n)
}

// longHead reads a head whose argument is not in its initial byte. It refuses
// every form that has a shorter one.
func (r *reader) longHead(ib byte) (arg uint64, err error) {
	n := ib & 31
	if n > 27 {
		return 0, r.syntax("indefinite length or reserved head")
	}
	size := 1 << (n - shortArg)
	if r.remaining() < 1+size {
		return 0, r.syntax("cut off")
	}
	b := r.data[r.pos+1:]
	var least uint64
	switch size {
	case 1:
		arg, least = uint64(b[0]), shortArg
	case 2:
		arg, least = uint64(binary.BigEndian.Uint16(b)), math.MaxUint8+1
	case 4:
		arg, least = uint64(binary.BigEndian.Uint32(b)), math.MaxUint16+1
	case 8:
		arg, least = binary.BigEndian.Uint64(b), math.MaxUint32+1
	}
	if ib>>5 == major7 {
		if size == 1 {
			return 0, r.syntax("simple value")
		}
	} else if arg < least {
		return 0, r.syntax("not the shortest head")
	}
	r.pos += 1 + size
	return arg, nil
}

// take moves past n bytes, a length that the input declared.
func (r *reader) take(n uint64) (from, to int, err error) {
	if n > uint64(r.remaining()) {
		return 0, 0, r.syntax("length beyond the end")
	}
	from = r.pos
	r.pos += int(n)
	return from, r.pos, nil
}

func (r *reader) addText(n uint64) error {
	if n > uint64(r.remaining()) {
		return r.syntax("length beyond the end")
	}
	if !IsUTF8(r.data[r.pos : r.pos+int(n)]) {
		return r.syntax("text that is not UTF-8")
	}
	from := r.pos
	r.pos += int(n)
	if n == 0 {
		r.tape.AddText("")
		return nil
	}
	if r.text == "" {
		r.text = string(r.data)
	}
	r.tape.AddText(r.text[from:r.pos])
	return nil
}

// IsUTF8 is [utf8.Valid] for text that is mostly short and ASCII.
func IsUTF8(b []byte) bool { return isASCII(b) || utf8.Valid(b) }

// IsUTF8String is [IsUTF8] for a string.
func IsUTF8String(s string) bool { return isASCII(s) || utf8.ValidString(s) }

func isASCII[S string | []byte](s S) bool {
	if len(s) < 8 {
		seen := byte(0)
		for i := range len(s) {
			seen |= s[i]
		}
		return seen < utf8.RuneSelf
	}
	seen := load64(s[len(s)-8:])
	for ; len(s) > 8; s = s[8:] {
		seen |= load64(s)
	}
	return seen&nonASCII == 0
}

const nonASCII = 0x8080808080808080

// load64 returns the first 8 bytes as one number, the first one lowest.
func load64[S string | []byte](s S) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func (r *reader) array(n uint64, depth int) error {
	if err := r.enter(n, 1, depth); err != nil {
		return err
	}
	at := r.tape.Open(Array, n)
	for range n {
		if err := r.item(depth + 1); err != nil {
			return err
		}
	}
	r.tape.Close(at)
	return nil
}

func (r *reader) mapping(n uint64, depth int) error {
	if err := r.enter(n, 2, depth); err != nil {
		return err
	}
	at := r.tape.Open(Map, n)
	var last []byte
	for range n {
		from := r.pos
		if err := r.item(depth + 1); err != nil {
			return err
		}
		// Keys ascend, so that none is doubled. No key is empty.
		key := r.data[from:r.pos]
		if bytes.Compare(last, key) >= 0 {
			return &SyntaxError{Offset: from, Reason: "map keys out of order or doubled"}
		}
		last = key
		if err := r.item(depth + 1); err != nil {
			return err
		}
	}
	r.tape.Close(at)
	return nil
}

// enter checks that one more level may begin below depth levels. It also checks
// the declared number of parts. Each part takes at least size bytes, so no
// number may claim more than the input can hold.
func (r *reader) enter(n uint64, size, depth int) error {
	if depth >= MaxDepth {
		return r.syntax("nested too deep")
	}
	if n > uint64(r.remaining()/size) {
		return r.syntax("length beyond the end")
	}
	return nil
}

func (r *reader) other(ib byte, bits uint64) error {
	switch ib {
	case False, True, Null:
		r.tape.AddSimple(ib)
		return nil
	case head16, head32, head64:
		f, err := r.float(ib, bits)
		if err != nil {
			return err
		}
		r.tape.AddFloat(f)
		return nil
	}
	return r.syntax("simple value")
}

// float returns the value of a float's head, which must be the shortest one.
func (r *reader) float(ib byte, bits uint64) (float64, error) {
	f, reason := FloatOf(ib, bits)
	if reason != "" {
		return 0, r.syntax(reason)
	}
	return f, nil
}

// FloatOf returns the value of a float's head, or an error if the float has
// another head.
func FloatOf(ib byte, bits uint64) (f float64, reason string) {
	shortest := true
	switch ib {
	case head16:
		if bits&0x7c00 == 0x7c00 && bits&0x3ff != 0 {
			if bits != 0x7e00 {
				return 0, "a NaN other than f97e00"
			}
			return math.NaN(), ""
		}
		return fromHalf(uint16(bits)), ""
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
	switch {
	case f != f:
		return 0, "a NaN other than f97e00"
	case !shortest:
		return 0, "not the shortest float"
	}
	return f, ""
}
