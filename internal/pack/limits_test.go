package pack_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestCorpus checks that every session of the corpus comes back, and that none
// is larger than it was.
func TestCorpus(t *testing.T) {
	for name, item := range corpus(t) {
		packed := packer.Append([]byte("dst"), item)[3:]
		got, err := packer.Unpack([]byte("dst"), packed, len(item))
		if err != nil || string(got) != "dst"+string(item) {
			t.Errorf("%s: error %v\n got %x\nwant %x", name, err, got, item)
		}
		if len(packed) > len(item) {
			t.Errorf("%s: %d bytes from %d", name, len(packed), len(item))
		}
		if _, err := packer.Unpack(nil, packed, len(item)-1); err == nil {
			t.Errorf("%s: unpacked to more than the limit", name)
		}
	}
}

// TestOneForm checks that nothing but the packed form itself is accepted:
// neither a part of it, nor anything after it.
func TestOneForm(t *testing.T) {
	for _, item := range itemsOfEveryKind(t) {
		packed := packer.Append(nil, item)
		for n := range packed {
			if _, err := packer.Unpack(nil, packed[:n], len(item)); err == nil {
				t.Errorf("the first %d bytes of %x were accepted", n, packed)
			}
		}
		if _, err := packer.Unpack(nil, append(packed[:len(packed):len(packed)], 0), len(item)); err == nil {
			t.Errorf("a byte after %x was accepted", packed)
		}
		for bit := packer.Bits(item); bit < 8*len(packed); bit++ {
			changed := bytes.Clone(packed)
			changed[bit/8] |= 0x80 >> (bit % 8)
			if _, err := packer.Unpack(nil, changed, len(item)); err == nil {
				t.Errorf("bit %d of %x is not looked at", bit, packed)
			}
		}
	}
}

// spelled is a packed form that is put together by hand, from the reference's
// tables.
type spelled struct{ bits string }

// head adds the symbol that any head may follow, and the head, in class 0.
func (s *spelled) head(b ...byte) *spelled {
	for code, symbol := range loadReference().value[0] {
		if v := loadReference().Values[symbol]; v.Kind == "head" && v.Bytes == "" {
			s.bits += code
		}
	}
	for _, c := range b {
		s.bits += fmt.Sprintf("%08b", c)
	}
	return s
}

func (s *spelled) add(bits string) *spelled {
	s.bits += bits
	return s
}

func (s *spelled) bytes() []byte {
	for len(s.bits)%8 != 0 {
		s.bits += "0"
	}
	var b []byte
	for i := 0; i < len(s.bits); i += 8 {
		var c byte
		fmt.Sscanf(s.bits[i:i+8], "%b", &c)
		b = append(b, c)
	}
	return b
}

// TestHostile has packed forms that no item has, each for one reason.
func TestHostile(t *testing.T) {
	const limit = 64 << 10
	eight := func(ib, c byte) []byte { return append([]byte{ib}, bytes.Repeat([]byte{c}, 8)...) }
	large := encode(t, strings.Repeat("many times ", 90))
	packer.Append(nil, large) // builds the tables, which is not the input's doing
	for _, test := range []struct {
		name   string
		packed *spelled
		ok     bool
	}{
		{"an integer", new(spelled).head(0x18, 24), true},
		{"a longer form", new(spelled).head(0x18, 23), false},
		{"a longer form of 16 bits", new(spelled).head(0x19, 0, 255), false},
		{"a longer form of 32 bits", new(spelled).head(0x1a, 0, 0, 255, 255), false},
		{"a longer form of 64 bits", new(spelled).head(0x1b, 0, 0, 0, 0, 255, 255, 255, 255), false},
		{"a length in a longer form", new(spelled).head(0x58, 1, 7), false},
		{"reserved information", new(spelled).head(0x1c), false},
		{"an indefinite length", new(spelled).head(0x9f), false},
		{"a break", new(spelled).head(0xff), false},
		{"nothing", new(spelled), false},
		{"half a head", new(spelled).head(0x1a, 1), false},
		{"a byte string without its bytes", new(spelled).head(0x42, 1), false},
		{"2^63 bytes", new(spelled).head(eight(0x5b, 0x80)...), false},
		{"2^64 bytes of text", new(spelled).head(eight(0x7b, 0xff)...), false},
		{"2^64 elements", new(spelled).head(eight(0x9b, 0xff)...).head(0x18, 24).add(strings.Repeat("1", 1<<16)), false},
		{"2^63 entries", new(spelled).head(eight(0xbb, 0x80)...).add(strings.Repeat("1", 1<<16)), false},
		{"a tag without an item", new(spelled).head(0xc1), false},
		{"63 arrays and a number", nested(63, 0x81), true},
		{"64 arrays and a number", nested(64, 0x81), true},
		{"65 arrays and a number", nested(65, 0x81), false},
		{"64 tags and a number", nested(64, 0xc6), true},
		{"65 tags and a number", nested(65, 0xc6), false},
		{"64 tags and a text", nested(64, 0xc6).end(0x60), true},
		{"65 tags and a text", nested(65, 0xc6).end(0x60), false},
		{"1000 arrays", nested(1000, 0x81), false},
		{"a kilobyte in each bit", new(spelled).head(0x99, 0xff, 0xff).head(large[:3]...).add(bitString(large[3:]) + strings.Repeat("1", 0xfffe)), false},
	} {
		packed := test.packed.bytes()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		item, err := packer.Unpack(nil, packed, limit)
		runtime.ReadMemStats(&after)
		if (err == nil) != test.ok {
			t.Errorf("%s: item %.40x, error %v", test.name, item, err)
		}
		// Growing to the limit takes no more than this, by append's steps.
		if n := after.TotalAlloc - before.TotalAlloc; n > 6*limit*tokenSize {
			t.Errorf("%s: %d bytes allocated", test.name, n)
		}
		if _, wantErr := referenceUnpack(packed, limit); (wantErr == nil) != test.ok {
			t.Errorf("%s: the reference says %v", test.name, wantErr)
		}
	}
}

func bitString(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "%08b", c)
	}
	return s.String()
}

func nested(n int, ib byte) *spelled {
	s := new(spelled)
	for range n {
		s.head(ib)
	}
	return s.head(0x18, 24)
}

// end puts another head in the place of the last one, of two bytes.
func (s *spelled) end(b ...byte) *spelled {
	s.bits = s.bits[:len(s.bits)-16] + bitString(b)
	return s
}
