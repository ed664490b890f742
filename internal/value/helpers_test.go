package value_test

import (
	"encoding/hex"
	"errors"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/value"
)

// encode returns the encoding of v as a T, which matters where T is an
// interface.
func encode[T any](tb testing.TB, v T) []byte {
	tb.Helper()
	b, err := tryEncode(v)
	if err != nil {
		tb.Fatalf("Append(%#v): %v", v, err)
	}
	return b
}

func tryEncode[T any](v T) ([]byte, error) {
	p, err := value.PlanFor(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	prefix := []byte("prefix")
	b, err := p.Append(prefix, reflect.ValueOf(&v).Elem())
	if string(b[:len(prefix)]) != "prefix" || err != nil && len(b) != len(prefix) {
		return nil, errors.New("Append did not keep what was in dst")
	}
	return b[len(prefix):], err
}

func decode[T any](tb testing.TB, data []byte) (v T, exact bool) {
	tb.Helper()
	v, exact, err := tryDecode[T](data)
	if err != nil {
		tb.Fatalf("Decode(%x): %v", data, err)
	}
	return v, exact
}

func tryDecode[T any](data []byte) (v T, exact bool, err error) {
	p, err := value.PlanFor(reflect.TypeFor[T]())
	if err != nil {
		return v, false, err
	}
	input := slices.Clip(append([]byte(nil), data...)) // whoever reads beyond it panics
	exact, err = p.Decode(input, reflect.ValueOf(&v).Elem())
	clear(input) // nothing decoded may still refer to it
	return v, exact, err
}

// roundTrip checks that v has the encoding want (in hexadecimal; "" for any),
// comes back as comesBack, and exactly.
func roundTrip[T any](t *testing.T, v T, want string, comesBack T, opts ...cmp.Option) {
	t.Helper()
	b := encode(t, v)
	if want != "" && hex.EncodeToString(b) != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%#v is stored as %x, want %s", v, b, want)
	}
	if err := cbor.Valid(b); err != nil {
		t.Errorf("Valid(%x): %v", b, err)
	}
	got, exact := decode[T](t, b)
	// go-cmp takes time exponential in the depth of lists, so it is asked last.
	if reflect.DeepEqual(comesBack, got) {
	} else if diff := cmp.Diff(comesBack, got, opts...); diff != "" {
		t.Errorf("%#v came back otherwise (-want +got):\n%s", v, diff)
	}
	if !exact {
		t.Errorf("%#v: what was just written (%x) is not exact", v, b)
	}
	if again := encode(t, got); string(again) != string(b) {
		t.Errorf("%#v is stored as %x first, then as %x", v, b, again)
	}
	// A wider integer than int does not fit there.
	if _, _, err := tryDecode[any](b); err != nil && bits.UintSize == 64 {
		t.Errorf("as an any: %v", err)
	}
}

func same[T any](t *testing.T, v T, want string, opts ...cmp.Option) {
	t.Helper()
	roundTrip(t, v, want, v, opts...)
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*cbor.SyntaxError](err)
	return ok
}

func isValue(err error) bool {
	_, ok := errors.AsType[*value.ValueError](err)
	return ok
}

func isUnsupported(err error) bool {
	_, ok := errors.AsType[*value.UnsupportedTypeError](err)
	return ok
}

// refused checks that data is no T, by an error of the given class.
func refused[T any](t *testing.T, data string, class func(error) bool) {
	t.Helper()
	v, _, err := tryDecode[T](unhex(t, data))
	if err == nil {
		t.Errorf("%s was accepted as %#v", data, v)
	} else if !class(err) {
		t.Errorf("%s was refused with %T: %v", data, err, err)
	}
}

// raceDetector reports whether the race detector is on, under which a pool
// drops a part of what it is given.
func raceDetector() bool {
	made := 0
	pool := sync.Pool{New: func() any { made++; return new(int) }}
	for range 1000 {
		pool.Put(pool.Get())
	}
	return made > 100
}
