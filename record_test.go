package cookiesession_test

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/chacha20poly1305"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/keytext"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
)

// rawToken seals a token as FORMAT.md says, without the library: what its first
// byte is and what it holds are the test's.
func rawToken(t *testing.T, key cookiesession.Key, name string, first byte, record []byte) string {
	t.Helper()
	secret, err := keytext.DecodeKey(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	cipherKey, err := hkdf.Key(sha256.New, secret[:], nil, "cookiesession v1 seal", 32)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := chacha20poly1305.NewX(cipherKey)
	if err != nil {
		t.Fatal(err)
	}
	nonce := append([]byte{first}, unhex(t, key.ID())...)
	nonce = binary.BigEndian.AppendUint32(nonce, uint32(time.Now().Unix()))
	nonce = append(nonce, make([]byte, 16)...)
	_, _ = rand.Read(nonce[8:])
	data := append(binary.BigEndian.AppendUint16(nil, uint16(len(name))), name...)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, record, data))
}

// emptyRecord is of a session that began when it was issued, without an id. A
// body has to follow.
const emptyRecord = "\x00\x00"

// TestRecords has records that a good key has sealed. Each row breaks one rule
// of a row before it that opens.
func TestRecords(t *testing.T) {
	uvarint := func(n int64) string { return string(binary.AppendUvarint(nil, uint64(n))) }
	const (
		id     = "0123456789abcdef"
		most   = 400 * 24 * 60 * 60
		truth  = "\xf5"
		pretty = `"` // of no use as CBOR: a byte string of two bytes
	)
	now := time.Now().Unix()
	for _, row := range []struct {
		name, record string
		want         error
	}{
		{"control", emptyRecord + truth, nil},
		{"nothing", "", cookiesession.ErrInvalid},
		{"no age", "\x00", cookiesession.ErrInvalid},
		{"no body", emptyRecord, cookiesession.ErrInvalid},
		{"two bodies", emptyRecord + truth + truth, cookiesession.ErrInvalid},
		{"half a body", emptyRecord + pretty, cookiesession.ErrInvalid},
		{"an unknown flag", "\x80\x00" + truth, cookiesession.ErrInvalid},
		{"all flags", "\xff\x00" + truth, cookiesession.ErrInvalid},

		{"an age", "\x00\x7f" + truth, nil},
		{"an age of two bytes", "\x00\x80\x01" + truth, nil},
		{"an age of one byte in two", "\x00\xff\x00" + truth, cookiesession.ErrInvalid},
		{"an age without an end", "\x00\xff", cookiesession.ErrInvalid},
		{"an age of 64 bits", "\x00" + uvarint(math.MaxInt64) + truth, cookiesession.ErrInvalid},
		{"an age of more than 64 bits", "\x00" + strings.Repeat("\xff", 10) + "\x01" + truth, cookiesession.ErrInvalid},
		{"created in 1970", "\x00" + uvarint(now) + truth, cookiesession.ErrExpired},
		{"created in 1969", "\x00" + uvarint(now+60) + truth, cookiesession.ErrInvalid},

		{"an id", "\x02\x00" + id + truth, nil},
		{"an id, and no body", "\x02\x00" + id, cookiesession.ErrInvalid},
		{"half an id", "\x02\x00" + id[:15], cookiesession.ErrInvalid},

		{"a lifetime", "\x04\x00\x3c" + truth, nil},
		{"a lifetime, and no body", "\x04\x00\x3c", cookiesession.ErrInvalid},
		{"a lifetime of none", "\x04\x00\x00" + truth, cookiesession.ErrInvalid},
		{"a lifetime of one byte in two", "\x04\x00\xbc\x00" + truth, cookiesession.ErrInvalid},
		{"a lifetime of 400 days", "\x04\x00" + uvarint(most) + truth, nil},
		{"a lifetime of a second more", "\x04\x00" + uvarint(most+1) + truth, cookiesession.ErrInvalid},
		{"an id and a lifetime", "\x06\x00" + id + "\x3c" + truth, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			key := cookiesession.NewKey()
			codec := newCodec(t, newRing(t, key), &cookiesession.CodecOptions{MaxLifetime: most * time.Second})
			got := false
			err := codec.Decode("s", rawToken(t, key, "s", 1, []byte(row.record)), &got)
			if !errors.Is(err, row.want) || got != (row.want == nil) {
				t.Errorf("value %t, error %v, want %v", got, err, row.want)
			}
		})
	}
}

