package cbor

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
)

// MaxDepth is how deep items nest: every array, map and tag is a level, and the
// item itself, if it is one, is the first.
const MaxDepth = 64

// A Kind is the kind of item that a token begins: a major type (RFC 8949,
// Section 3.1), or one of the two kinds that major type 7 has here. Their order
// is that of encodings.
type Kind uint8

const (
	Uint   Kind = iota // N
	Neg                // -1 - N
	Bytes              // see [Tape.Bytes]
	Text               // S
	Array              // of N items, which follow
	Map                // of N pairs of items, which follow
	Tag                // number N, over the item that follows
	Simple             // False, True or Null
	Float              // math.Float64bits is N; there is one NaN
)

// Simple values: N of a token is the byte that it is stored as.
const (
	False = 0xf4
	True  = 0xf5
	Null  = 0xf6
)

// A Token is the head of an item, with the content of a string.
type Token struct {
	Kind Kind
	Key  uint16 // of a map's key: its number in the dictionary of whoever packs the tape, and 1; or 0, if it has none or nobody looked
	Size uint32 // of the item, in tokens
	N    uint64
	S    string
}

// A Tape is one item as tokens, in CBOR's order. Go values, CBOR and packed
// bits are turned into each other through it. A writer of a tape makes its item
// deterministic, so a reader need not check that again.
//
// The zero Tape is empty. Its buffers are used again after [Tape.Reset].
type Tape struct {
	Tokens []Token // those beyond its length are zero
	Data   []byte  // of byte strings

	// For whoever reads the tape into a Go value.
	Pos     int  // the next token
	Inexact bool // something is stored otherwise than it was read, or nobody asks: a string in another spelling than the encoder's, a key that the type does not know, a converted number, a stored zero
}

// Reset empties a tape. The tokens are cleared, since they hold on to strings.
func (t *Tape) Reset() {
	clear(t.Tokens)
	clear(t.Data)
	t.Tokens, t.Data = t.Tokens[:0], t.Data[:0]
}

// Bytes returns the content of a byte string, which is the tape's.
func (t *Tape) Bytes(k *Token) []byte {
	from, to := k.N>>32, k.N&math.MaxUint32
	return t.Data[from:to:to]
}

// Room makes room for two tokens.
func (t *Tape) Room() {
	if cap(t.Tokens)-len(t.Tokens) < 2 {
		t.Tokens = slices.Grow(t.Tokens, 2)
	}
}

// Next adds a zero token, for which there has to be room.
func (t *Tape) Next() *Token {
	n := len(t.Tokens)
	t.Tokens = t.Tokens[:n+1]
	return &t.Tokens[n]
}

// Add adds a token, and returns it for what else is to be set. It is made where
// it stays: of one that was just made elsewhere, a copy waits for all its
// parts, and is slow while garbage is collected.
func (t *Tape) Add(kind Kind, n uint64) *Token {
	t.Room()
	k := t.Next()
	k.Kind, k.Size, k.N = kind, 1, n
	return k
}

// AddUint adds an unsigned integer.
func (t *Tape) AddUint(n uint64) { t.Add(Uint, n) }

// AddInt adds an integer.
func (t *Tape) AddInt(n int64) {
	k := IntToken(n)
	t.Add(k.Kind, k.N)
}

// IntToken returns the token of an integer.
func IntToken(n int64) Token {
	if n < 0 {
		return Token{Kind: Neg, Size: 1, N: uint64(^n)} // -1 - n
	}
	return Token{Kind: Uint, Size: 1, N: uint64(n)}
}

// AddFloat adds a float. Every NaN becomes the one NaN.
func (t *Tape) AddFloat(f float64) {
	if f != f {
		f = math.NaN()
	}
	t.Add(Float, math.Float64bits(f))
}

// AddSimple adds a simple value.
func (t *Tape) AddSimple(b byte) {
	t.Add(Simple, uint64(b))
}

// AddBool adds true or false.
func (t *Tape) AddBool(b bool) {
	if b {
		t.AddSimple(True)
	} else {
		t.AddSimple(False)
	}
}

// AddText adds a text. The caller knows that s is UTF-8.
func (t *Tape) AddText(s string) { t.Add(Text, 0).S = s }

// AddBytes adds a byte string. Its content is copied.
func (t *Tape) AddBytes(b []byte) {
	from := len(t.Data)
	t.Data = append(t.Data, b...)
	t.AddData(from)
}

// AddData adds a byte string: the bytes that the caller has appended to Data.
func (t *Tape) AddData(from int) {
	t.Add(Bytes, uint64(from)<<32|uint64(len(t.Data)))
}

// Open begins an array, a map or a tag, and returns its place for [Tape.Close].
func (t *Tape) Open(k Kind, n uint64) (at int) {
	t.Add(k, n)
	return len(t.Tokens) - 1
}

