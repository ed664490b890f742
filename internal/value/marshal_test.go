package value_test

import (
	"encoding"
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type onlyMarshals int

func (onlyMarshals) MarshalText() ([]byte, error) { return nil, nil }

type onlyUnmarshals int

func (*onlyUnmarshals) UnmarshalBinary([]byte) error { return nil }

type binaryOnly struct{ n byte }

func (b binaryOnly) MarshalBinary() ([]byte, error) { return []byte{b.n}, nil }

func (b *binaryOnly) UnmarshalBinary(data []byte) error {
	if len(data) != 1 {
		return errors.New("not one byte: secret")
	}
	b.n = data[0]
	return nil
}

type color string

func (c color) MarshalText() ([]byte, error) {
	if c == "bad" {
		return nil, errors.New("secret")
	}
	return []byte("#" + c), nil
}

func (c *color) UnmarshalText(b []byte) error {
	*c = color(strings.TrimPrefix(strings.ToLower(string(b)), "#"))
	return nil
}

type both struct{ s string }

func (b both) MarshalBinary() ([]byte, error)  { return []byte(b.s), nil }
func (b *both) UnmarshalBinary(p []byte) error { b.s = string(p); return nil }
func (b both) MarshalText() ([]byte, error)    { return []byte("text:" + b.s), nil }
func (b *both) UnmarshalText(p []byte) error {
	b.s = strings.TrimPrefix(string(p), "text:")
	return nil
}
func (b both) MarshalJSON() ([]byte, error)  { panic("not used") }
func (b both) GobEncode() ([]byte, error)    { panic("not used") }
func (b *both) UnmarshalJSON(p []byte) error { panic("not used") }
func (b *both) GobDecode(p []byte) error     { panic("not used") }

type gobOnly struct{ N int }

func (g gobOnly) GobEncode() ([]byte, error)   { panic("not used") }
func (g *gobOnly) GobDecode([]byte) error      { panic("not used") }
func (g gobOnly) MarshalJSON() ([]byte, error) { panic("not used") }
func (g *gobOnly) UnmarshalJSON([]byte) error  { panic("not used") }

// aliasing keeps its argument, against the rules of its interface.
type aliasing struct{ p []byte }

func (a aliasing) MarshalBinary() ([]byte, error)  { return a.p, nil }
func (a *aliasing) UnmarshalBinary(p []byte) error { a.p = p; return nil }

type stamped struct {
	time.Time
	Note string
}

func (s stamped) MarshalText() ([]byte, error)   { return []byte(s.Note), nil }
func (s *stamped) UnmarshalText(p []byte) error  { s.Note = string(p); return nil }
func (s stamped) MarshalBinary() ([]byte, error) { return []byte(s.Note), nil }
func (s *stamped) UnmarshalBinary(p []byte) error {
	s.Note = string(p)
	return nil
}

var _ encoding.BinaryMarshaler = both{}

func TestMarshalers(t *testing.T) {
	unexported := cmp.AllowUnexported(both{}, binaryOnly{}, aliasing{})
	same(t, color("red"), "64 23726564")
	same(t, []color{""}, "81 61 23")
	same(t, map[color]int{"red": 1}, "a1 6423726564 01")
	same(t, both{"ab"}, "42 6162", unexported)
	same(t, &both{"ab"}, "42 6162", unexported)
	same(t, struct{ B both }{}, "a0", unexported)
	same(t, map[color]both{"a": {"x"}}, "a1 622361 4178", unexported)
	same(t, gobOnly{5}, "a1 614e 05")
	same(t, big.NewInt(12345678), "68 3132333435363738", cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }))
	same(t, netip.MustParseAddr("192.0.2.1"), "44 c0000201", cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
	same(t, map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, "a1 633a3a31 01",
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
	same(t, url.URL{Scheme: "https", Host: "example.com", Path: "/a"}, "55 68747470733a2f2f6578616d706c652e636f6d2f61")
	same(t, stamped{Note: "own methods"}, "")
	same(t, struct{ A aliasing }{aliasing{[]byte("kept")}}, "", unexported)

	if _, err := tryEncode(color("bad")); !isValue(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a failing MarshalText: %v", err)
	}
	_, _, err := tryDecode[binaryOnly]([]byte{0x40})
	if !isValue(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a failing UnmarshalBinary: %v", err)
	}
	if v, exact := decode[color](t, unhex(t, "64 23524544")); v != "red" || exact {
		t.Errorf("a text that MarshalText writes otherwise: %v, exact %v", v, exact)
	}
	// Two keys that are one in Go, or one once stored.
	refused[map[color]int](t, "a2 622341 01 622361 01", isValue)
	if _, err := tryEncode(map[lossy]int{1: 1, 2: 2}); !isValue(err) {
		t.Errorf("two keys of one text: %v", err)
	}
}

type lossy int

func (lossy) MarshalText() ([]byte, error) { return []byte("x"), nil }
func (*lossy) UnmarshalText([]byte) error  { return nil }
