package scscookie

import (
	"context"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A store takes the place of the manager's Store. What the manager asks of it
// outside LoadAndSave can be answered from the token alone, which is a cookie's
// value.
type store struct{ sessions *Sessions }

var (
	_ scs.Store         = (*store)(nil)
	_ scs.IterableStore = (*store)(nil)
	_ scs.Codec         = codec{}
)

var errCommit = errors.New("scscookie: SessionManager.LoadAndSave or Commit was called: call the LoadAndSave or the Cookies of scscookie.Sessions")

// Find is asked by MergeSession. What it finds is the token, for codec to open.
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

// Delete is asked by Destroy and RenewToken. Our cookies can't be revoked one
// by one, but what the old store has for a token of its own can be deleted.
func (s *store) Delete(token string) error {
	if !s.sessions.isLegacy(token) {
		return nil
	}
	old := &s.sessions.old
	ctx, err := old.Load(context.Background(), token)
	if err != nil {
		return err
	}
	return old.Destroy(ctx)
}

// All is asked by Iterate.
func (s *store) All() (map[string][]byte, error) {
	panic("scscookie: Iterate: sessions are in the visitors' cookies, and nobody has a list of them. To end all of them, set Options.NotBefore; to end some, Options.Check")
}

// A codec takes the place of the manager's Codec. It reads what store has
// found.
type codec struct{ sessions *Sessions }

// Encode is called where Commit is about to be.
func (codec) Encode(time.Time, map[string]any) ([]byte, error) { return nil, errCommit }

// Decode opens a token.
func (c codec) Decode(token []byte) (deadline time.Time, v map[string]any, err error) {
	meta, err := c.sessions.codec.Open(c.sessions.settings.Cookie.Name, string(token), &v)
	if err != nil {
		return time.Time{}, nil, err
	}
	return c.sessions.end(meta), v, nil
}

// A lenient codec takes what it can't read for a session that is over, so that
// one broken entry of the old store does not keep its visitor out.
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

// isLegacy reports whether a cookie's value may be a token of the old store.
func (s *Sessions) isLegacy(token string) bool {
	return len(token) == legacyToken && time.Now().Before(s.legacyUntil)
}

// loadLegacy returns a context with the session that the old store has for a
// token, and false if it has none.
func (s *Sessions) loadLegacy(ctx context.Context, token string) (context.Context, bool, error) {
	ctx, err := s.old.Load(ctx, token)
	if err != nil {
		return nil, false, err
	}
	// A session that was not found has no token, and scs leaves it to stores to
	// look at the deadline.
	return ctx, s.old.Token(ctx) == token && time.Now().Before(s.old.Deadline(ctx)), nil
}