// Close ends the array, map or tag that was opened there.
func (t *Tape) Close(at int) { t.Tokens[at].Size = uint32(len(t.Tokens) - at) }

// Len returns how many bytes the item at a place has as CBOR.
func (t *Tape) Len(at int) int {
	return t.len(at, at+int(t.Tokens[at].Size))
}

// Offset returns how many bytes of CBOR come before a token.
func (t *Tape) Offset(at int) int { return t.len(0, at) }

func (t *Tape) len(from, to int) (n int) {
	tokens := t.Tokens[from:to]
	for i := range tokens {
		// Most tokens are short texts, which have no N, or heads of one byte.
		k := &tokens[i]
		if k.N+uint64(len(k.S)) < shortArg && k.Kind != Bytes && k.Kind != Float {
			n += 1 + len(k.S)
		} else {
			n += t.TokenLen(k)
		}
	}
	return n
}

// TokenLen returns how many bytes a token takes.
func (t *Tape) TokenLen(k *Token) int {
	switch k.Kind {
	case Text:
		return HeadSize(uint64(len(k.S))) + len(k.S)
	case Bytes:
		n := len(t.Bytes(k))
		return HeadSize(uint64(n)) + n
	case Simple:
		return 1
	case Float:
		return floatSize(math.Float64frombits(k.N))
	}
	return HeadSize(k.N)
}

// Equal reports whether two tapes have the same item.
func (t *Tape) Equal(u *Tape) bool {
	if len(t.Tokens) != len(u.Tokens) {
		return false
	}
	for i := range t.Tokens {
		if !equalTokens(t, &t.Tokens[i], u, &u.Tokens[i]) {
			return false
		}
	}
	return true
}

func equalTokens(t *Tape, a *Token, u *Tape, b *Token) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case a.Kind == Text:
		return a.S == b.S
	case a.Kind == Bytes:
		return bytes.Equal(t.Bytes(a), u.Bytes(b))
	}
	return a.N == b.N
}

// Same reports whether the items at two places are the same.
func (t *Tape) Same(i, j int) bool {
	n := t.Tokens[i].Size
	if n != t.Tokens[j].Size {
		return false
	}
	for end := i + int(n); i < end; i, j = i+1, j+1 {
		if !equalTokens(t, &t.Tokens[i], t, &t.Tokens[j]) {
			return false
		}
	}
	return true
}

// Compare orders the items at two places by their encodings, as the keys of a
// map are. No item's encoding begins another one's, so the first token in which
// the two differ decides.
func (t *Tape) Compare(i, j int) int {
	end := i + int(t.Tokens[i].Size)
	for ; i < end; i, j = i+1, j+1 {
		if c := t.CompareToken(&t.Tokens[i], &t.Tokens[j]); c != 0 {
			return c
		}
	}
	return 0
}

// CompareToken orders two tokens by their encodings.
func (t *Tape) CompareToken(a, b *Token) int {
	if a.Kind == Bytes && b.Kind == Bytes {
		x, y := t.Bytes(a), t.Bytes(b)
		if c := cmp.Compare(len(x), len(y)); c != 0 {
			return c
		}
		return bytes.Compare(x, y)
	}
	return CompareTokens(a, b)
}

// CompareTokens orders two tokens that are not both byte strings.
func CompareTokens(a, b *Token) int {
	switch {
	case a.Kind != b.Kind:
		return int(a.Kind) - int(b.Kind)
	case a.Kind == Text:
		if len(a.S) != len(b.S) {
			return cmp.Compare(len(a.S), len(b.S)) // the heads have the lengths
		}
		return strings.Compare(a.S, b.S)
	case a.Kind == Float:
		var x, y [maxHead]byte
		return bytes.Compare(appendFloat(x[:0], math.Float64frombits(a.N)), appendFloat(y[:0], math.Float64frombits(b.N)))
	}
	return cmp.Compare(a.N, b.N)
}

// Append appends the CBOR of the tape's item to dst.
func (t *Tape) Append(dst []byte) []byte { return t.AppendItem(dst, 0) }

// AppendItem appends the CBOR of the item at a place to dst.
func (t *Tape) AppendItem(dst []byte, at int) []byte {
	item := t.Tokens[at : at+int(t.Tokens[at].Size)]
	for i := range item {
		dst = t.AppendToken(dst, &item[i])
	}
	return dst
}

// AppendToken appends a head, and the content of a string.
func (t *Tape) AppendToken(dst []byte, k *Token) []byte {
	switch k.Kind {
	case Text:
		return append(appendHead(dst, Text, uint64(len(k.S))), k.S...)
	case Bytes:
		b := t.Bytes(k)
		return append(appendHead(dst, Bytes, uint64(len(b))), b...)
	case Simple:
		return append(dst, byte(k.N))
	case Float:
		return appendFloat(dst, math.Float64frombits(k.N))
	}
	return appendHead(dst, k.Kind, k.N)
}
