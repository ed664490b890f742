package cookiesession_test

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/document"
)

// recordSize returns how many bytes are sealed.
func recordSize(s cookiesession.Size) int { return s.Value*6/8 - 40 }

// TestPaddingSteps has values of every length around the places where a step or
// a cookie ends, and compares them with what they would be without padding.
func TestPaddingSteps(t *testing.T) {
	ring := newRing(t)
	for _, row := range []struct{ maxSize, maxCookies, from, to int }{
		{0, 1, 0, 200},
		{0, 1, partBytes - 50, partBytes + 50},
		{0, 8, partBytes - 50, partBytes + 50},
		{0, 8, 8*partBytes - 50, 8*partBytes + 150},
		{1024, 3, 650, 800},
		{1024, 3, 2150, 2250},
		{-1, 1, 8*partBytes - 20, 8*partBytes + 20},
	} {
		opts := cookiesession.CodecOptions{MaxSize: row.maxSize, MaxCookies: row.maxCookies}
		plain := newCodec(t, ring, &opts)
		for _, padTo := range []int{16, 64, 1000, 1024} {
			opts.PadTo = padTo
			padded := newCodec(t, ring, &opts)
			for n := row.from; n < row.to; n++ {
				value := noise(n)
				without, err := plain.Measure("s", value)
				if err != nil {
					t.Fatal(err)
				}
				got, err := padded.Measure("s", value)
				if err != nil {
					t.Fatal(err)
				}
				want := without // what is too large is as large as without padding
				if want.Cookies > 0 {
					want.Value = valueOf(min((recordSize(without)/padTo+1)*padTo, recordOfFull(without, row.maxSize)))
					want.Cookie += want.Value - without.Value
					want.Paths = slices.Clone(without.Paths)
					i := slices.IndexFunc(want.Paths, func(p cookiesession.PathSize) bool { return p.Path == "(fixed)" })
					want.Paths[i].Bits += 6 * (want.Cookie - without.Cookie)
					slices.SortStableFunc(want.Paths, func(a, b cookiesession.PathSize) int { return cmp.Compare(b.Bits, a.Bits) })
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("%d bytes, MaxSize %d, PadTo %d (-want +got):\n%s", n, row.maxSize, padTo, diff)
				}
			}
		}
	}
}

func valueOf(record int) int { return (4*(record+40) + 2) / 3 }

// recordOfFull returns how many bytes the record of the same number of cookies,
// all of them full and called s, s_2 and so on, has.
func recordOfFull(s cookiesession.Size, maxSize int) int {
	if maxSize < 0 {
		return math.MaxInt
	}
	if maxSize == 0 {
		maxSize = 4093
	}
	chars := maxSize - len("s") + (s.Cookies-1)*(maxSize-len("s_2")-8)
	return chars*6/8 - 40
}

// TestPaddedValuesOpen seals what is padded and opens it, with the padding
// Codec and with one that does not pad.
func TestPaddedValuesOpen(t *testing.T) {
	ring := newRing(t)
	plain := splitCodec(t, ring)
	for _, padTo := range []int{16, 1024} {
		codec := newCodec(t, ring, &cookiesession.CodecOptions{MaxCookies: 8, PadTo: padTo})
		for _, n := range []int{0, 1, 11, 12, 13, 14, partBytes - 54, partBytes - 44, partBytes, 2 * partBytes} {
			value := noise(n)
			text := mustEncode(t, codec, "s", value)
			measured, err := codec.Measure("s", value)
			if err != nil || measured.Value != len(text) || measured.Cookies != len(codec.Cookies("s", text)) {
				t.Errorf("%d bytes: %d characters in %d cookies; Measure says %+v, %v", n, len(text), len(codec.Cookies("s", text)), measured, err)
			}
			for _, reader := range []*cookiesession.Codec{codec, plain} {
				var got []byte
				if err := reader.Decode("s", text, &got); err != nil {
					t.Errorf("%d bytes, PadTo %d: %v", n, padTo, err)
				} else if diff := gocmp.Diff(value, got); diff != "" {
					t.Error(diff)
				}
			}
		}
	}
}

