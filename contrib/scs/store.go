package scscookie

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/cookiesession"
	"github.com/alexedwards/scs/v2"
)

// A store takes the place of the manager's Store. Outside LoadAndSave it
// answers the manager from the token alone, which is a cookie's value.
type store struct{ sessions *Sessions }

var (
	_ scs.Store         = (*store)(nil)
	_ scs.IterableStore = (*store)(nil)
	_ scs.Codec         = codec{}
)

var errCommit = errors.New("scscookie: SessionManager.LoadAndSave or Commit was called: call the LoadAndSave or the Cookies of scscookie.Sessions")

// Find is called by MergeSession. It finds the token itself, which codec opens.
func (s *store) Find(token string) ([]byte, bool, error) {
	var v values
	if _, err := s.sessions.codec.Open(s.sessions.settings.Cookie.Name, token, &v); err != nil {
		return nil, false, nil // to scs an error is one of the system
	}
	return []byte(token), true, nil
}

// Commit can't store anything, and a token that scs has drawn can't carry a
// session.
func (s *store) Commit(string, []byte, time.Time) error { return errCommit }

// Delete is DeleteCtx outside LoadAndSave.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// DeleteCtx is called by Destroy, RenewToken and MergeSession. Our cookies
// can't be revoked one by one. Entries of the old store can be deleted: for a
// token of its own, for the one that a session came from, and for the others in
// the request.
func (s *store) DeleteCtx(ctx context.Context, token string) error {
	sessions := s.sessions
	tokens := []string{token}
	if now := time.Now(); now.Before(sessions.legacyUntil) {
		var v values
		if _, err := sessions.codec.Open(sessions.settings.Cookie.Name, token, &v); err == nil {
			old, _ := v[legacyKey].(string)
			tokens = append(tokens, old)
		}
		if visit, ok := ctx.Value(sessions).(*visit); ok && visit.brought.token == token {
			for _, cookie := range visit.legacyCookies() {
				tokens = append(tokens, cookie.Value)
			}
		}
	}
	slices.Sort(tokens)
	for _, token := range slices.Compact(tokens) {
		if err := sessions.deleteLegacy(token); err != nil {
			return err
		}
	}
	return nil
}

// All is called by Iterate.
func (s *store) All() (map[string][]byte, error) {
	panic("scscookie: Iterate: sessions are in the visitors' cookies, and nobody has a list of them. To end all of them, set Options.NotBefore; to end some, Options.Check")
}

// A codec takes the place of the manager's Codec. It reads the values that
// store has found.
type codec struct{ sessions *Sessions }

// Encode is called where Commit is about to be.
func (codec) Encode(time.Time, map[string]any) ([]byte, error) { return nil, errCommit }

// Decode opens a token.
func (c codec) Decode(token []byte) (deadline time.Time, v map[string]any, err error) {
	meta, err := c.sessions.codec.Open(c.sessions.settings.Cookie.Name, string(token), &v)
	if err != nil {
		return time.Time{}, nil, err
	}
	return c.sessions.end(meta), visible(v), nil
}

// A lenient codec takes an entry that it can't read for a session that is over.
// So a broken entry of the old store does not keep its visitor out.
type lenient struct{ scs.Codec }

func (c lenient) Decode(b []byte) (time.Time, map[string]any, error) {
	deadline, v, err := c.Codec.Decode(b)
	if err != nil {
		return time.Time{}, values{}, nil
	}
	return deadline, v, nil
}

// An opened session is the store and the codec that a request's session is
// loaded from. Only Find and Decode are called.
type opened struct {
	scs.Store
	scs.Codec
	deadline time.Time
	values   values
}

func (o *opened) Find(string) ([]byte, bool, error) { return nil, true, nil }

func (o *opened) Decode([]byte) (time.Time, map[string]any, error) {
	return o.deadline, o.values, nil
}

// legacyToken is how many characters a token of scs has. A value of ours has
// more.
const legacyToken = 43

// legacyKey is the key of the old token in a session that came from the old
// store, until LegacyUntil. A logout has to delete the old store's entry.
const legacyKey = "__legacy"

// visible returns a session's values without the one that is not the
// application's.
func visible(v values) values {
	if _, there := v[legacyKey]; !there {
		return v
	}
	v = maps.Clone(v)
	delete(v, legacyKey)
	return v
}

// isLegacy reports whether a cookie's value may be a token of the old store.
func (s *Sessions) isLegacy(token string) bool {
	return len(token) == legacyToken && time.Now().Before(s.legacyUntil)
}

// deleteLegacy deletes the old store's entry for a token, if it is one of its
// own.
func (s *Sessions) deleteLegacy(token string) error {
	if !s.isLegacy(token) {
		return nil
	}
	ctx, err := s.old.Load(context.Background(), token)
	if err != nil {
		return err
	}
	return s.old.Destroy(ctx)
}

// loadLegacy returns a context with the session that the old store has for a
// token, and false if it has none.
func (s *Sessions) loadLegacy(ctx context.Context, token string) (context.Context, bool, error) {
	ctx, err := s.old.Load(ctx, token)
	if err != nil {
		return nil, false, err
	}
	return ctx, s.old.Token(ctx) == token, nil // a session that was not found has no token
}

var (
	errLegacyNotBefore = errors.New("a session of the old store, which does not say when it was created, and NotBefore is in force")
	errLegacyDeadline  = errors.New("a session of the old store that is past its deadline")
)

// checkLegacy applies the rules for sessions to one of the old store. Its
// reason is for the event of a session that is refused. blocked says that the
// question could not be answered.
func (v *visit) checkLegacy(ctx context.Context) (reason cookiesession.Reason, err error, blocked bool) {
	now, s := time.Now(), v.Sessions
	switch {
	case !s.notBefore.IsZero() && !now.Before(s.notBefore):
		return cookiesession.ReasonNotBefore, fmt.Errorf("%w: %w", cookiesession.ErrRevoked, errLegacyNotBefore), false
	case !now.Before(s.old.Deadline(ctx)): // scs leaves it to stores to look at it
		return cookiesession.ReasonLifetime, fmt.Errorf("%w: %w", cookiesession.ErrExpired, errLegacyDeadline), false
	case s.checkValues == nil:
		return "", nil, false
	}
	found := values{}
	for _, key := range s.old.Keys(ctx) {
		found[key] = s.old.Get(ctx, key)
	}
	switch err := s.checkValues(v.request, found); {
	case err == nil:
		return "", nil, false
	case errors.Is(err, cookiesession.ErrRevoked):
		return cookiesession.ReasonCheck, err, false
	default:
		return cookiesession.ReasonCheckFailed, err, true
	}
}
