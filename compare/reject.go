package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/cookiesession"
)

// measureRejects times cookies that don't open, which anybody can send, beside
// one that does.
func (g *growth) measureRejects(_ []*form, budget time.Duration) error {
	values, err := rejectedValues()
	if err != nil {
		return err
	}
	requests, err := rejectedRequests()
	if err != nil {
		return err
	}
	for _, ops := range [][]*operation{values, requests} {
		some, err := steps(ops, budget/2)
		if err != nil {
			return err
		}
		g.Rejects = append(g.Rejects, some...)
	}
	return nil
}

// rejectedValues are values that a Codec is given, the first of them good.
func rejectedValues() ([]*operation, error) {
	var codecs [2]*cookiesession.Codec
	var texts [2]string
	for i := range codecs {
		keys, err := newKeyring()
		if err != nil {
			return nil, err
		}
		if codecs[i], err = cookiesession.NewCodec(keys, nil); err != nil {
			return nil, err
		}
		if texts[i], err = codecs[i].Encode(cookieName, &eight); err != nil {
			return nil, err
		}
	}
	good, foreign := texts[0], texts[1]
	var ops []*operation
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"value: one that opens", good, nil},
		{"value: another library's", "s%3Aj0a9Yl1xQ2.wZ0b7cN4kd8e", cookiesession.ErrInvalid},
		{"value: 4,000 characters of nothing", strings.Repeat("A", 4000), cookiesession.ErrInvalid},
		{"value: 1,000,000 characters of nothing", strings.Repeat("A", 1_000_000), cookiesession.ErrInvalid},
		{"value: of an unknown key", foreign, cookiesession.ErrUnknownKey},
		{"value: with a bad tag", altered(good), cookiesession.ErrInvalid},
	} {
		ops = append(ops, &operation{name: row.name, n: 1, pass: func() error {
			if err := codecs[0].Decode(cookieName, row.text, new(preferences)); !errors.Is(err, row.want) {
				return errors.Join(errors.New("another outcome than expected"), err)
			}
			return nil
		}})
	}
	return ops, nil
}

// altered changes a text's end, where the tag is.
func altered(text string) string {
	end := "AAAAAAAA"
	if strings.HasSuffix(text, end) {
		end = "BBBBBBBB"
	}
	return text[:len(text)-len(end)] + end
}

// rejectedRequests are requests that read a session of as many cookies as are
// allowed, the first of them good.
func rejectedRequests() ([]*operation, error) {
	keys, err := newKeyring()
	if err != nil {
		return nil, err
	}
	const most = 8
	manager, err := cookiesession.New[map[string][]byte](keys, &cookiesession.Options[map[string][]byte]{MaxCookies: most})
	if err != nil {
		return nil, err
	}
	// Eight sessions of eight cookies each. The first is good; of the others,
	// the last cookie is altered.
	var pairs [most][]string
	var junk []string
	for i := range pairs {
		cookies, err := manager.Cookies(&cookiesession.Session[map[string][]byte]{Data: map[string][]byte{"noise": randomBytes(22_000)}})
		if err != nil {
			return nil, err
		}
		if len(cookies) != most {
			return nil, fmt.Errorf("a large session is of %d cookies", len(cookies))
		}
		for j, cookie := range cookies {
			if i > 0 && j == most-1 {
				cookie.Value = altered(cookie.Value)
			}
			pairs[i] = append(pairs[i], cookie.Name+"="+cookie.Value)
		}
		if i > 0 {
			junk = append(junk, pairs[i]...)
		}
	}
	slices.Sort(junk) // every first part before every second one
	handler := func(want bool) http.Handler {
		return manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if opened := len(manager.Get(r).Data) > 0; opened != want {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
	}
	return []*operation{
		requestOperation("request: eight cookies that open", handler(true), strings.Join(pairs[0], "; ")),
		requestOperation("request: the first of eight alone", handler(false), pairs[0][0]),
		requestOperation("request: eight with a bad tag", handler(false), strings.Join(pairs[1], "; ")),
		requestOperation("request: seven times eight with bad tags", handler(false), strings.Join(junk, "; ")),
	}, nil
}
