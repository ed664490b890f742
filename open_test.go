package cookiesession_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// withKeyID returns what looks like a token of another key.
func withKeyID(text string, id int) string {
	return altered(text, func(token []byte) { token[1], token[2], token[3] = byte(id>>16), byte(id>>8), byte(id) })
}

// TestWhichOfSeveralCounts seals values of one name under two keys and at
// different times. One counts, and it is judged alone.
func TestWhichOfSeveralCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		old := cookiesession.NewKey().ActivatesAt(start.Add(-time.Hour))
		next := cookiesession.NewKey().ActivatesAt(start.Add(-time.Minute))
		both := newRing(t, next, old)
		const idle, lifetime = 3 * time.Hour, 5 * time.Hour
		codec := newCodec(t, both, &cookiesession.CodecOptions{IdleTimeout: idle, Lifetime: lifetime})
		underOld := newCodec(t, newRing(t, old), nil)
		seal := func(codec *cookiesession.Codec, value string, meta cookiesession.Meta) string {
			text, err := codec.Seal("s", value, meta)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		early := seal(codec, "early", cookiesession.Meta{})
		long := seal(codec, "older and still good", cookiesession.Meta{Issued: start.Add(time.Minute)})
		time.Sleep(2 * time.Minute)
		late, twin := seal(codec, "late", cookiesession.Meta{}), seal(codec, "twin", cookiesession.Meta{})
		lateUnderOld := seal(underOld, "late under the old key", cookiesession.Meta{})
		number, err := codec.Seal("s", 7, cookiesession.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		newer := codec.SealRecord("s", []byte{1 << 7, 0, 0xf5}, now)
		broken := codec.SealRecord("s", []byte{1}, now)
		expired := seal(codec, "expired", cookiesession.Meta{Created: now.Add(-lifetime)})

		for _, row := range []struct {
			name   string
			values []string
			want   string // "": none
			reason cookiesession.Reason
		}{
			{"one", []string{early}, "early", ""},
			{"the later one first", []string{late, early}, "late", ""},
			{"the later one last", []string{early, late}, "late", ""},
			{"a tie", []string{late, twin}, "late", ""},
			{"a tie in the other order", []string{twin, late}, "twin", ""},
			{"a tie, the old key first", []string{lateUnderOld, late}, "late", ""},
			{"a tie, the old key last", []string{late, lateUnderOld}, "late", ""},
			{"the later one under the old key", []string{early, lateUnderOld}, "late under the old key", ""},
			{"a later one that is altered", []string{flipLast(late), early}, "early", ""},
			{"a later one with unknown flags", []string{long, newer}, "", cookiesession.ReasonNewer},
			{"a later one with a broken record", []string{long, broken}, "", cookiesession.ReasonMalformed},
			{"that first", []string{broken, long}, "", cookiesession.ReasonMalformed},
			{"a later one that has expired", []string{long, expired}, "", cookiesession.ReasonLifetime},
			{"a later one of another type", []string{long, number}, "", cookiesession.ReasonValue},
			{"a later one of a later version", []string{long, withVersion(late, 2)}, "older and still good", ""},
			{"that first", []string{withVersion(late, 2), long}, "older and still good", ""},
			{"a later version and one that is altered", []string{flipLast(late), withVersion(late, 2)}, "", cookiesession.ReasonNewer},
		} {
			got := ""
			_, err := codec.OpenRequest(cookieHeader("s", row.values...), "s", &got)
			if got != row.want || cookiesession.ReasonOf(err) != row.reason || (err == nil) != (row.want != "") {
				t.Errorf("%s: %q, %v (%s)", row.name, got, err, cookiesession.ReasonOf(err))
			}
		}

		codec = newCodec(t, both, &cookiesession.CodecOptions{NotBefore: start.Add(30 * time.Second)})
		good := seal(codec, "good", cookiesession.Meta{Created: now})
		revoked := seal(codec, "revoked", cookiesession.Meta{Created: start})
		ahead := seal(codec, "revoked", cookiesession.Meta{Created: start, Issued: now.Add(time.Minute)})
		for values, reason := range map[[2]string]cookiesession.Reason{{good, revoked}: "", {good, ahead}: cookiesession.ReasonNotBefore} {
			if _, err := codec.OpenRequest(cookieHeader("s", values[:]...), "s", new(string)); cookiesession.ReasonOf(err) != reason {
				t.Errorf("%v, want the reason %q", err, reason)
			}
		}
	})
}

