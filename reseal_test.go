package cookiesession_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// TestCodecReseal moves a value to a new key, and nothing else changes.
func TestCodecReseal(t *testing.T) {
	for name, row := range map[string]struct {
		value []byte
		meta  cookiesession.Meta
		parts int
	}{
		"plain": {[]byte("value"), cookiesession.Meta{}, 1},
		"all there is": {[]byte("value"), cookiesession.Meta{
			ID: "000102030405060708090a0b0c0d0e0f", Lifetime: 9 * time.Hour,
			BrowserSession: true, Binding: [16]byte{1}, BindingPending: true,
		}, 1},
		"three parts": {noise(3*partBytes - 100), cookiesession.Meta{}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { checkReseal(t, row.value, row.meta, row.parts) })
		})
	}
}

func checkReseal(t *testing.T, value []byte, meta cookiesession.Meta, parts int) {
	start := time.Now()
	next := cookiesession.NewKey().ActivatesAt(start.Add(time.Hour))
	ring := newRing(t, next, cookiesession.NewKey().ActivatesAt(start.Add(-time.Hour)))
	codec := newCodec(t, ring, &cookiesession.CodecOptions{MaxCookies: 8, IdleTimeout: 4 * time.Hour, Lifetime: 10 * time.Hour})
	meta.Created = start.Add(-2 * time.Hour)
	text, err := codec.Seal("s", value, meta)
	if err != nil {
		t.Fatal(err)
	}
	request := func(text string) *http.Request { return requestWith(codec.Cookies("s", text)...) }
	var got []byte
	want, err := codec.OpenRequest(request(text), "s", &got)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := codec.Reseal(request(text), "s"); err != nil || same != text {
		t.Errorf("under the same key it is sealed again: %v", err)
	}

	time.Sleep(2 * time.Hour)
	resealed, err := codec.Reseal(request(text), "s")
	if err != nil {
		t.Fatal(err)
	}
	meta, err = codec.OpenRequest(request(resealed), "s", &got)
	if err != nil {
		t.Fatal(err)
	}
	want.KeyID = next.ID()
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(value, got); diff != "" {
		t.Error(diff)
	}
	if len(resealed) != len(text) || len(codec.Cookies("s", resealed)) != parts {
		t.Errorf("%d characters in %d cookies, before %d", len(resealed), len(codec.Cookies("s", resealed)), len(text))
	}
	if parts == 1 { // it wins over its twin
		if again, err := codec.Reseal(cookieHeader("s", text, resealed), "s"); err != nil || again != resealed {
			t.Errorf("with its twin: %v", err)
		}
	}

	time.Sleep(2 * time.Hour)
	if _, err := codec.OpenRequest(request(resealed), "s", &got); !errors.Is(err, cookiesession.ErrExpired) {
		t.Errorf("past the idle timeout of what came: %v", err)
	}
}

// TestResealKeepsTheBody has a body that this release would write in another
// way, and one that does not decode.
func TestResealKeepsTheBody(t *testing.T) {
	old, next := cookiesession.NewKey(), cookiesession.NewKey()
	before, after := newCodec(t, newRing(t, old), nil), newCodec(t, newRing(t, next, old), nil)
	for name, record := range map[string]string{
		"not packed": "\x00\x00\x78\x20" + "the quick brown fox jumps over a",
		"not CBOR":   "\x00\x00\xff\xff\xff",
	} {
		text := before.SealRecord("s", []byte(record), time.Now())
		resealed, err := after.Reseal(cookieHeader("s", text), "s")
		if err != nil {
			t.Fatal(name, err)
		}
		if len(resealed) != len(text) || base64.RawURLEncoding.DecodedLen(len(text)) != 40+len(record) {
			t.Errorf("%s: %d characters, before %d", name, len(resealed), len(text))
		}
		if got, want := cookiesession.RecordOf(after, "s", resealed), record; got != want {
			t.Errorf("%s: the record is %q, want %q", name, got, want)
		}
	}
}

func TestResealRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, next := cookiesession.NewKey(), cookiesession.NewKey()
		text := mustEncode(t, newCodec(t, newRing(t, old), nil), "s", "value")
		revoked, err := cookiesession.ParseKeyring(next.Secret() + "\nrevoked " + old.ID())
		if err != nil {
			t.Fatal(err)
		}
		both := newRing(t, next, old)
		time.Sleep(time.Hour)
		for name, row := range map[string]struct {
			ring *cookiesession.Keyring
			opts cookiesession.CodecOptions
			r    *http.Request
			want error
		}{
			"good":        {both, cookiesession.CodecOptions{}, cookieHeader("s", text), nil},
			"expired":     {both, cookiesession.CodecOptions{Lifetime: time.Hour}, cookieHeader("s", text), cookiesession.ErrExpired},
			"idle":        {both, cookiesession.CodecOptions{IdleTimeout: time.Hour}, cookieHeader("s", text), cookiesession.ErrExpired},
			"not before":  {both, cookiesession.CodecOptions{NotBefore: time.Now()}, cookieHeader("s", text), cookiesession.ErrRevoked},
			"revoked":     {revoked, cookiesession.CodecOptions{}, cookieHeader("s", text), cookiesession.ErrRevoked},
			"unknown key": {newRing(t, next), cookiesession.CodecOptions{}, cookieHeader("s", text), cookiesession.ErrUnknownKey},
			"altered":     {both, cookiesession.CodecOptions{}, cookieHeader("s", flipLast(text)), cookiesession.ErrInvalid},
			"newer":       {both, cookiesession.CodecOptions{}, cookieHeader("s", withVersion(text, 2)), cookiesession.ErrNewer},
			"none":        {both, cookiesession.CodecOptions{}, cookieHeader("t", text), cookiesession.ErrNoSession},
			"too large":   {both, cookiesession.CodecOptions{MaxSize: 50}, cookieHeader("s", text), cookiesession.ErrTooLarge},
		} {
			got, err := newCodec(t, row.ring, &row.opts).Reseal(row.r, "s")
			if !errors.Is(err, row.want) || (got == "") != (row.want != nil) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if _, err := newCodec(t, both, nil).Reseal(cookieHeader("s", text), ""); err == nil {
			t.Error("a cookie without a name is resealed")
		}
	})
}

// TestSealAfterARevocation replaces a value whose key was revoked after it was
// opened.
func TestSealAfterARevocation(t *testing.T) {
	old, next := cookiesession.NewKey(), cookiesession.NewKey()
	ring := newRing(t, old, next)
	codec := newCodec(t, ring, nil)
	var value string
	meta, err := codec.Open("s", mustEncode(t, codec, "s", "value"), &value)
	if err != nil || meta.KeyID != old.ID() {
		t.Fatal(meta, err)
	}
	if _, err := codec.Seal("s", value, meta.Next()); err != nil {
		t.Errorf("the control: %v", err)
	}
	revoked, err := cookiesession.ParseKeyring(next.Secret() + "\nrevoked " + old.ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Replace(revoked); err != nil {
		t.Fatal(err)
	}
	if text, err := codec.Seal("s", value, meta.Next()); text != "" || !errors.Is(err, cookiesession.ErrRevoked) || cookiesession.ReasonOf(err) != cookiesession.ReasonRevokedKey {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := codec.Seal("s", value, cookiesession.Meta{}); err != nil {
		t.Errorf("a new session: %v", err)
	}
}