// TestFirstByte has every version and number of parts, of tokens that are good
// but for that.
func TestFirstByte(t *testing.T) {
	key := cookiesession.NewKey()
	codec := newCodec(t, newRing(t, key), &cookiesession.CodecOptions{MaxCookies: 8})
	for first := range 256 {
		got := false
		err := codec.Decode("s", rawToken(t, key, "s", byte(first), []byte(emptyRecord+"\xf5")), &got)
		version, parts := first&0x0f, first>>4+1
		if version == 1 && parts <= 8 {
			if err != nil || !got {
				t.Errorf("first byte %02x: value %t, error %v", first, got, err)
			}
		} else if !errors.Is(err, cookiesession.ErrInvalid) || got {
			t.Errorf("first byte %02x: value %t, error %v, want ErrInvalid", first, got, err)
		}
	}
}

// TestItems has bodies that are no deterministic CBOR, or not of version 1.
// They are refused wherever they stand, and whatever they are decoded into.
func TestItems(t *testing.T) {
	key := cookiesession.NewKey()
	codec, coder := newCodec(t, newRing(t, key), nil), pack.New(&tables.V1).NewCoder()
	type known struct{ B int }
	for _, row := range []struct{ name, control, item string }{
		{"keys out of order", "\xa2\x61a\x01\x61b\x02", "\xa2\x61b\x02\x61a\x01"},
		{"a key twice", "\xa2\x61a\x01\x61b\x02", "\xa2\x61a\x01\x61a\x02"},
		{"a long key first", "\xa2\x61b\x01\x62aa\x02", "\xa2\x62aa\x02\x61b\x01"},
		{"keys out of order, in a list", "\x81\xa2\x61a\x01\x61b\x02", "\x81\xa2\x61b\x02\x61a\x01"},
		{"integer keys out of order", "\xa2\x01\x01\x02\x02", "\xa2\x02\x02\x01\x01"},
		{"a reserved integer", "\xa1\x61B\x01", "\xa1\x61B\x1c"},
		{"a reserved integer with eight bytes", "\xa1\x61B\x01", "\xa1\x61B\x1c\x00\x00\x00\x01\x00\x00\x00\x00"},
		{"a reserved integer with sixteen bytes", "\xa1\x61B\x01", "\xa1\x61B\x1c" + strings.Repeat("\x00", 16)},
		{"bytes beyond the end", "\xa1\x61B\x41a", "\xa1\x61B\x42a"},
		{"a text beyond the end", "\xa1\x61B\x61a", "\xa1\x61B\x62a"},
		{"a reserved length", "\xa1\x61B\x41a", "\xa1\x61B\x5ca"},
		{"a simple value in two bytes", "\xa1\x61B\xf5", "\xa1\x61B\xf8\x15"},
		{"a reserved simple value", "\xa1\x61B\xf5", "\xa1\x61B\xfc"},
		{"an integer in more bytes than it needs", "\xa1\x61B\x17", "\xa1\x61B\x18\x17"},
		{"a float in more bytes than it needs", "\xa1\x61B\xf9\x3c\x00", "\xa1\x61B\xfa\x3f\x80\x00\x00"},
		{"an indefinite length", "\xa1\x61B\x80", "\xa1\x61B\x9f\xff"},
		{"a text that is no UTF-8", "\xa1\x61B\x61a", "\xa1\x61B\x61\xff"},
	} {
		t.Run(row.name, func(t *testing.T) {
			open := func(item string, dst any) error {
				err := codec.Decode("s", rawToken(t, key, "s", 1, []byte(emptyRecord+item)), dst)
				// The same, packed by a packer that does not look at it, if it
				// is well-formed at least.
				if strings.Contains(row.name, "key") || strings.Contains(row.name, "UTF-8") {
					packed := codec.Decode("s", rawToken(t, key, "s", 1, coder.AppendTape([]byte("\x01\x00"), tapeOf(t, item))), dst)
					if (err == nil) != (packed == nil) {
						t.Errorf("into a %T: error %v, packed: %v", dst, err, packed)
					}
				}
				return err
			}
			var control, broken any
			if err := open(row.control, &control); err != nil {
				t.Fatalf("the control does not open: %v", err)
			}
			for _, dst := range []any{&broken, new(map[any]any), new(map[string]any), new(map[string]int), new(map[int]int), new(known), new(struct{ Other int })} {
				if err := open(row.item, dst); !errors.Is(err, cookiesession.ErrInvalid) {
					t.Errorf("into a %T: error %v", dst, err)
				}
			}
		})
	}
}

