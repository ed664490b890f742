package cookiesession_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/value"
)

// FuzzOpen checks that a Codec opens only what it would seal: a text that opens
// seals, with the same random bytes, time and Meta, to itself unless its body
// is spelled in another way, and then to a text that opens to an equal value. A
// text that does not open is refused with a wrapped sentinel and leaves dst
// alone.
func FuzzOpen(f *testing.F) {
	vectors := readVectors(f)
	vectors = slices.DeleteFunc(vectors, func(v vector) bool { return v.Token == "" }) // they have a header
	for _, v := range vectors {
		f.Add(v.Name, v.Label, v.Token)
		f.Add(v.Name+"x", v.Label, v.Token)
		f.Add(v.Name, v.Label, v.Token[:len(v.Token)-1])
		f.Add(v.Name, v.Label, v.Token+"=")
	}
	f.Add("", "", "")
	var keys []cookiesession.Key
	seen := map[string]bool{}
	for _, v := range vectors {
		if !seen[v.Secret] {
			keys = append(keys, keyFromSecret(f, unhex(f, v.Secret)))
		}
		seen[v.Secret] = true
	}
	ring := newRing(f, keys...)
	for _, v := range vectors { // the vectors themselves have expired by now
		v.IssuedAt = time.Now().Unix()
		if v.Record != "" {
			f.Add(v.Name, v.Label, v.sealRecord(f, unhex(f, v.Record), 1))
		}
	}
	f.Fuzz(func(t *testing.T, name, label, text string) {
		codec := newCodec(t, ring, &cookiesession.CodecOptions{Label: label, Lifetime: 400 * 24 * time.Hour})
		before := any("before")
		dst := before
		meta, err := codec.Open(name, text, &dst)
		if err != nil {
			if dst != before || !reflect.ValueOf(meta).IsZero() {
				t.Errorf("refused, and still %v, %+v", dst, meta)
			}
			checkSentinel(t, name, err)
			return
		}
		if dst == nil {
			return // as in FuzzRecord
		}
		again, err := codec.Seal(name, dst, meta)
		if errors.Is(err, cookiesession.ErrTooLarge) {
			return // another, longer spelling of its own
		}
		if err != nil {
			t.Fatalf("what opened does not seal: %v", err)
		}
		var value any
		if _, err := codec.Open(name, again, &value); err != nil {
			t.Fatalf("what was sealed again does not open: %v", err)
		}
		sameItem(t, dst, value)
	})
}

func checkSentinel(t *testing.T, name string, err error) {
	if name == "" || len(name) > 65535 {
		return
	}
	for _, sentinel := range []error{cookiesession.ErrInvalid, cookiesession.ErrUnknownKey, cookiesession.ErrExpired, cookiesession.ErrRevoked} {
		if errors.Is(err, sentinel) && err != sentinel {
			return
		}
	}
	t.Errorf("error %v wraps no sentinel", err)
}

// FuzzRecord checks, behind the tag, the same of records: any bytes that were
// sealed are refused with ErrInvalid, or open to a value that seals and opens
// again to an equal one. No record makes it panic or claim memory that it
// doesn't have.
func FuzzRecord(f *testing.F) {
	for _, record := range []string{
		"", "\x00", "\x00\x00", "\x00\x00\xa0", "\x01\x00\x00", "\x08\x00\xa0", "\x00\x80\x00\xa0",
		"\x02\x000123456789abcdef\xf5", "\x04\x00\x01\xf5", "\x04\x00\x00\xf5", "\x06\x850123456789abcdef\x01\xf5",
		"\x00\x00\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
	} {
		f.Add([]byte(record))
	}
	for _, v := range readVectors(f) {
		f.Add(unhex(f, v.Record))
	}
	codec := newCodec(f, newRing(f), &cookiesession.CodecOptions{Lifetime: 400 * 24 * time.Hour})
	f.Fuzz(func(t *testing.T, record []byte) {
		if len(record) > 2000 {
			return
		}
		text := codec.SealRecord("name", record, time.Now())
		before := any("before")
		dst := before
		meta, err := codec.Open("name", text, &dst)
		if err != nil {
			if dst != before || !(errors.Is(err, cookiesession.ErrInvalid) || errors.Is(err, cookiesession.ErrExpired)) {
				t.Errorf("dst %v, error %v", dst, err)
			}
			return
		}
		if dst == nil {
			return // null: opens, and is refused by Seal as a mistake
		}
		again, err := codec.Seal("name", dst, meta)
		if errors.Is(err, cookiesession.ErrTooLarge) {
			return // another, longer spelling of its own
		}
		if err != nil {
			t.Fatalf("what opened does not seal: %v", err)
		}
		var value any
		metaAgain, err := codec.Open("name", again, &value)
		if err != nil {
			t.Fatalf("what was sealed again does not open: %v", err)
		}
		metaAgain.Issued = meta.Issued
		if diff := cmp.Diff(meta, metaAgain); diff != "" {
			t.Error(diff)
		}
		sameItem(t, dst, value)
	})
}

// FuzzSeal checks that what seals opens, and gives an equal value: any JSON
// document, typed as any, is either refused by Seal or comes back.
func FuzzSeal(f *testing.F) {
	files, err := filepath.Glob("testdata/sessions/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no sessions", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	codec := newCodec(f, newRing(f), &cookiesession.CodecOptions{MaxSize: -1})
	f.Fuzz(func(t *testing.T, text []byte) {
		var value any
		if json.Unmarshal(text, &value) != nil || value == nil {
			return
		}
		sealed, err := codec.Encode("name", value)
		if err != nil {
			return // deeper than 64
		}
		var got any
		if err := codec.Decode("name", sealed, &got); err != nil {
			t.Fatalf("what was sealed does not open: %v", err)
		}
		sameItem(t, value, got)
	})
}

// sameItem compares values by their encoding: NaN is equal to itself, and
// nested lists don't take go-cmp's exponential time.
func sameItem(t *testing.T, want, got any) {
	t.Helper()
	a, err := value.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := value.Append(nil, got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%x comes back as %x", a, b)
	}
}
