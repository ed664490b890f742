package cookiesession_test

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/document"
)

// report adds the characters of a cookie value to a benchmark's line.
func report(b *testing.B, chars int) { b.ReportMetric(float64(chars), "chars") }

// BenchmarkMinimum is what sealing costs at least: a fresh buffer, 24 random
// bytes, XChaCha20-Poly1305 of the JSON text, which is made outside the loop,
// and base64; and the way back, which decrypts in place.
func BenchmarkMinimum(b *testing.B) {
	text, err := json.Marshal(eightPrefs)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := chacha20poly1305.NewX(make([]byte, chacha20poly1305.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		var value string
		for b.Loop() {
			value = minimumSeal(aead, text)
		}
		report(b, len(value))
	})
	b.Run("open", func(b *testing.B) {
		value := minimumSeal(aead, text)
		b.ReportAllocs()
		for b.Loop() {
			token, err := base64.RawURLEncoding.DecodeString(value)
			if err != nil {
				b.Fatal(err)
			}
			nonce, sealed := token[:chacha20poly1305.NonceSizeX], token[chacha20poly1305.NonceSizeX:]
			got, err := aead.Open(sealed[:0], nonce, sealed, nil)
			if err != nil || len(got) != len(text) {
				b.Fatal(err)
			}
		}
		report(b, len(value))
	})
}

func minimumSeal(aead cipher.AEAD, text []byte) string {
	token := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(text)+chacha20poly1305.Overhead)
	_, _ = rand.Read(token)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(token, token, text, nil))
}

func BenchmarkEncode(b *testing.B) {
	codec := newCodec(b, newRing(b), nil)
	b.Run("eight", func(b *testing.B) {
		b.ReportAllocs()
		var value any = &eightPrefs // a struct would be copied to the heap by the call
		var text string
		var err error
		for b.Loop() {
			if text, err = codec.Encode("__Host-session", value); err != nil {
				b.Fatal(err)
			}
		}
		report(b, len(text))
	})
	for _, kind := range corpus(b) {
		b.Run(kind.name, func(b *testing.B) {
			b.ReportAllocs()
			chars := 0
			for i := 0; b.Loop(); i++ {
				text, err := codec.Encode("__Host-session", kind.sessions[i%len(kind.sessions)])
				if err != nil {
					b.Fatal(err)
				}
				chars += len(text)
			}
			report(b, chars/b.N)
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	codec := newCodec(b, newRing(b), nil)
	b.Run("eight", func(b *testing.B) {
		text := mustEncode(b, codec, "__Host-session", &eightPrefs)
		b.ReportAllocs()
		for b.Loop() {
			var got prefs
			if err := codec.Decode("__Host-session", text, &got); err != nil {
				b.Fatal(err)
			}
		}
		report(b, len(text))
	})
	for _, kind := range corpus(b) {
		b.Run(kind.name, func(b *testing.B) {
			texts := make([]string, len(kind.sessions))
			chars := 0
			for i, session := range kind.sessions {
				texts[i] = mustEncode(b, codec, "__Host-session", session)
				chars += len(texts[i])
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var got map[string]any
				if err := codec.Decode("__Host-session", texts[i%len(texts)], &got); err != nil {
					b.Fatal(err)
				}
			}
			report(b, chars/len(texts))
		})
	}
}

// BenchmarkReject is a cookie that does not open, which anybody can send.
func BenchmarkReject(b *testing.B) {
	codec := newCodec(b, newRing(b), nil)
	text := mustEncode(b, codec, "__Host-session", eightPrefs)
	for name, text := range map[string]string{
		"altered":     text[:len(text)-8] + "AAAAAAAA",
		"unknown-key": mustEncode(b, newCodec(b, newRing(b), nil), "__Host-session", eightPrefs),
		"too-large":   strings.Repeat("A", 1<<20),
		"junk":        "s%3Aj0a9Yl1.wZ0",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := codec.Decode("__Host-session", text, new(prefs)); err == nil {
					b.Fatal("it opens")
				}
			}
			report(b, len(text))
		})
	}
}