// tapeOf puts an item on a tape that is well-formed, but need not be
// deterministic: integers, texts, lists and maps, with lengths below 24.
func tapeOf(t *testing.T, item string) *cbor.Tape {
	t.Helper()
	var tape cbor.Tape
	var add func()
	add = func() {
		kind, n := cbor.Kind(item[0]>>5), uint64(item[0]&31)
		item = item[1:]
		if n >= 24 {
			t.Fatalf("a head of several bytes, before %q", item)
		}
		switch kind {
		case cbor.Uint:
			tape.AddUint(n)
		case cbor.Text:
			tape.AddText(item[:n])
			item = item[n:]
		case cbor.Array, cbor.Map:
			at := tape.Open(kind, n)
			for range n * uint64(kind-cbor.Array+1) {
				add()
			}
			tape.Close(at)
		default:
			t.Fatalf("an item of kind %d", kind)
		}
	}
	add()
	return &tape
}

// TestDepth has 64 levels, and one more, of all that can hold something.
func TestDepth(t *testing.T) {
	key := cookiesession.NewKey()
	codec, coder := newCodec(t, newRing(t, key), nil), pack.New(&tables.V1).NewCoder()
	type list []list
	type link struct {
		N *link `json:"n"`
	}
	type table map[string]table
	for _, row := range []struct {
		name, level, end string
		dst              func() any
	}{
		{"lists", "\x81", "\x80", func() any { return new(any) }},
		{"maps", "\xa1\x61n", "\xa0", func() any { return new(any) }},
		{"maps of any keys", "\xa1\x61n", "\xa0", func() any { return new(map[any]any) }},
		{"typed maps", "\xa1\x61n", "\xa0", func() any { return new(table) }},
		{"typed lists", "\x81", "\x80", func() any { return new(list) }},
		{"structs", "\xa1\x61n", "\xa0", func() any { return new(link) }},
		{"an unknown key", "\xa1\x61n", "\xa0", func() any { return new(struct{ Other int }) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			for levels, want := range map[int]error{63: nil, 64: nil, 65: cookiesession.ErrInvalid, 66: cookiesession.ErrInvalid} {
				item := strings.Repeat(row.level, levels-1) + row.end
				dst := row.dst()
				err := codec.Decode("s", rawToken(t, key, "s", 1, []byte(emptyRecord+item)), dst)
				if !errors.Is(err, want) {
					t.Errorf("%d levels: error %v, want %v", levels, err, want)
				}
				packed := codec.Decode("s", rawToken(t, key, "s", 1, coder.AppendTape([]byte("\x01\x00"), tapeOf(t, item))), row.dst())
				if !errors.Is(packed, want) {
					t.Errorf("%d levels, packed: error %v, want %v", levels, packed, want)
				}
				if err == nil && row.name != "an unknown key" {
					if _, err := codec.Encode("s", dst); err != nil {
						t.Errorf("%d levels open and do not seal: %v", levels, err)
					}
				}
			}
		})
	}
}

// TestNames has the longest name, in both directions.
func TestNames(t *testing.T) {
	key := cookiesession.NewKey()
	codec := newCodec(t, newRing(t, key), &cookiesession.CodecOptions{MaxSize: -1})
	longest := strings.Repeat("n", math.MaxUint16)
	text := mustEncode(t, codec, longest, true)
	got := false
	if err := codec.Decode(longest, text, &got); err != nil || !got {
		t.Errorf("the longest name: value %t, error %v", got, err)
	}
	var usage interface{ IsUsage() bool }
	_, err := codec.Encode(longest+"n", true)
	if !errors.As(err, &usage) || !usage.IsUsage() {
		t.Errorf("sealed for a longer name: error %v", err)
	}
	// The length of such a name would be that of none.
	if err := codec.Decode(longest+"n", rawToken(t, key, longest+"n", 1, []byte(emptyRecord+"\xf5")), new(bool)); err == nil {
		t.Error("opened under a longer name")
	}
}

