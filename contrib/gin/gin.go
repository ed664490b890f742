// Package ginstore keeps the sessions of github.com/gin-contrib/sessions in
// encrypted, compact cookies under rotating keys. Handlers stay as they are:
//
//	// store := cookie.NewStore(authKey)
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	store, err := ginstore.NewStore(keys, nil)
//	...
//	router.Use(sessions.Sessions("app", store))
//
// A [Store] is contrib/gorilla's, which gin-contrib builds on, with the one
// method more that gin-contrib asks for. That package's documentation tells the
// differences, the ways to end a session, the types that need a line, and how
// to read the old store's cookies until a date.
//
// gin-contrib's Options replace all that was set before, so that with its own
// store Options{MaxAge: -1} deletes a cookie of another path. Here a field that
// is zero means the store's, and the store's means a safe one: Path /, Secure,
// HttpOnly, SameSite=Lax. Only MaxAge is taken as it is: 0 is a cookie that the
// browser forgets when it is closed. For plain HTTP in development set
// store.Insecure. gin-contrib logs, and then ignores, the error of a cookie
// that does not open; with store.OnRefused it is yours alone.
//
// Handlers tend to ignore the error of Save, too, and then a logout that was
// not saved leaves the visitor signed in. So a Save that fails is logged at
// level Error, or told to store.OnSaveFailed. A Save after the response, such
// as after c.JSON or c.Redirect, is one of those: its cookie would not be sent.
//
// To replicas of the old program, which run on while the new one is rolled out,
// a cookie of ours is no session: gin-contrib logs an error, and the handler
// finds an empty one. What it saves replaces our cookie, and the visitor is
// signed out of the new replicas as well, unless a gorilla.Legacy reads it.
// Give the session another name in the new program, as in
//
//	router.Use(sessions.Sessions("app2", store))
//
// and have store.LegacyName return the old one. A logout on an old replica does
// not reach a cookie of ours, so keep that time short.
//
// gin-contrib saves nothing where a handler has only read. To keep such
// visitors' sessions on the present key, and within an idle timeout, wrap the
// router:
//
//	http.ListenAndServe(addr, store.Refresh(router, "app"))
package ginstore

import (
	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/gin-contrib/sessions"
)

// A Store is a sessions.Store of gin-contrib. Make one with [NewStore].
type Store struct {
	*gorilla.Store
}

// NewStore returns a Store that seals under keys: see [gorilla.NewStore].
func NewStore(keys *cookiesession.Keyring, opts *cookiesession.CodecOptions, legacy ...*gorilla.LegacyCodec) (*Store, error) {
	store, err := gorilla.NewStore(keys, opts, legacy...)
	if err != nil {
		return nil, err
	}
	return &Store{store}, nil
}

// Options sets the options that sessions start with. Call it before the store
// is used. gin-contrib has no Partitioned: to have it, set
// s.Store.Options.Partitioned, which stays.
func (s *Store) Options(options sessions.Options) {
	o := options.ToGorillaOptions()
	o.Partitioned = s.Store.Options != nil && s.Store.Options.Partitioned
	s.Store.Options = o
}
