package value_test

import (
	"reflect"
	"testing"

	"example.com/cookiesession/internal/value"
)

// preferences is the session that the speed is measured by.
type preferences struct {
	Theme    string `json:"theme"`
	Lang     string `json:"lang"`
	TZ       string `json:"tz"`
	FontSize int    `json:"fontSize"`
	Sidebar  bool   `json:"sidebar"`
	Currency string `json:"currency"`
	UserID   int64  `json:"userId"`
	Email    string `json:"email"`
}

var somePreferences = preferences{
	"dark", "pt-BR", "America/Sao_Paulo", 16, true, "BRL", 48151623, "mariana.silva@example.org",
}

var preferencesMap = map[string]any{
	"theme": "dark", "lang": "pt-BR", "tz": "America/Sao_Paulo", "fontSize": 16,
	"sidebar": true, "currency": "BRL", "userId": 48151623, "email": "mariana.silva@example.org",
}

func mustPlan(tb testing.TB, t reflect.Type) *value.Plan {
	tb.Helper()
	p, err := value.PlanFor(t)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func benchAppend[T any](b *testing.B, v T) {
	p := mustPlan(b, reflect.TypeFor[T]())
	rv := reflect.ValueOf(&v).Elem()
	dst, err := p.Append(nil, rv)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(dst)), "bytes")
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = p.Append(dst[:0], rv); err != nil {
			b.Fatal(err)
		}
	}
}

func benchDecode[T any](b *testing.B, v T) {
	p := mustPlan(b, reflect.TypeFor[T]())
	data, err := p.Append(nil, reflect.ValueOf(&v).Elem())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var dst T
	rv := reflect.ValueOf(&dst).Elem()
	for b.Loop() {
		rv.SetZero()
		if _, err := p.Decode(data, rv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	b.Run("type=struct", func(b *testing.B) { benchAppend(b, somePreferences) })
	b.Run("type=map", func(b *testing.B) { benchAppend(b, preferencesMap) })
	b.Run("type=gorilla", func(b *testing.B) { benchAppend(b, gorillaValues()) })
}

func BenchmarkDecode(b *testing.B) {
	b.Run("type=struct", func(b *testing.B) { benchDecode(b, somePreferences) })
	b.Run("type=map", func(b *testing.B) { benchDecode(b, preferencesMap) })
	b.Run("type=gorilla", func(b *testing.B) { benchDecode(b, gorillaValues()) })
}

func gorillaValues() map[any]any {
	m := make(map[any]any)
	for k, v := range preferencesMap {
		m[k] = v
	}
	return m
}
