package pack_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"example.com/cookiesession/internal/cbor"
)

// most is the cap of the fuzz targets, in bytes.
const most = 4 << 10

// checkUnpack unpacks by both decoders, which must agree. What the reference
// accepts, but is not deterministic, ours refuses.
func checkUnpack(t *testing.T, packed []byte) (item []byte, err error) {
	t.Helper()
	item, err = packer.Unpack(nil, packed, most)
	want, wantErr := referenceUnpack(packed, most)
	if wantErr == nil {
		wantErr = cbor.Valid(want)
	}
	if (err == nil) != (wantErr == nil) || !bytes.Equal(item, want) && err == nil {
		t.Fatalf("packed %x\n got %x, %v\nwant %x, %v", packed, item, err, want, wantErr)
	}
	return item, err
}

// FuzzUnpack checks that Unpack and the reference decoder have the same verdict
// on any bytes and make the same item; that a failure leaves dst alone; and
// that the items pack and come back.
func FuzzUnpack(f *testing.F) {
	for _, item := range corpus(f) {
		f.Add(packer.Append(nil, item))
	}
	for _, item := range itemsOfEveryKind(f) {
		f.Add(packer.Append(nil, item))
	}
	f.Add([]byte(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, packed []byte) {
		item, err := checkUnpack(t, packed)
		if err != nil {
			dst, err := packer.Unpack([]byte("dst"), packed, most)
			if err == nil || string(dst) != "dst" {
				t.Fatalf("packed %x: dst is %q, error %v", packed, dst, err)
			}
			return
		}
		checkRoundTrip(t, item)
	})
}

// FuzzAppend checks that every valid item packs, comes back from both decoders,
// and has as many bits as Bits and Explain say; and that the decoders agree on
// the packed form with some bits changed.
func FuzzAppend(f *testing.F) {
	for _, item := range corpus(f) {
		f.Add(item, uint64(1))
	}
	for i, item := range itemsOfEveryKind(f) {
		f.Add(item, uint64(i))
	}
	f.Fuzz(func(t *testing.T, item []byte, seed uint64) {
		if len(item) > most || cbor.Valid(item) != nil {
			return
		}
		packed := checkRoundTrip(t, item)
		random := rand.New(rand.NewPCG(seed, 0))
		for range 4 {
			changed := bytes.Clone(packed)
			for range 1 + random.IntN(3) {
				changed[random.IntN(len(changed))] ^= 1 << random.IntN(8)
			}
			checkUnpack(t, changed[:len(changed)-random.IntN(2)])
		}
	})
}

func checkRoundTrip(t *testing.T, item []byte) (packed []byte) {
	t.Helper()
	packed = packer.Append(nil, item)
	if got, err := checkUnpack(t, packed); err != nil || !bytes.Equal(got, item) {
		t.Fatalf("item %x\npacked %x\n   got %x, %v", item, packed, got, err)
	}
	bits := packer.Bits(item)
	if (bits+7)/8 != len(packed) {
		t.Fatalf("item %x: %d bits, but %d bytes", item, bits, len(packed))
	}
	for _, p := range packer.Explain(item) {
		bits -= p.Bits
	}
	if bits != 0 {
		t.Fatalf("item %x: Explain has %d bits less than Bits", item, bits)
	}
	return packed
}