// A benchRequest is a request through the middleware, without a network.
type benchRequest struct {
	name   string
	allocs float64 // of the whole request
	serve  func()
	chars  func() int // of the cookie's value that it was answered with
}

// benchRequests returns the requests of BenchmarkRequest. What has a map or a
// slice in it cannot be compared by ==.
func benchRequests(t testing.TB) []benchRequest {
	flat := newBenchSite(t, eightPrefs, func(d *prefs) { d.FontSize++ })
	deep := newBenchSite(t, deepPrefs{eightPrefs, []string{"admin", "editor"}, []int{17, 4711}}, func(d *deepPrefs) { d.Cart[1]++ })
	anys := newBenchSite(t, eightPrefsMap(), func(d *map[string]any) { (*d)["fontSize"] = 19 })
	return []benchRequest{
		flat.request("bare", 0, flat.page, true),
		flat.request("untouched", 1, flat.Handler(flat.page), true),
		flat.request("stranger", 2, flat.get(nil), false),
		flat.request("read", 3, flat.get(nil), true),
		flat.request("changed", 4, flat.get(flat.change), true),
		deep.request("read-deep", 5, deep.get(nil), true),
		deep.request("changed-deep", 6, deep.get(deep.change), true),
		anys.request("read-map", 11, anys.get(nil), true),
		anys.request("changed-map", 15, anys.get(anys.change), true),
	}
}

type deepPrefs struct {
	Prefs prefs    `json:"prefs"`
	Roles []string `json:"roles"`
	Cart  []int    `json:"cart"`
}

// eightPrefsMap is eightPrefs as a map.
func eightPrefsMap() map[string]any {
	return map[string]any{
		"theme": "dark", "lang": "de-CH", "tz": "Europe/Zurich", "fontSize": 18,
		"sidebar": true, "currency": "CHF", "userId": 4207311, "email": "ana.lima@example.com",
	}
}

// A benchSite is a Manager whose visitor has a session.
type benchSite[T any] struct {
	*cookiesession.Manager[T]
	change func(*T)
	page   http.HandlerFunc
	cookie *http.Cookie
}

func newBenchSite[T any](t testing.TB, data T, change func(*T)) *benchSite[T] {
	manager, err := cookiesession.New[T](newRing(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	cookies, err := manager.Cookies(&cookiesession.Session[T]{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("ok")
	return &benchSite[T]{manager, change, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }, cookies[0]}
}

// get is a handler that gets the session, and changes it unless change is nil.
func (s *benchSite[T]) get(change func(*T)) http.Handler {
	return s.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := s.Get(r)
		if session.IsNew() == (len(r.Header) > 0) {
			panic("not the session")
		}
		if change != nil {
			change(&session.Data)
		}
		s.page(w, r)
	}))
}

// request returns a request to a handler, with the visitor's cookie or without.
func (s *benchSite[T]) request(name string, allocs float64, h http.Handler, visitor bool) benchRequest {
	r := requestWith()
	if visitor {
		r = requestWith(s.cookie)
	}
	w := &discard{header: http.Header{}}
	return benchRequest{name, allocs, func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}, func() int {
		line := w.header.Get("Set-Cookie")
		value, _, _ := strings.Cut(strings.TrimPrefix(line, s.CookieName()+"="), ";")
		return len(value)
	}}
}

func BenchmarkRequest(b *testing.B) {
	for _, row := range benchRequests(b) {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				row.serve()
			}
			report(b, row.chars())
		})
	}
}

// TestRequestAllocations has the allocations that README states for requests:
// none is added unnoticed.
func TestRequestAllocations(t *testing.T) {
	if raceDetector() {
		t.Skip("pools forget on purpose")
	}
	for _, row := range benchRequests(t) {
		if got := testing.AllocsPerRun(200, row.serve); got != row.allocs {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.allocs)
		}
	}
}

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// A kind is the sessions of testdata/sessions that serve one purpose.
type kind struct {
	name     string
	sessions []any
}

// readSession reads a JSON document, with integers as ints, as a program has
// them.
func readSession(t testing.TB, file string) any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	session, err := document.Parse(text)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", file, err))
	}
	return session
}