// TestRepeats has values of which a neighbour is much the same, and differs in
// its type.
func TestRepeats(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	for _, value := range [][]any{
		{[]any{"a", "b", "c"}, jwt},
		{jwt, []any{"a", "b", "c"}},
		{[]any{"a"}, []string{"x", "y"}},
		{[]any{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "b"}, []any{"a", "b"}},
		{map[string]any{"a": 1}, map[string]string{"a": "b"}},
		{map[string]any{"a": 1}, map[string]int{"a": 1}},
		{[]any{"x", "y"}, []int{1, 2, 3}},
		{[]any{1, 2, 3}, []int{1, 2, 3}},
		{1, -2, 1}, {[]any{1, 1}, []any{-2, -2}, []any{1, -2}}, {245, true, 244, false},
	} {
		var got []any
		if err := codec.Decode("s", mustEncode(t, codec, "s", value), &got); err != nil {
			t.Errorf("%v: %v", value, err)
		}
		if diff := cmp.Diff(value, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestUnknownFieldsAreKept has a replica of an older release read a session
// that has nothing but fields of a newer one. To it the session is the zero
// value, and reading must not delete it.
func TestUnknownFieldsAreKept(t *testing.T) {
	ring := newRing(t)
	type newer struct{ Added string }
	b := newWebSite(t, ring, cookiesession.Options[newer]{}).newSession(func(c *webCall[newer]) { c.S.Data.Added = "x" })
	page := newWebSite(t, ring, cookiesession.Options[webUser]{}).visit(b, nil)
	if page.S.IsNew() || page.S.Err() != nil {
		t.Errorf("the session does not open: %v", page.S.Err())
	}
	if len(page.cookies()) != 0 {
		t.Errorf("reading writes %q", page.cookies())
	}
}

// TestMaxAgeIsNeverZero has a handler that changes the session in the second in
// which it ends. A cookie without a time to live would be one that browsers
// delete, with a session sealed in it.
func TestMaxAgeIsNeverZero(t *testing.T) {
	for left, want := range map[time.Duration]string{time.Second: "Max-Age=1", 0: "Max-Age=0", -time.Second: "Max-Age=0"} {
		synctest.Test(t, func(t *testing.T) {
			site := newWebSite(t, nil, cookiesession.Options[webUser]{Lifetime: time.Hour})
			b := signedIn(site)
			time.Sleep(time.Hour - time.Minute)
			page := site.visit(b, func(c *userCall) {
				c.S.Data.Visits++
				time.Sleep(time.Minute - left)
			})
			if len(page.cookies()) != 1 || !strings.Contains(page.cookies()[0], want) {
				t.Fatalf("%v left: Set-Cookie is %q", left, page.cookies())
			}
			if value := page.Response.Cookies()[0].Value; (value == "") != (left <= 0) {
				t.Errorf("%v left: the value is %q", left, value)
			}
		})
	}
}

// TestRevokedThroughABrokenFile has a file whose revocation counts, although
// the rest of the file does not.
func TestRevokedThroughABrokenFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, key := cookiesession.NewKey(), cookiesession.NewKey()
		path := filepath.Join(keyringDir(t), "keys.txt")
		good := key.Secret() + "\n" + old.Secret() + "\n"
		if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := cookiesession.OpenKeyring(path)
		if err != nil {
			t.Fatal(err)
		}
		codec := newCodec(t, ring, nil)
		text := mustEncode(t, newCodec(t, newRing(t, old), nil), "s", true)
		if err := codec.Decode("s", text, new(bool)); err != nil {
			t.Fatalf("the control does not open: %v", err)
		}
		go ring.Watch(t.Context(), time.Minute, func(error) {})
		synctest.Wait()
		keyringWrite(t, path, good+"no key\nrevoked "+old.ID()+"\n")
		time.Sleep(2 * time.Minute)
		if err := codec.Decode("s", text, new(bool)); !errors.Is(err, cookiesession.ErrRevoked) {
			t.Errorf("error %v", err)
		}
	})
}

