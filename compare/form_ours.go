package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	scscookie "example.com/cookiesession/contrib/scs"
	"github.com/alexedwards/scs/v2"
)

const oursName = "cookiesession"

func newKeyring() (*cookiesession.Keyring, error) {
	return cookiesession.NewKeyring(cookiesession.NewKey())
}

// ourForms are this library, and its modules for two popular packages.
func ourForms() ([]*form, error) {
	keys, err := newKeyring()
	if err != nil {
		return nil, err
	}
	// Sessions that are too large for one cookie are measured, too, so the
	// limits are not the defaults.
	codec, err := cookiesession.NewCodec(keys, &cookiesession.CodecOptions{MaxSize: -1})
	if err != nil {
		return nil, err
	}
	store, err := gorilla.NewStore(keys, &cookiesession.CodecOptions{MaxCookies: 8})
	if err != nil {
		return nil, err
	}
	manager := newSCS()
	sessions, err := scscookie.New(manager, keys, &scscookie.Options{MaxCookies: 8})
	if err != nil {
		return nil, err
	}
	return []*form{
		{
			name: oursName, group: ours, module: "example.com/cookiesession",
			seal: func(value any) (string, error) { return codec.Encode(cookieName, value) },
			open: func(text string, dst any) error { return codec.Decode(cookieName, text, dst) },
		},
		{
			name: "contrib/gorilla, through a handler", group: ours, convert: asValues,
			seal: func(value any) (string, error) {
				return sealedByHandler(func(w http.ResponseWriter, r *http.Request) error {
					session, err := store.Get(r, cookieName)
					if err != nil {
						return err
					}
					session.Values = value.(map[any]any)
					return session.Save(r, w)
				})
			},
		},
		{
			name: "contrib/scs, through its middleware", group: ours, convert: func(value any) any { return asMap(value) },
			seal: sealedBySCS(manager, sessions.LoadAndSave),
		},
	}, nil
}

// sealedByHandler returns the session that a handler sets.
func sealedByHandler(handler func(http.ResponseWriter, *http.Request) error) (string, error) {
	w := httptest.NewRecorder()
	if err := handler(w, httptest.NewRequest(http.MethodGet, "/", nil)); err != nil {
		return "", err
	}
	return setCookies(w)
}

// sealedBySCS returns a function that has scs and a middleware of its sessions
// set a session.
func sealedBySCS(manager *scs.SessionManager, middleware func(http.Handler) http.Handler) func(any) (string, error) {
	return func(value any) (string, error) {
		w := httptest.NewRecorder()
		handler := middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for k, v := range value.(map[string]any) {
				manager.Put(r.Context(), k, v)
			}
			w.WriteHeader(http.StatusNoContent)
		}))
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return setCookies(w)
	}
}

// setCookies returns the values of a response's session cookies. Those of a
// session that was split are put together.
func setCookies(w *httptest.ResponseRecorder) (string, error) {
	var text strings.Builder
	for _, cookie := range w.Result().Cookies() {
		if strings.HasPrefix(cookie.Name, cookieName) && cookie.MaxAge >= 0 {
			text.WriteString(cookie.Value)
		}
	}
	if text.Len() == 0 {
		return "", fmt.Errorf("no session in a response with status %d", w.Code)
	}
	return text.String(), nil
}
