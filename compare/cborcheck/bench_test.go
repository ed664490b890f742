package cborcheck

import (
	"reflect"
	"testing"

	"example.com/cookiesession/internal/value"
	peer "github.com/fxamacker/cbor/v2"
)

type preferences struct {
	Theme    string `json:"theme,omitempty"`
	Lang     string `json:"lang,omitempty"`
	TZ       string `json:"tz,omitempty"`
	FontSize int    `json:"fontSize,omitempty"`
	Sidebar  bool   `json:"sidebar,omitempty"`
	Currency string `json:"currency,omitempty"`
	UserID   int64  `json:"userId,omitempty"`
	Email    string `json:"email,omitempty"`
}

var somePreferences = preferences{
	"dark", "pt-BR", "America/Sao_Paulo", 16, true, "BRL", 48151623, "mariana.silva@example.org",
}

// BenchmarkStruct has both implementations in one run, since their ratio says
// more than the figures of a shared machine.
func BenchmarkStruct(b *testing.B) {
	v := somePreferences
	rv := reflect.ValueOf(&v).Elem()
	plan := must(value.PlanFor(rv.Type()))
	item := must(plan.Append(nil, rv))
	var got preferences
	dst := reflect.ValueOf(&got).Elem()

	b.Run("op=encode/by=cbor", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 512)
		for b.Loop() {
			buf = must(plan.Append(buf[:0], rv))
		}
	})
	b.Run("op=encode/by=peer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(peerEnc.Marshal(v))
		}
	})
	b.Run("op=decode/by=cbor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst.SetZero()
			must(plan.Decode(item, dst))
		}
	})
	b.Run("op=decode/by=peer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got = preferences{}
			if err := peer.Unmarshal(item, &got); err != nil {
				b.Fatal(err)
			}
		}
	})
}