// TestNewer has tokens that a later release may have written.
func TestNewer(t *testing.T) {
	key, revoked, next := cookiesession.NewKey(), cookiesession.NewKey(), cookiesession.NewKey()
	ring, err := cookiesession.ParseKeyring(key.Secret() + "\nrevoked " + revoked.ID())
	if err != nil {
		t.Fatal(err)
	}
	codec := newCodec(t, ring, nil)
	good := mustEncode(t, codec, "s", "good")
	foreign := mustEncode(t, newCodec(t, newRing(t, next), nil), "s", "foreign")
	underRevoked := mustEncode(t, newCodec(t, newRing(t, revoked), nil), "s", "revoked")
	type row struct {
		name, value string
		reason      cookiesession.Reason
	}
	rows := []row{
		{"version 0", withVersion(good, 0), cookiesession.ReasonMalformed},
		{"version 1", good, ""},
		{"version 2 under a key that is not in the ring", withVersion(foreign, 2), cookiesession.ReasonMalformed},
		{"version 1 under a key that is not in the ring", foreign, cookiesession.ReasonUnknownKey},
		{"version 2 under a revoked key", withVersion(underRevoked, 2), cookiesession.ReasonRevokedKey},
		{"version 2, a first part of sixteen", altered(good, func(token []byte) { token[0] = 0xf2 }), cookiesession.ReasonNewer},
		{"version 2, short", withVersion(good, 2)[:20], cookiesession.ReasonNewer},
		{"an unknown flag", codec.SealRecord("s", []byte{1 << 7, 0, 0xf5}, time.Now()), cookiesession.ReasonNewer},
		{"an unknown flag and nothing that this release can read", codec.SealRecord("s", []byte{1<<7 | 1}, time.Now()), cookiesession.ReasonNewer},
		{"an unknown flag, altered", flipLast(codec.SealRecord("s", []byte{1 << 7, 0, 0xf5}, time.Now())), cookiesession.ReasonAltered},
	}
	for name, item := range map[string]string{"alone": "%s", "in a list": "\x81%s", "under a key": "\xa1\x61a%s"} {
		for tag, reason := range map[string]cookiesession.Reason{
			"\xd9\x96\xb2\x00": cookiesession.ReasonNewer, // the last of our block
			"\xd9\x96\xb3\x00": cookiesession.ReasonValue,
		} {
			record := "\x00\x00" + fmt.Sprintf(item, tag)
			rows = append(rows, row{fmt.Sprintf("the tag %x %s", tag, name), codec.SealRecord("s", []byte(record), time.Now()), reason})
		}
	}
	for v := byte(2); v < 16; v++ {
		rows = append(rows, row{fmt.Sprintf("version %d", v), withVersion(good, v), cookiesession.ReasonNewer})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dst := any("before")
			_, err := codec.Open("s", row.value, &dst)
			_, requestErr := codec.OpenRequest(cookieHeader("s", row.value), "s", &dst)
			for _, err := range []error{err, requestErr} {
				isNewer := row.reason == cookiesession.ReasonNewer
				if cookiesession.ReasonOf(err) != row.reason || errors.Is(err, cookiesession.ErrNewer) != isNewer || isNewer && !errors.Is(err, cookiesession.ErrInvalid) {
					t.Errorf("%v (%s), want the reason %s", err, cookiesession.ReasonOf(err), row.reason)
				}
			}
			if row.reason != "" && dst != "before" {
				t.Errorf("dst is %v", dst)
			}
		})
	}
}

