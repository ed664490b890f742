package cookiesession_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	mathrand "math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

func TestCodecRoundTrip(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	text := mustEncode(t, codec, "s", eightPrefs)
	var got prefs
	if err := codec.Decode("s", text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(eightPrefs, got); diff != "" {
		t.Error(diff)
	}
	if again := mustEncode(t, codec, "s", eightPrefs); again == text {
		t.Error("two tokens of one value are equal")
	}
}

// TestCodecShapes has what gorilla's users hand to a codec: maps by value,
// pointers to them, strings.
func TestCodecShapes(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	for _, value := range []any{
		"a string",
		42,
		map[any]any{"user": "ana", 42: []byte{0, 1}, "seen": time.Unix(1e9, 7).UTC(), "n": int64(9), "_flash": []any{"hi"}},
		map[string]any{"a": []string{"b"}, "c": map[string]string{"d": "e"}},
		map[string]int{"a": 1},
		[]string{"a", "b"},
	} {
		t.Run(fmt.Sprintf("%T", value), func(t *testing.T) {
			pointer := reflect.New(reflect.TypeOf(value))
			pointer.Elem().Set(reflect.ValueOf(value))
			for _, sealed := range []any{value, pointer.Interface()} {
				got := reflect.New(reflect.TypeOf(value))
				if err := codec.Decode("s", mustEncode(t, codec, "s", sealed), got.Interface()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(value, got.Elem().Interface()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestDecodeReplacesAMap(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	got := map[any]any{"stale": true}
	if err := codec.Decode("s", mustEncode(t, codec, "s", map[any]any{"a": 1}), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[any]any{"a": 1}, got); diff != "" {
		t.Error(diff)
	}
}

// A pointer to a pointer is what a method makes of its *T parameter when it
// says &session. The caller's value is what it means.
func TestDecodeFollowsAPointer(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	text := mustEncode(t, codec, "s", eightPrefs)
	got := prefs{Theme: "stale", Sidebar: false}
	dst := &got
	if err := codec.Decode("s", text, &dst); err != nil || got != eightPrefs || dst != &got {
		t.Errorf("%+v, error %v", got, err)
	}
	if err := codec.Decode("s", "junk", &dst); err == nil || got != eightPrefs {
		t.Errorf("refused: %+v, error %v", got, err)
	}
	var empty *prefs
	if err := codec.Decode("s", text, &empty); err != nil || empty == nil || *empty != eightPrefs {
		t.Errorf("a nil pointer: %+v, error %v", empty, err)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	key, other := cookiesession.NewKey(), cookiesession.NewKey()
	codec := newCodec(t, newRing(t, key, other), nil)
	token, err := base64.RawURLEncoding.DecodeString(mustEncode(t, codec, "s", eightPrefs))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, codec, "s", base64.RawURLEncoding.EncodeToString(token))
	for i := range token {
		for bit := range 8 {
			token[i] ^= 1 << bit
			sentinel := cookiesession.ErrInvalid
			if 1 <= i && i < 4 {
				sentinel = cookiesession.ErrUnknownKey
			}
			refused(t, codec, "s", base64.RawURLEncoding.EncodeToString(token), sentinel)
			token[i] ^= 1 << bit
		}
	}
}

func TestAKeyIDOfTheRingIsNoPass(t *testing.T) {
	key, other := cookiesession.NewKey(), cookiesession.NewKey()
	codec := newCodec(t, newRing(t, key, other), nil)
	token, err := base64.RawURLEncoding.DecodeString(mustEncode(t, codec, "s", eightPrefs))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, codec, "s", base64.RawURLEncoding.EncodeToString(token))
	if _, err := fmt.Sscanf(other.ID(), "%02x%02x%02x", &token[1], &token[2], &token[3]); err != nil {
		t.Fatal(err)
	}
	refused(t, codec, "s", base64.RawURLEncoding.EncodeToString(token), cookiesession.ErrInvalid)
}

func TestEveryTruncationIsRefused(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	text := mustEncode(t, codec, "s", eightPrefs)
	opens(t, codec, "s", text)
	for n := range text {
		refused(t, codec, "s", text[:n], cookiesession.ErrInvalid)
	}
	for n := range text {
		// What is left begins with other bytes, which may look like the id of
		// another key.
		err := codec.Decode("s", text[n+1:], new(prefs))
		if !errors.Is(err, cookiesession.ErrInvalid) && !errors.Is(err, cookiesession.ErrUnknownKey) {
			t.Errorf("without the first %d characters: %v", n+1, err)
		}
	}
	refused(t, codec, "s", text+"A", cookiesession.ErrInvalid)
	refused(t, codec, "s", text+text, cookiesession.ErrInvalid)
}

// TestOneSpelling has other texts that spell a token's bytes. The tokens have a
// character that the two alphabets write differently, and trailing bits.
func TestOneSpelling(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for n := range 3 { // characters in the last group: 4, 3 or 2
		var text string
		for !strings.ContainsAny(text[min(8, len(text)):], "-_") || len(text)%4 != []int{0, 3, 2}[n] {
			text = mustEncode(t, codec, "s", prefs{Email: rand.Text()[:mathrand.N(9)]})
		}
		opens(t, codec, "s", text)
		spellings := map[string]string{
			"padding":        text + strings.Repeat("=", max(1, n)),
			"a line feed":    text[:8] + "\n" + text[8:],
			"CR":             text[:40] + "\r" + text[40:],
			"LF in a body":   text[:40] + "\n" + text[40:],
			"CR at end":      text + "\r",
			"CR in the head": text[:3] + "\r" + text[3:],
			"CRLF at end":    text + "\r\n",
			"LF at start":    "\n" + text,
			"a space":        text[:40] + " " + text[40:],
			"percent":        fmt.Sprintf("%%%02X", text[0]) + text[1:],
			"quoted":         `"` + text + `"`,
			"other alphabet": text[:8] + strings.NewReplacer("-", "+", "_", "/").Replace(text[8:]),
		}
		last := strings.IndexByte(alphabet, text[len(text)-1])
		for bits := 1; bits < 1<<(2*n); bits++ {
			spellings[fmt.Sprintf("trailing bits %b", bits)] = text[:len(text)-1] + alphabet[last^bits:last^bits+1]
		}
		for name, spelling := range spellings {
			t.Run(fmt.Sprintf("%d %s", len(text)%4, name), func(t *testing.T) {
				if spelling == text {
					t.Fatal("not another spelling")
				}
				refused(t, codec, "s", spelling, cookiesession.ErrInvalid)
			})
		}
	}
}

func TestOtherHoldersAreRefused(t *testing.T) {
	ring := newRing(t)
	codec := newCodec(t, ring, &cookiesession.CodecOptions{Label: "shop"})
	text := mustEncode(t, codec, "session", eightPrefs)
	withLabel := func(label string) *cookiesession.Codec {
		return newCodec(t, ring, &cookiesession.CodecOptions{Label: label})
	}
	for _, row := range []struct {
		name     string
		codec    *cookiesession.Codec
		cookie   string
		sentinel error
	}{
		{"another name", codec, "sessioN", cookiesession.ErrInvalid},
		{"a longer name", codec, "sessionshop", cookiesession.ErrInvalid},
		{"another label", withLabel("admin"), "session", cookiesession.ErrInvalid},
		{"no label", withLabel(""), "session", cookiesession.ErrInvalid},
		{"the boundary moved right", withLabel("hop"), "sessions", cookiesession.ErrInvalid},
		{"the boundary moved left", withLabel("nshop"), "sessio", cookiesession.ErrInvalid},
		{"another ring", newCodec(t, newRing(t), &cookiesession.CodecOptions{Label: "shop"}), "session", cookiesession.ErrUnknownKey},
	} {
		t.Run(row.name, func(t *testing.T) { refused(t, row.codec, row.cookie, text, row.sentinel) })
	}
	var got prefs
	if err := codec.Decode("session", text, &got); err != nil || got != eightPrefs {
		t.Errorf("the control does not open: %v", err)
	}
}

func TestARevokedKey(t *testing.T) {
	key, next := cookiesession.NewKey(), cookiesession.NewKey()
	text := mustEncode(t, newCodec(t, newRing(t, key), nil), "s", eightPrefs)
	ring, err := cookiesession.ParseKeyring(next.Secret() + "\nrevoked " + key.ID())
	if err != nil {
		t.Fatal(err)
	}
	opens(t, newCodec(t, newRing(t, next, key), nil), "s", text)
	refused(t, newCodec(t, ring, nil), "s", text, cookiesession.ErrRevoked)
}

func second[T any](_ T, err error) error { return err }

func TestCodecUsage(t *testing.T) {
	ring := newRing(t)
	codec := newCodec(t, ring, nil)
	text := mustEncode(t, codec, "s", eightPrefs)
	seal := func(meta cookiesession.Meta) error {
		_, err := codec.Seal("s", 1, meta)
		return err
	}
	encode := func(name string, value any) error {
		_, err := codec.Encode(name, value)
		return err
	}
	var nilPrefs *prefs
	for name, err := range map[string]error{
		"Encode: empty name":                        encode("", 1),
		"Encode: long name":                         encode(strings.Repeat("n", math.MaxUint16+1), 1),
		"Encode: func":                              encode("s", func() {}),
		"Encode: nil":                               encode("s", nil),
		"Encode: nil pointer":                       encode("s", nilPrefs),
		"Encode: an unregistered type":              encode("s", map[string]any{"a": eightPrefs}),
		"Encode: too large":                         encode("s", strings.Repeat("é€", 4000)),
		"Decode: empty name":                        codec.Decode("", text, new(prefs)),
		"Decode: long name":                         codec.Decode(strings.Repeat("n", math.MaxUint16+1), text, new(prefs)),
		"OpenRequest: no pointer":                   second(codec.OpenRequest(nil, "s", prefs{})),
		"OpenRequest: long name":                    second(codec.OpenRequest(nil, strings.Repeat("n", math.MaxUint16+1), new(prefs))),
		"Measure: long name":                        second(codec.Measure(strings.Repeat("n", math.MaxUint16+1), 1)),
		"Decode: no pointer":                        codec.Decode("s", text, prefs{}),
		"Decode: nil":                               codec.Decode("s", text, nil),
		"Decode: nil pointer":                       codec.Decode("s", text, nilPrefs),
		"Decode: into a chan":                       codec.Decode("s", text, new(chan int)),
		"Seal: a pending binding that is none":      seal(cookiesession.Meta{BindingPending: true}),
		"Seal: an id that is none":                  seal(cookiesession.Meta{ID: "x"}),
		"Seal: a short id":                          seal(cookiesession.Meta{ID: "00ff"}),
		"Seal: issued by a clock six minutes ahead": seal(cookiesession.Meta{Issued: time.Now().Add(6 * time.Minute)}),
		"Seal: a negative lifetime":                 seal(cookiesession.Meta{Lifetime: -time.Second}),
		"Seal: a lifetime of 401 days":              seal(cookiesession.Meta{Lifetime: 401 * 24 * time.Hour}),
		"Seal: created before the time":             seal(cookiesession.Meta{Created: time.Unix(-5, 0)}),
	} {
		t.Run(name, func(t *testing.T) {
			var e interface{ IsUsage() bool }
			if !errors.As(err, &e) || !e.IsUsage() {
				t.Errorf("error %v: want IsUsage", err)
			}
		})
	}
}

// TestErrorMethods has the methods through which gorilla/securecookie tells
// faults apart.
func TestErrorMethods(t *testing.T) {
	type securecookieError interface {
		error
		IsUsage() bool
		IsDecode() bool
		IsInternal() bool
		Cause() error
	}
	codec := newCodec(t, newRing(t), nil)
	_, usage := codec.Encode("s", func() {})
	decode := codec.Decode("s", "junk", new(prefs))
	var internal error
	synctest.Test(t, func(t *testing.T) {
		key := cookiesession.NewKey().RetiresAt(time.Now().Add(time.Hour))
		codec := newCodec(t, newRing(t, key), nil)
		time.Sleep(time.Hour)
		_, internal = codec.Encode("s", 1)
	})
	for name, row := range map[string]struct {
		err                     error
		usage, decode, internal bool
	}{
		"usage":    {usage, true, false, false},
		"decode":   {decode, false, true, false},
		"internal": {internal, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := row.err.(securecookieError) // not wrapped: securecookie's MultiError asserts it so
			if !ok {
				t.Fatalf("%v does not satisfy securecookie.Error", row.err)
			}
			got := []bool{e.IsUsage(), e.IsDecode(), e.IsInternal()}
			if diff := cmp.Diff([]bool{row.usage, row.decode, row.internal}, got); diff != "" {
				t.Error(diff)
			}
			if e.Cause() == nil || !strings.HasPrefix(e.Error(), "cookiesession: ") {
				t.Errorf("cause %v, text %q", e.Cause(), e.Error())
			}
		})
	}
}

func TestMaxSize(t *testing.T) {
	ring := newRing(t)
	codec := newCodec(t, ring, nil)
	unlimited := newCodec(t, ring, &cookiesession.CodecOptions{MaxSize: -1})
	// Text that does not pack: the size is known to the character.
	const fits = 4093 - len("name")
	value := make([]byte, (fits*3/4)-40-2-3)
	for i := range value {
		value[i] = byte(i*i*7 + i>>3)
	}
	text := mustEncode(t, codec, "name", value)
	if got := len(text); got > fits || got < fits-3 {
		t.Fatalf("a value has %d characters, want about %d", got, fits)
	}
	if err := codec.Decode("name", text, new([]byte)); err != nil {
		t.Error(err)
	}
	_, err := codec.Encode("name", append(value, "abc"...))
	var size *cookiesession.TooLargeError
	if !errors.Is(err, cookiesession.ErrTooLarge) || !errors.As(err, &size) {
		t.Fatalf("error %v: want ErrTooLarge", err)
	}
	if size.Limit != 4093 || size.Size <= 4093 || size.Size > 4093+8 {
		t.Errorf("figures are %+v", *size)
	}
	large := mustEncode(t, unlimited, "name", append(value, "abc"...))
	refused(t, codec, "name", large, cookiesession.ErrInvalid)

	megabyte := make([]byte, 1<<20)
	got := []byte{}
	if err := unlimited.Decode("name", mustEncode(t, unlimited, "name", megabyte), &got); err != nil || len(got) != len(megabyte) {
		t.Errorf("%d bytes came back: %v", len(got), err)
	}
}

func TestMeta(t *testing.T) {
	const id = "000102030405060708090a0b0c0d0e0f"
	const day = 24 * time.Hour
	// Clocks in bubbles start here.
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct{ in, want cookiesession.Meta }{
		"zero":                    {cookiesession.Meta{}, cookiesession.Meta{Created: now}},
		"id":                      {cookiesession.Meta{ID: id}, cookiesession.Meta{ID: id, Created: now}},
		"lifetime":                {cookiesession.Meta{Lifetime: 20 * day}, cookiesession.Meta{Created: now, Lifetime: 20 * day}},
		"lifetime, cut":           {cookiesession.Meta{Lifetime: 90 * day}, cookiesession.Meta{Created: now, Lifetime: 30 * day}},
		"lifetime, rounded up":    {cookiesession.Meta{Lifetime: 1}, cookiesession.Meta{Created: now, Lifetime: time.Second}},
		"created":                 {cookiesession.Meta{Created: now.Add(-day)}, cookiesession.Meta{Created: now.Add(-day)}},
		"created in the future":   {cookiesession.Meta{Created: now.Add(day)}, cookiesession.Meta{Created: now}},
		"issued before":           {cookiesession.Meta{Issued: now.Add(-day)}, cookiesession.Meta{Created: now}},
		"issued by a clock ahead": {cookiesession.Meta{Issued: now.Add(time.Minute)}, cookiesession.Meta{Created: now, Issued: now.Add(time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := cookiesession.NewKey()
				codec := newCodec(t, newRing(t, key), &cookiesession.CodecOptions{MaxLifetime: 30 * day})
				text, err := codec.Seal("s", 1, row.in)
				if err != nil {
					t.Fatal(err)
				}
				row.want.KeyID = key.ID()
				if row.want.Issued.IsZero() {
					row.want.Issued = now
				}
				got, err := codec.Open("s", text, new(int))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestStale(t *testing.T) {
	old, key := cookiesession.NewKey(), cookiesession.NewKey()
	codec := newCodec(t, newRing(t, key, old), nil)
	for _, row := range []struct {
		sealed cookiesession.Key
		stale  bool
	}{{old, true}, {key, false}} {
		text := mustEncode(t, newCodec(t, newRing(t, row.sealed), nil), "s", 1)
		got, err := codec.Open("s", text, new(int))
		if err != nil || got.Stale != row.stale || got.KeyID != row.sealed.ID() {
			t.Errorf("Open: %+v, %v; want Stale %v", got, err, row.stale)
		}
	}
}

// TestSealMovesForwardOnly has a replica whose clock is behind replace a value
// that the next key has sealed.
func TestSealMovesForwardOnly(t *testing.T) {
	old, next := cookiesession.NewKey(), cookiesession.NewKey()
	codec := newCodec(t, newRing(t, next.ActivatesAt(time.Now().Add(time.Hour)), old), nil)
	for _, row := range []struct{ before, want string }{
		{"", old.ID()},
		{old.ID(), old.ID()},
		{next.ID(), next.ID()},
		{cookiesession.NewKey().ID(), old.ID()},
		{"no id", old.ID()},
	} {
		text, err := codec.Seal("s", 1, cookiesession.Meta{KeyID: row.before})
		if err != nil {
			t.Fatal(err)
		}
		if meta, err := codec.Open("s", text, new(int)); err != nil || meta.KeyID != row.want {
			t.Errorf("after key %q: sealed by %s, want %s: %v", row.before, meta.KeyID, row.want, err)
		}
	}
}

func TestCodecPolicy(t *testing.T) {
	const hour = time.Hour
	created := func(ago time.Duration) func() cookiesession.Meta {
		return func() cookiesession.Meta { return cookiesession.Meta{Created: time.Now().Add(-ago)} }
	}
	own := func(d time.Duration) func() cookiesession.Meta {
		return func() cookiesession.Meta { return cookiesession.Meta{Lifetime: d} }
	}
	for name, row := range map[string]struct {
		opts cookiesession.CodecOptions
		meta func() cookiesession.Meta
		wait time.Duration
		want error
	}{
		"the default, before 14 days":   {wait: 14*24*hour - time.Second},
		"the default, after 14 days":    {wait: 14 * 24 * hour, want: cookiesession.ErrExpired},
		"lifetime, before":              {opts: cookiesession.CodecOptions{Lifetime: hour}, wait: hour - time.Second},
		"lifetime, after":               {opts: cookiesession.CodecOptions{Lifetime: hour}, wait: hour, want: cookiesession.ErrExpired},
		"lifetime, from creation":       {opts: cookiesession.CodecOptions{Lifetime: hour}, meta: created(50 * time.Minute), wait: 10 * time.Minute, want: cookiesession.ErrExpired},
		"idle, before":                  {opts: cookiesession.CodecOptions{IdleTimeout: hour}, wait: hour - time.Second},
		"idle, after":                   {opts: cookiesession.CodecOptions{IdleTimeout: hour}, wait: hour, want: cookiesession.ErrExpired},
		"own lifetime, before":          {opts: cookiesession.CodecOptions{MaxLifetime: 300 * 24 * hour}, meta: own(200 * 24 * hour), wait: 200*24*hour - time.Second},
		"own lifetime, after":           {opts: cookiesession.CodecOptions{MaxLifetime: 300 * 24 * hour}, meta: own(200 * 24 * hour), wait: 200 * 24 * hour, want: cookiesession.ErrExpired},
		"own lifetime, shorter":         {meta: own(hour), wait: hour, want: cookiesession.ErrExpired},
		"own lifetime, cut":             {meta: own(300 * 24 * hour), wait: 14 * 24 * hour, want: cookiesession.ErrExpired},
		"clock five minutes behind":     {wait: -5 * time.Minute},
		"clock six minutes behind":      {wait: -6 * time.Minute, want: cookiesession.ErrInvalid},
		"idle, the clock went back":     {opts: cookiesession.CodecOptions{IdleTimeout: hour}, wait: -time.Minute},
		"lifetime, the clock went back": {opts: cookiesession.CodecOptions{Lifetime: hour}, wait: -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(24 * hour)
				codec := newCodec(t, newRing(t), &row.opts)
				meta := cookiesession.Meta{}
				if row.meta != nil {
					meta = row.meta()
				}
				at := time.Now()
				if row.wait < 0 { // sealed by a replica whose clock is ahead
					at = at.Add(-row.wait)
				}
				text, err := codec.SealWithRandom("s", eightPrefs, meta, at, [16]byte{})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(row.wait)
				if row.want != nil {
					refused(t, codec, "s", text, row.want)
				} else if err := codec.Decode("s", text, new(prefs)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestShorteningReachesSessionsWithTheirOwnLifetime opens what was sealed under
// a longer MaxLifetime.
func TestShorteningReachesSessionsWithTheirOwnLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		before := newCodec(t, ring, &cookiesession.CodecOptions{MaxLifetime: 90 * 24 * time.Hour})
		text, err := before.Seal("s", eightPrefs, cookiesession.Meta{Lifetime: 90 * 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		after := newCodec(t, ring, &cookiesession.CodecOptions{Lifetime: time.Hour})
		refused(t, after, "s", text, cookiesession.ErrExpired)
	})
}

func TestCodecNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := newRing(t)
		text := mustEncode(t, newCodec(t, ring, nil), "s", eightPrefs)
		codec := newCodec(t, ring, &cookiesession.CodecOptions{NotBefore: time.Now().Add(time.Hour)})
		time.Sleep(time.Hour - time.Second)
		if err := codec.Decode("s", text, new(prefs)); err != nil {
			t.Errorf("before NotBefore: %v", err)
		}
		time.Sleep(time.Second)
		refused(t, codec, "s", text, cookiesession.ErrRevoked)
		// Sealed anew with the same creation, as a renewal does.
		renewed, err := codec.Seal("s", eightPrefs, cookiesession.Meta{Created: time.Now().Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, codec, "s", renewed, cookiesession.ErrRevoked)
		if err := codec.Decode("s", mustEncode(t, codec, "s", eightPrefs), new(prefs)); err != nil {
			t.Errorf("created after NotBefore: %v", err)
		}
	})
}

func TestSealOutsideTheTimeOfTokens(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	for _, at := range []time.Time{time.Unix(-1, 0), time.Unix(1<<32, 0)} {
		_, err := codec.SealWithRandom("s", 1, cookiesession.Meta{}, at, [16]byte{})
		var e interface{ IsInternal() bool }
		if !errors.As(err, &e) || !e.IsInternal() {
			t.Errorf("at %v: error %v, want IsInternal", at, err)
		}
	}
	if _, err := codec.SealWithRandom("s", 1, cookiesession.Meta{}, time.Unix(1<<32-1, 0), [16]byte{}); err != nil {
		t.Errorf("in the last second: %v", err)
	}
}

func TestAnAuthenticValueThatDoesNotFit(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	refused(t, codec, "s", mustEncode(t, codec, "s", "a string"), cookiesession.ErrInvalid)
	err := codec.Decode("s", mustEncode(t, codec, "s", "opensesame"), new(prefs))
	if err == nil || strings.Contains(err.Error(), "opensesame") {
		t.Errorf("error %v quotes the session", err)
	}
}

// TestDstStaysAsItWas decodes a value whose first fields fit and whose last one
// does not.
func TestDstStaysAsItWas(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	type stored struct {
		A string
		M map[string]int
		Z string
	}
	type wanted struct {
		A string
		M map[string]int
		Z int
	}
	text := mustEncode(t, codec, "s", stored{"new", map[string]int{"new": 1}, "no number"})
	if err := codec.Decode("s", text, new(stored)); err != nil {
		t.Fatalf("the control does not open: %v", err)
	}
	for name, dst := range map[string]wanted{"zero": {}, "filled": {"old", map[string]int{"old": 1}, 7}} {
		want := wanted{dst.A, maps.Clone(dst.M), dst.Z}
		if err := codec.Decode("s", text, &dst); !errors.Is(err, cookiesession.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, dst); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNewCodecErrors(t *testing.T) {
	ring := newRing(t)
	for name, row := range map[string]struct {
		ring *cookiesession.Keyring
		opts cookiesession.CodecOptions
		want string
	}{
		"no keyring":                 {nil, cookiesession.CodecOptions{}, "keyring"},
		"negative Lifetime":          {ring, cookiesession.CodecOptions{Lifetime: -time.Hour}, "Lifetime"},
		"Lifetime below a second":    {ring, cookiesession.CodecOptions{Lifetime: time.Millisecond}, "Lifetime"},
		"Lifetime not whole":         {ring, cookiesession.CodecOptions{Lifetime: 1500 * time.Millisecond}, "Lifetime"},
		"Lifetime of 401 days":       {ring, cookiesession.CodecOptions{Lifetime: 401 * 24 * time.Hour}, "400 days"},
		"MaxLifetime below Lifetime": {ring, cookiesession.CodecOptions{Lifetime: 2 * time.Hour, MaxLifetime: time.Hour}, "MaxLifetime"},
		"MaxLifetime of 401 days":    {ring, cookiesession.CodecOptions{MaxLifetime: 401 * 24 * time.Hour}, "MaxLifetime"},
		"negative IdleTimeout":       {ring, cookiesession.CodecOptions{IdleTimeout: -1}, "IdleTimeout"},
		"IdleTimeout above Lifetime": {ring, cookiesession.CodecOptions{IdleTimeout: 15 * 24 * time.Hour}, "IdleTimeout"},
		"cookies too small to split": {ring, cookiesession.CodecOptions{MaxSize: 1023, MaxCookies: 2}, "MaxSize"},
		"9 cookies":                  {ring, cookiesession.CodecOptions{MaxCookies: 9}, "MaxCookies"},
		"negative MaxCookies":        {ring, cookiesession.CodecOptions{MaxCookies: -1}, "MaxCookies"},
		"PadTo 15":                   {ring, cookiesession.CodecOptions{PadTo: 15}, "PadTo"},
		"PadTo 1025":                 {ring, cookiesession.CodecOptions{PadTo: 1025}, "PadTo"},
		"negative PadTo":             {ring, cookiesession.CodecOptions{PadTo: -16}, "PadTo"},
		"IdleTimeout not whole":      {ring, cookiesession.CodecOptions{IdleTimeout: time.Second + 1}, "IdleTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			codec, err := cookiesession.NewCodec(row.ring, &row.opts)
			if err == nil || codec != nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("NewCodec = %v, %v: want an error about %s", codec, err, row.want)
			}
		})
	}
	for name, opts := range map[string]cookiesession.CodecOptions{
		"1024 bytes, 8 cookies":   {MaxSize: 1024, MaxCookies: 8},
		"few bytes in one cookie": {MaxSize: 100, MaxCookies: 1},
		"PadTo 16":                {PadTo: 16},
		"PadTo 1024":              {PadTo: 1024},
	} {
		if _, err := cookiesession.NewCodec(ring, &opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := cookiesession.NewCodec(nil, &cookiesession.CodecOptions{Lifetime: -1, IdleTimeout: -1})
	for _, want := range []string{"keyring", "Lifetime", "IdleTimeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s too", err, want)
		}
	}
}

// Each field of a Meta is carried over to the value that replaces it, except
// for those that are named here. A new field needs a decision.
func TestMetaNext(t *testing.T) {
	dropped := map[string]bool{"Stale": true}
	var meta cookiesession.Meta
	for i := range reflect.TypeOf(meta).NumField() {
		fill(t, reflect.ValueOf(&meta).Elem().Field(i))
	}
	next := reflect.ValueOf(meta.Next())
	for i := range next.NumField() {
		name := next.Type().Field(i).Name
		if carried := next.Field(i).Equal(reflect.ValueOf(meta).Field(i)); carried == dropped[name] || dropped[name] != next.Field(i).IsZero() {
			t.Errorf("%s is %v", name, next.Field(i))
		}
	}
}

// What Next returns is what Seal takes: the session goes on.
func TestSealNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codec := newCodec(t, newRing(t), &cookiesession.CodecOptions{MaxLifetime: 30 * day})
		text, err := codec.Seal("c", 1, cookiesession.Meta{ID: strings.Repeat("0f", 16), Lifetime: 20 * day})
		mustDo(t, err)
		var n int
		before, err := codec.Open("c", text, &n)
		mustDo(t, err)
		time.Sleep(time.Hour)
		text, err = codec.Seal("c", 2, before.Next())
		mustDo(t, err)
		after, err := codec.Open("c", text, &n)
		mustDo(t, err)
		want := before
		want.Issued = before.Issued.Add(time.Hour)
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