// TestTooLargeCountsNoPadding compares the figures of the errors.
func TestTooLargeCountsNoPadding(t *testing.T) {
	ring := newRing(t)
	figures := func(opts cookiesession.CodecOptions) (size *cookiesession.TooLargeError) {
		_, err := newCodec(t, ring, &opts).Encode("s", noise(2*partBytes+100))
		if !errors.As(err, &size) || !errors.Is(err, cookiesession.ErrTooLarge) {
			t.Fatal(err)
		}
		return size
	}
	want := figures(cookiesession.CodecOptions{MaxCookies: 2})
	if diff := gocmp.Diff(want, figures(cookiesession.CodecOptions{MaxCookies: 2, PadTo: 1024})); diff != "" {
		t.Error(diff)
	}
}

// TestNearLimitCountsNoPadding has sessions below and above three quarters of a
// cookie, which the padding alone would fill.
func TestNearLimitCountsNoPadding(t *testing.T) {
	for n, near := range map[int]bool{2200: false, 2500: true} {
		site := newWebSite(t, nil, cookiesession.Options[splitSession]{PadTo: 1024})
		session := &cookiesession.Session[splitSession]{Data: splitSession{noise(n)}}
		w := httptest.NewRecorder()
		if err := site.Save(w, session); err != nil {
			t.Fatal(err)
		}
		cookies := w.Result().Cookies()
		sent := len(cookies[0].Name) + len(cookies[0].Value)
		reported := false
		for _, e := range site.take() {
			switch e.Kind {
			case cookiesession.EventIssued:
				if e.Size != sent {
					t.Errorf("%d bytes: the event says %d, sent were %d", n, e.Size, sent)
				}
			case cookiesession.EventNearLimit:
				reported = true
				if e.Size >= sent {
					t.Errorf("%d bytes: the event says %d, with padding it is %d", n, e.Size, sent)
				}
			}
		}
		if sent <= 4093/4*3 || reported != near {
			t.Errorf("%d bytes: %d sent, reported %v", n, sent, reported)
		}
	}
}

// TestPaddingHidesLengths counts the lengths of the corpus' preferences.
func TestPaddingHidesLengths(t *testing.T) {
	files, err := filepath.Glob("testdata/sessions/preferences-*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	lengths := func(padTo int) int {
		codec := newCodec(t, newRing(t), &cookiesession.CodecOptions{PadTo: padTo})
		seen := map[int]bool{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			value, err := document.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			seen[len(mustEncode(t, codec, "s", value))] = true
		}
		return len(seen)
	}
	without, with := lengths(0), lengths(64)
	t.Logf("%d sessions have %d lengths, and %d with PadTo 64", len(files), without, with)
	if without < 5 || with > 2 {
		t.Errorf("%d lengths, and %d with PadTo 64", without, with)
	}
}

// TestRecordFields seals what a record can hold beside the value, in every
// combination.
func TestRecordFields(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	key := cookiesession.NewKey()
	now := time.Now().UTC().Truncate(time.Second)
	for range 200 {
		want := cookiesession.Meta{Created: now.Add(-time.Duration(random.IntN(3)) * time.Hour), Issued: now, KeyID: key.ID()}
		if random.IntN(2) == 0 {
			want.ID = "000102030405060708090a0b0c0d0e0f"
		}
		if random.IntN(2) == 0 {
			want.Lifetime = 5 * time.Hour
		}
		want.BrowserSession = random.IntN(2) == 0
		if random.IntN(2) == 0 {
			want.Binding[random.IntN(16)] = 1
			want.BindingPending = random.IntN(2) == 0
		}
		codec := newCodec(t, newRing(t, key), &cookiesession.CodecOptions{PadTo: []int{0, 16, 64}[random.IntN(3)]})
		text, err := codec.SealWithRandom("s", []byte{0x80, 0}, want, now, [16]byte{})
		if err != nil {
			t.Fatal(err)
		}
		var value []byte
		got, err := codec.Open("s", text, &value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := gocmp.Diff([]byte{0x80, 0}, value); diff != "" {
			t.Error(diff)
		}
	}
}
