package pack_test

import (
	"fmt"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"example.com/cookiesession/internal/cbor"
)

// preferences is the session that speed is measured by.
type preferences struct {
	Theme    string `json:"theme"`
	Lang     string `json:"lang"`
	TZ       string `json:"tz"`
	FontSize int    `json:"fontSize"`
	Sidebar  bool   `json:"sidebar"`
	Currency string `json:"currency"`
	UserID   int    `json:"userId"`
	Email    string `json:"email"`
}

var eight = preferences{"dark", "de-DE", "Europe/Berlin", 16, true, "EUR", 48213, "jane.doe@example.com"}

// BenchmarkEight has the measure of speed: Append and Unpack against one
// XChaCha20-Poly1305 seal of the same CBOR.
func BenchmarkEight(b *testing.B) {
	item := encode(b, eight)
	packed := packer.Append(nil, item)
	b.Logf("%d bytes of CBOR, %d packed", len(item), len(packed))
	b.Run("Seal", func(b *testing.B) {
		aead, err := chacha20poly1305.NewX(make([]byte, chacha20poly1305.KeySize))
		if err != nil {
			b.Fatal(err)
		}
		nonce := make([]byte, chacha20poly1305.NonceSizeX)
		dst := make([]byte, 0, 1024)
		b.ReportAllocs()
		for b.Loop() {
			dst = aead.Seal(dst[:0], nonce, item, nil)
		}
	})
	b.Run("Append", func(b *testing.B) { benchmarkAppend(b, item) })
	b.Run("Unpack", func(b *testing.B) { benchmarkUnpack(b, item) })
}

func benchmarkAppend(b *testing.B, item []byte) {
	dst := make([]byte, 0, 2*len(item)+16)
	b.ReportAllocs()
	b.SetBytes(int64(len(item)))
	for b.Loop() {
		dst = packer.Append(dst[:0], item)
	}
}

func benchmarkUnpack(b *testing.B, item []byte) {
	packed := packer.Append(nil, item)
	dst := make([]byte, 0, len(item)+16)
	b.ReportAllocs()
	b.SetBytes(int64(len(item)))
	for b.Loop() {
		var err error
		if dst, err = packer.Unpack(dst[:0], packed, len(item)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCurve shows that time is linear in size.
func BenchmarkCurve(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8, 16, 32, 52} {
		list := make([]any, n)
		for i := range list {
			list[i] = map[string]any{"id": 1000 + 7919*i%9000, "name": fmt.Sprintf("Item number %d", i*i), "price": float64(i*i%9973) + 0.49, "quantity": 1 + i%3, "url": fmt.Sprintf("/products/%d?ref=%x", i, i*7919)}
		}
		item := encode(b, map[string]any{"cart": list})
		b.Run(fmt.Sprintf("op=Append/size=%d", len(item)), func(b *testing.B) { benchmarkAppend(b, item) })
		b.Run(fmt.Sprintf("op=Unpack/size=%d", len(item)), func(b *testing.B) { benchmarkUnpack(b, item) })
	}
}

// BenchmarkSession has sessions of the corpus.
func BenchmarkSession(b *testing.B) {
	items := corpus(b)
	for _, name := range []string{"tiny-008", "login-014", "mixed-012", "cart-001", "tokens-002"} {
		b.Run("op=Append/session="+name, func(b *testing.B) { benchmarkAppend(b, items[name]) })
		b.Run("op=Unpack/session="+name, func(b *testing.B) { benchmarkUnpack(b, items[name]) })
	}
}

// BenchmarkTape has AppendTape and ReadTape for BenchmarkEight's session and
// for a session of the corpus.
func BenchmarkTape(b *testing.B) {
	for name, item := range map[string][]byte{"eight": encode(b, eight), "mixed-012": corpus(b)["mixed-012"]} {
		tape := tapeOf(item)
		coder := packer.NewCoder()
		packed := coder.AppendTape(nil, tape)
		b.Run("op=Append/session="+name, func(b *testing.B) {
			dst := make([]byte, 0, 2*len(item)+16)
			b.ReportAllocs()
			for b.Loop() {
				dst = coder.AppendTape(dst[:0], tape)
			}
		})
		b.Run("op=Read/session="+name, func(b *testing.B) {
			b.ReportAllocs()
			var tape cbor.Tape
			for b.Loop() {
				tape.Reset()
				if err := coder.ReadTape(&tape, packed, len(item)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