// TestLifetimeIsSealedAsItIsAllowed has a session ask for more than
// MaxLifetime. A later, longer MaxLifetime does not give it the rest.
func TestLifetimeIsSealedAsItIsAllowed(t *testing.T) {
	const day = 24 * time.Hour
	ring := newRing(t)
	site := newWebSite(t, ring, cookiesession.Options[webUser]{MaxLifetime: 30 * day})
	b := site.newSession(func(c *userCall) {
		webSign(c.S)
		c.S.SetLifetime(90 * day)
	})
	later := newCodec(t, ring, &cookiesession.CodecOptions{MaxLifetime: 300 * day})
	meta, err := later.Open(site.CookieName(), b.jar[site.CookieName()], new(webUser))
	if err != nil || meta.Lifetime != 30*day {
		t.Errorf("lifetime %v, error %v", meta.Lifetime, err)
	}
}

// TestUnlimitedValuesHaveNoParts has a Codec for values outside of cookies.
func TestUnlimitedValuesHaveNoParts(t *testing.T) {
	for size, want := range map[int][]string{0: {"s_2"}, -1: nil} {
		codec := newCodec(t, newRing(t), &cookiesession.CodecOptions{MaxSize: size, MaxCookies: 3})
		got := codec.StaleParts(webRequest("s_2=x"), "s", []*http.Cookie{{Name: "s", Value: "x"}})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("MaxSize %d (-want +got):\n%s", size, diff)
		}
	}
}

// TestEarlyReloadOfValues has a keyring file that has changed, and values that
// make a replica look into it, or not.
func TestEarlyReloadOfValues(t *testing.T) {
	for name, row := range map[string]struct {
		open   func(codec *cookiesession.Codec, old, next string) error
		states string
	}{
		"Decode": {func(codec *cookiesession.Codec, _, next string) error {
			return codec.Decode("s", next, new(bool))
		}, "b:sealing a:old"},
		// What the first reading found is not counted again.
		"behind five that are altered": {func(codec *cookiesession.Codec, old, next string) error {
			lines := []string{}
			for i := range 5 {
				altered := []byte(old)
				altered[20+i] ^= 1
				lines = append(lines, "s="+string(altered))
			}
			_, err := codec.OpenRequest(webRequest(append(lines, "s="+next)...), "s", new(bool))
			return err
		}, "b:sealing a:old"},
		// The header of a first part, whose other parts did not come.
		"an incomplete value": {func(codec *cookiesession.Codec, _, next string) error {
			_, err := codec.OpenRequest(webRequest("s=M"+next[1:]), "s", new(bool))
			if cookiesession.ReasonOf(err) != cookiesession.ReasonMalformed {
				return fmt.Errorf("opened: %w", err)
			}
			return nil
		}, "a:sealing"},
	} {
		t.Run(name, func(t *testing.T) {
			keyringWatch(t, "{a}", func(w *watchedKeyring) {
				codec := newCodec(t, w.ring, nil)
				old := mustEncode(t, codec, "s", true)
				next := mustEncode(t, newCodec(t, newRing(t, w.keyringWords["b"]), nil), "s", true)
				w.write("{b} {a}")
				w.sleep(time.Second)
				if err := row.open(codec, old, next); err != nil {
					t.Error(err)
				}
				w.want(row.states, "")
			})
		})
	}
}

// TestKeptKeyNeverSeals has a file that loses the key that seals, while the one
// that is left has yet to be activated.
func TestKeptKeyNeverSeals(t *testing.T) {
	keyringWatch(t, "{b} activates=@20 {a}", func(w *watchedKeyring) {
		w.sleep(2 * time.Hour)
		w.write("{b} activates=@20")
		w.sleep(2 * time.Minute)
		w.want("b:sealing a:kept", "lost key {A}")
	})
}

// TestFlushThatCouldNotBeMade has a writer that cannot flush. Nothing was sent,
// so a later change is in time, and what the application writes over the
// session's line stays.
func TestFlushThatCouldNotBeMade(t *testing.T) {
	site := newUserSite(t)
	b := signedIn(site)
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", site.CookieName()+"="+b.jar[site.CookieName()])
	site.take()
	site.handle(func(c *userCall) {
		c.S.Data.Visits++
		if err := http.NewResponseController(c.W).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("error %v", err)
		}
		c.W.Header()["Set-Cookie"][0] = "theme=dark"
		c.S.Data.Visits++
		c.S.Renew()
	}).ServeHTTP(struct{ http.ResponseWriter }{rec}, r)
	if lines := rec.Header()["Set-Cookie"]; len(lines) != 2 || lines[0] != "theme=dark" {
		t.Errorf("Set-Cookie is %q", lines)
	}
	site.wantEvents(cookiesession.EventOpened, cookiesession.EventIssued)
}