// TestTries has values before the one that is good. Those that take a look into
// the ring cost no try, those that take a tag or a join do.
func TestTries(t *testing.T) {
	key, revoked := cookiesession.NewKey(), cookiesession.NewKey()
	ring, err := cookiesession.ParseKeyring(key.Secret() + "\nrevoked " + revoked.ID())
	if err != nil {
		t.Fatal(err)
	}
	codec := newCodec(t, ring, nil)
	good := mustEncode(t, codec, "s", "good")
	underRevoked := mustEncode(t, newCodec(t, newRing(t, revoked), nil), "s", "revoked")
	tags := 0
	cookiesession.CountTags(ring, &tags)
	for _, row := range []struct {
		name  string
		value string
		free  bool // it costs no try
		tags  int  // that are verified for eight of them
	}{
		{"an unknown key", withKeyID(good, 1), true, 0},
		{"a revoked key", underRevoked, true, 0},
		{"junk", "junk", true, 0},
		{"version 0", withVersion(good, 0), true, 0},
		{"version 2", withVersion(good, 2), true, 0},
		{"too long", good + strings.Repeat("A", 5000), true, 0},
		{"too short", good[:40], true, 0},
		{"nine parts", altered(good, func(token []byte) { token[0] = 0x81 }), true, 0},
		{"altered", flipLast(good), false, 8},
		{"not base64 further on", good[:len(good)-2] + "+" + good[len(good)-1:], false, 0},
		{"a missing part", altered(good, func(token []byte) { token[0] = 0x11 }), false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			for n, opens := range map[int]bool{0: true, 7: true, 8: row.free, 300: row.free} {
				tags = 0
				var got string
				_, err := codec.OpenRequest(cookieHeader("s", append(slices.Repeat([]string{row.value}, n), good)...), "s", &got)
				if opens != (err == nil) || opens != (got == "good") {
					t.Errorf("after %d: %q, %v", n, got, err)
				}
				if !opens && cookiesession.ReasonOf(err) != cookiesession.ReasonCrowded {
					t.Errorf("after %d: the reason is %s", n, cookiesession.ReasonOf(err))
				}
				want := min(n, 8) * row.tags / 8
				if opens {
					want++
				}
				if tags != want {
					t.Errorf("after %d: %d tags were verified, want %d", n, tags, want)
				}
			}
			// Without the good one it is not the crowd's fault.
			_, err := codec.OpenRequest(cookieHeader("s", slices.Repeat([]string{row.value}, 8)...), "s", new(string))
			if reason := cookiesession.ReasonOf(err); err == nil || reason == cookiesession.ReasonCrowded {
				t.Errorf("eight alone: %v", err)
			}
		})
	}
}

// TestHostileHeaders counts what headers of 256 KiB cost before anything is
// authenticated: tags and memory. Neither may grow with the header.
func TestHostileHeaders(t *testing.T) {
	ring := newRing(t)
	codec := splitCodec(t, ring)
	good := mustEncode(t, codec, "s", "good")
	three := codec.Cookies("s", mustEncode(t, codec, "s", noise(3*partBytes-100)))
	tags := 0
	cookiesession.CountTags(ring, &tags)
	first := three[0].Value[:20] + "; "
	set := three[0].Value[12:20]
	fill := func(start, one string, size int) string {
		return start + strings.Repeat(one, (size-len(start))/len(one))
	}
	for _, row := range []struct {
		name       string
		start, one string
		tags       int
	}{
		{"nothing", "", ";", 0},
		{"other cookies", "", "a=b; ", 0},
		{"empty values", "", "s=;", 0},
		{"empty further parts", "", "s_2=;", 0},
		{"unknown keys", "", "s=" + withKeyID(good, 1) + "; ", 0},
		{"later versions", "", "s=" + withVersion(good, 2) + "; ", 0},
		{"first parts without others", "", "s=" + first, 0},
		{"first parts and a long second", "s_2=" + set + strings.Repeat("A", 128<<10) + "; s_3=" + set + "; ", "s=" + first, 0},
		{"first parts and seconds of another write", "", "s=" + first + "s_2=AAAAAAAA; ", 0},
		{"first parts and all others", "s_2=" + set + "A; s_3=" + set + "A; ", "s=" + first, 0},
		{"good ones", "", "s=" + good + "; ", 8},
		{"altered ones", "", "s=" + flipLast(good) + "; ", 8},
	} {
		t.Run(row.name, func(t *testing.T) {
			measure := func(size int) (allocated uint64, allocs float64) {
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Cookie", fill(row.start, row.one, size))
				open := func() {
					tags = 0
					_, _ = codec.OpenRequest(r, "s", new(string))
					if tags > row.tags {
						t.Fatalf("%d tags are verified, want %d", tags, row.tags)
					}
				}
				allocs = testing.AllocsPerRun(10, open)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				open()
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc, allocs
			}
			smallBytes, small := measure(len(row.start) + 16*len(row.one))
			largeBytes, large := measure(256 << 10)
			if raceDetector() {
				return // pools forget on purpose
			}
			if large > small || largeBytes > smallBytes+(64<<10) {
				t.Errorf("%v allocations of %d bytes, and with 16 cookies %v of %d", large, largeBytes, small, smallBytes)
			}
		})
	}
}

