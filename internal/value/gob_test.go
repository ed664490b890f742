package value_test

import (
	"bytes"
	"encoding/gob"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGobBasics has the types that encoding/gob stores in an interface without
// gob.Register: what gob brings back, this package brings back, or it refuses
// the type with a way out.
func TestGobBasics(t *testing.T) {
	type box struct{ V any }
	for _, v := range []any{
		1, int8(1), int16(1), int32(1), int64(1), uint(1), uint8(1), uint16(1), uint32(1), uint64(1), uintptr(1),
		float32(1), float64(1), true, "s", []byte{1},
		[]int{1, -2}, []int8{1}, []int16{1}, []int32{1}, []int64{1}, []uint{1}, []uint16{1}, []uint32{1}, []uint64{1}, []uintptr{1},
		[]float32{1}, []float64{1, 2.5}, []bool{true, false}, []string{"s", ""},
	} {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(box{v}); err != nil {
			t.Fatalf("%T: gob: %v", v, err)
		}
		var want box
		if err := gob.NewDecoder(&b).Decode(&want); err != nil {
			t.Fatalf("%T: gob: %v", v, err)
		}
		got, exact := decode[box](t, encode(t, box{v}))
		if diff := cmp.Diff(want, got); diff != "" || !exact {
			t.Errorf("%T, exact %v (-gob +here):\n%s", v, exact, diff)
		}
	}
	for _, v := range []any{complex64(1), complex128(1), []complex64{1}, []complex128{1}} {
		if _, err := tryEncode(box{v}); !isUnsupported(err) || !strings.Contains(err.Error(), "store its two parts as floats") {
			t.Errorf("%T: %v", v, err)
		}
	}
}