// TestUnknownKeysCostNoMemory compares a request with 300 cookies of unknown
// keys with one that has none.
func TestUnknownKeysCostNoMemory(t *testing.T) {
	if raceDetector() {
		t.Skip("pools forget on purpose")
	}
	codec := newCodec(t, newRing(t), nil)
	good := mustEncode(t, codec, "s", "good")
	var strangers []string
	for i := range 300 {
		strangers = append(strangers, withKeyID(good, i+1))
	}
	allocs := func(values ...string) float64 {
		r := cookieHeader("s", values...)
		return testing.AllocsPerRun(100, func() {
			var got string
			if _, err := codec.OpenRequest(r, "s", &got); err != nil || got != "good" {
				t.Fatal(got, err)
			}
		})
	}
	if alone, crowd := allocs(good), allocs(append(strangers, good)...); crowd > alone {
		t.Errorf("%v allocations, and %v without strangers", crowd, alone)
	}
}

// TestLimitsAreForWriting has a Codec with smaller limits than the one that
// sealed.
func TestLimitsAreForWriting(t *testing.T) {
	ring := newRing(t)
	small := newCodec(t, ring, &cookiesession.CodecOptions{MaxSize: 1024})
	for n := 1; n <= 8; n++ {
		value := noise(n*partBytes - 100)
		writer := splitCodec(t, ring)
		r := requestWith(writer.Cookies("s", mustEncode(t, writer, "s", value))...)
		got, err := open(small, r, "s")
		if err != nil || !slices.Equal(got, value) {
			t.Errorf("%d cookies that were written before the limits: %v", n, err)
		}
		if _, err := small.Encode("s", value); !errors.Is(err, cookiesession.ErrTooLarge) {
			t.Errorf("%d cookies, written again: %v", n, err)
		}
	}
	// Nobody has ever been allowed more than that without an option.
	large := newCodec(t, ring, &cookiesession.CodecOptions{MaxSize: 5000})
	value := noise(partBytes + 300)
	text := mustEncode(t, large, "s", value)
	for name, row := range map[string]struct {
		codec *cookiesession.Codec
		opens bool
	}{"MaxSize 1024": {small, false}, "no MaxSize": {newCodec(t, ring, nil), false}, "MaxSize 5000": {large, true}} {
		var got []byte
		_, err := row.codec.Open("s", text, &got)
		_, requestErr := row.codec.OpenRequest(cookieHeader("s", text), "s", &got)
		for _, err := range []error{err, requestErr} {
			if row.opens != (err == nil) || !row.opens && cookiesession.ReasonOf(err) != cookiesession.ReasonTooLarge {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestOneReadingForAWrite has a session with foreign parts: those that the
// request carried are deleted, and no others.
func TestOneReadingForAWrite(t *testing.T) {
	manager, err := cookiesession.New[splitSession](newRing(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-session_3=x; a=b;__Host-session_8=; __Host-session_9=x; __Host-session_3=y")
	s := manager.Load(r)
	s.Data.Data = []byte("new")
	cookies, err := manager.Cookies(s)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cookies {
		names = append(names, fmt.Sprint(c.Name, " ", c.MaxAge < 0))
	}
	if diff := cmp.Diff([]string{"__Host-session false", "__Host-session_3 true", "__Host-session_8 true"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestOneRingForARequest: a request makes a replica read a keyring that has
// changed. Every value of the request is then judged by the new ring.
func TestOneRingForARequest(t *testing.T) {
	for name, row := range map[string]struct {
		file   string // after the change
		header func(oldValue, newValue, stranger string) []string
		want   string
		err    error
	}{
		"the key is new":            {"{b} {a}", func(_, n, _ string) []string { return []string{n} }, "new", nil},
		"after an old one":          {"{b} {a}", func(o, n, _ string) []string { return []string{o, n} }, "new", nil},
		"before an old one":         {"{b} {a}", func(o, n, _ string) []string { return []string{n, o} }, "new", nil},
		"after a stranger":          {"{b} {a}", func(_, n, s string) []string { return []string{s, n} }, "new", nil},
		"the old one is revoked":    {"{b} revoked {A}", func(o, n, _ string) []string { return []string{o, n} }, "new", nil},
		"the old one is revoked, 2": {"{b} revoked {A}", func(o, n, s string) []string { return []string{o, s} }, "", cookiesession.ErrRevoked},
		"no stranger, no reading":   {"{b} revoked {A}", func(o, _, _ string) []string { return []string{o} }, "old", nil},
	} {
		t.Run(name, func(t *testing.T) {
			keyringWatch(t, "{a}", func(w *watchedKeyring) {
				codec := newCodec(t, w.ring, nil)
				oldValue := mustEncode(t, codec, "s", "old")
				w.sleep(2 * time.Second)
				newValue := mustEncode(t, newCodec(t, newRing(t, w.keyringWords["b"]), nil), "s", "new")
				w.write(row.file)
				var got string
				_, err := codec.OpenRequest(cookieHeader("s", row.header(oldValue, newValue, withKeyID(newValue, 1))...), "s", &got)
				if got != row.want || !errors.Is(err, row.err) {
					t.Errorf("%q, %v", got, err)
				}
			})
		})
	}
}

// decodeError is what a decoder may say.
type decodeError struct{ newer bool }

func (decodeError) Error() string { return "does not decode" }
func (e decodeError) Newer() bool { return e.newer }

// TestNewerValue has errors of the decoder: one knows the tag of a newer
// release, one knows that it is none, and one does not know of releases.
func TestNewerValue(t *testing.T) {
	for _, row := range []struct {
		err    error
		reason cookiesession.Reason
	}{
		{fmt.Errorf("wrapped: %w", decodeError{true}), cookiesession.ReasonNewer},
		{decodeError{false}, cookiesession.ReasonValue},
		{errors.New("plain"), cookiesession.ReasonValue},
	} {
		err := cookiesession.ValueError(row.err)
		if cookiesession.ReasonOf(err) != row.reason || !errors.Is(err, row.err) || !errors.Is(err, cookiesession.ErrInvalid) ||
			errors.Is(err, cookiesession.ErrNewer) != (row.reason == cookiesession.ReasonNewer) {
			t.Errorf("%v becomes %v (%s)", row.err, err, cookiesession.ReasonOf(err))
		}
	}
}

// TestStrangersInParts has first parts under a key that the ring lacks. Only
// one that has its other parts is worth a reading of the file; a text of
// gorilla/securecookie looks like one that has not.
func TestStrangersInParts(t *testing.T) {
	legacy := base64.URLEncoding.EncodeToString([]byte("1764138222|" + strings.Repeat("x", 60)))
	for name, row := range map[string]struct {
		drop   int // which of the three parts is missing
		value  string
		reason cookiesession.Reason
	}{
		"all parts":              {0, "", ""},
		"without the second":     {2, "", cookiesession.ReasonMalformed},
		"without the third":      {3, "", cookiesession.ReasonMalformed},
		"gorilla/securecookie's": {0, legacy, cookiesession.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			keyringWatch(t, "{a}", func(w *watchedKeyring) {
				codec := splitCodec(t, w.ring)
				under := splitCodec(t, newRing(t, w.keyringWords["b"]))
				cookies := under.Cookies("s", mustEncode(t, under, "s", noise(3*partBytes-100)))
				if row.drop > 0 {
					cookies = slices.Delete(cookies, row.drop-1, row.drop)
				}
				r := requestWith(cookies...)
				if row.value != "" {
					r = cookieHeader("s", row.value)
				}
				w.sleep(2 * time.Second)
				w.write("{b} {a}")
				_, err := codec.OpenRequest(r, "s", new([]byte))
				if cookiesession.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
					t.Errorf("%v (%s)", err, cookiesession.ReasonOf(err))
				}
				if read := w.states(w.ring) != "a:sealing"; read != (row.reason == "") {
					t.Errorf("the ring is %s", w.states(w.ring))
				}
			})
		})
	}
}

// TestOldCookiesAreNamed has values of gorilla/securecookie, which each
// application that moves here still gets: the error says what they are and what
// reads them, whatever the options. What only looks like one does not get it.
func TestOldCookiesAreNamed(t *testing.T) {
	old := func(seconds string) string {
		return base64.URLEncoding.EncodeToString([]byte(seconds + "|" + strings.Repeat("content", 30) + "|mac"))
	}
	const named = "cookiesession: invalid cookie: not a token of this library, but gorilla/securecookie's: to read those until a date, see Legacy in contrib/gorilla"
	for name, row := range map[string]struct {
		text string
		want bool
	}{
		"of 2026":        {old("1764138222"), true},
		"of 2040":        {old("2209988800"), true},
		"long":           {old("1764138222") + strings.Repeat("A", 8000), true},
		"11 digits":      {old("17641382220"), false},
		"a letter":       {old("176413822x"), false},
		"no bar":         {base64.URLEncoding.EncodeToString([]byte("17641382224" + strings.Repeat("x", 60))), false},
		"short":          {old("1764138222")[:15], false},
		"not the base64": {old("1764138222")[:14] + "+/" + strings.Repeat("A", 60), false},
	} {
		for _, cookies := range []int{1, 4, 8} {
			codec := newCodec(t, newRing(t, cookiesession.NewKey()), &cookiesession.CodecOptions{MaxCookies: cookies})
			_, err := codec.OpenRequest(cookieHeader("s", row.text), "s", new(string))
			for _, err := range []error{err, codec.Decode("s", row.text, new(string))} {
				if err == nil || (err.Error() == named) != row.want || row.want && cookiesession.ReasonOf(err) != cookiesession.ReasonMalformed {
					t.Errorf("%s, MaxCookies %d: %v", name, cookies, err)
				}
			}
		}
	}
}

// TestOpenReadsAChangedKeyring opens a value alone, under a key that only the
// file has.
func TestOpenReadsAChangedKeyring(t *testing.T) {
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		codec := newCodec(t, w.ring, nil)
		value := mustEncode(t, newCodec(t, newRing(t, w.keyringWords["b"]), nil), "s", "new")
		w.sleep(2 * time.Second)
		if err := codec.Decode("s", withKeyID(value, 1), new(string)); !errors.Is(err, cookiesession.ErrUnknownKey) {
			t.Errorf("another unknown key: %v", err)
		}
		w.sleep(2 * time.Second)
		w.write("{b} {a}")
		var got string
		if err := codec.Decode("s", value, &got); err != nil || got != "new" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestBadRecords has authentic records that are none. Vectors have more of
// them; the reason tells them from values that do not decode.
func TestBadRecords(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	for name, row := range map[string]struct {
		record string
		reason cookiesession.Reason
	}{
		"good":              {"\x00\x00\xf5", ""},
		"empty":             {"", cookiesession.ReasonMalformed},
		"flags alone":       {"\x00", cookiesession.ReasonMalformed},
		"no body":           {"\x00\x00", cookiesession.ReasonMalformed},
		"a body, not CBOR":  {"\x00\x00\xff", cookiesession.ReasonValue},
		"padded, no body":   {"\x10\x00\x80\x00", cookiesession.ReasonMalformed},
		"no padding":        {"\x10\x00\xf5", cookiesession.ReasonMalformed},
		"pending, no more":  {"\x40\x00\xf5", cookiesession.ReasonMalformed},
		"packed, cut short": {"\x01\x00\xff", cookiesession.ReasonMalformed},
	} {
		_, err := codec.Open("s", codec.SealRecord("s", []byte(row.record), time.Now()), new(bool))
		if cookiesession.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%s: %v (%s)", name, err, cookiesession.ReasonOf(err))
		}
	}
}

// TestNoLimitInReading joins parts with a Codec that writes one cookie of any
// size.
func TestNoLimitInReading(t *testing.T) {
	ring := newRing(t)
	codec, unlimited := splitCodec(t, ring), newCodec(t, ring, &cookiesession.CodecOptions{MaxSize: -1})
	for n := 1; n <= 8; n++ {
		value := noise(n*partBytes - 100)
		r := requestWith(codec.Cookies("s", mustEncode(t, codec, "s", value))...)
		got, err := open(unlimited, r, "s")
		if err != nil || !slices.Equal(got, value) {
			t.Errorf("%d parts: %d bytes, %v", n, len(got), err)
		}
	}
}

// TestNewerTagIntoTypes decodes a tag of our block that this release does not
// know, where types say what has to stand there.
func TestNewerTagIntoTypes(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	const control, newer = "\x61x", "\xd9\x96\xb2\x61x"
	for name, row := range map[string]struct {
		item string // %s: a text
		dst  func() any
	}{
		"string":            {"%s", func() any { return new(string) }},
		"[]string":          {"\x81%s", func() any { return new([]string) }},
		"map[string]string": {"\xa1\x61a%s", func() any { return new(map[string]string) }},
		"map[any]any":       {"\xa1\x61a%s", func() any { return new(map[any]any) }},
		"struct":            {"\xa1\x65theme%s", func() any { return new(prefs) }},
	} {
		open := func(text string) error {
			record := "\x00\x00" + fmt.Sprintf(row.item, text)
			return codec.Decode("s", codec.SealRecord("s", []byte(record), time.Now()), row.dst())
		}
		if err := open(control); err != nil {
			t.Errorf("%s: the control: %v", name, err)
		}
		if err := open(newer); !errors.Is(err, cookiesession.ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
