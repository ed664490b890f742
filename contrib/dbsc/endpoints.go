package dbsc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/wire"
)

// Handler is [cookiesession.Manager.Handler] with the two endpoints. Put it
// outside of rate limits and redirects, and of everything else that may answer
// for the endpoints.
func (b *Binder[T]) Handler(next http.Handler) http.Handler {
	sessions := b.manager.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var endpoint http.HandlerFunc
		switch r.URL.Path {
		case b.register:
			endpoint = b.serveRegister
		case b.refresh:
			endpoint = b.serveRefresh
		default:
			sessions.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		endpoint(w, r)
	})
}

var (
	errNoIdentifier = errors.New("dbsc: no session identifier")
	errOther        = errors.New("dbsc: the challenge is for another session")
	errNotPending   = errors.New("dbsc: the request's session does not wait for a registration")
)

// serveRegister takes the browser's key.
func (b *Binder[T]) serveRegister(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, err error) {
		b.event(r, Event{EventRegistrationRefused, err})
		w.WriteHeader(status)
	}
	s := b.load(r)
	// Behind a link from another site, as at the end of a sign-in elsewhere,
	// the browser registers without SameSite=Lax cookies. The challenge is
	// enough: only the answer to the login had it. The session is bound when it
	// comes with the proof.
	absent := errors.Is(s.Err(), cookiesession.ErrNoSession)
	bound, pending := s.Binding()
	switch err := s.Err(); {
	case absent:
	case err != nil && isOutage(err):
		b.unavailable(w, r, err)
		return
	case err != nil:
		refuse(http.StatusConflict, err)
		return
	case !pending:
		refuse(http.StatusConflict, errNotPending)
		return
	}
	key, id, err := b.registration(r)
	if err == nil && !absent && id != bound {
		err = errOther
	}
	if err != nil {
		refuse(http.StatusBadRequest, err)
		return
	}
	identifier, err := b.identifiers.Encode(b.name(identifying), append(key[:], id[:]...))
	if err == nil && !absent {
		s.SetBinding(id, false)
		err = b.manager.Save(w, s)
	}
	if err == nil {
		err = b.prove(w, id, identifier)
	}
	if err != nil {
		b.unavailable(w, r, err)
		return
	}
	b.event(r, Event{Kind: EventRegistered})
	writeJSON(w, map[string]any{
		"session_identifier": identifier,
		"refresh_url":        b.refresh,
		"scope":              map[string]any{"include_site": false},
		"credentials":        []any{map[string]any{"type": "cookie", "name": b.proofName(id), "attributes": b.attributes()}},
		// Else a page that another site links to comes without a proof.
		"allowed_refresh_initiators": []string{"*"},
	})
}

// registration returns the key that a request registers, and for which binding.
func (b *Binder[T]) registration(r *http.Request) (key publicKey, id bindingID, err error) {
	p, err := parseJWS(headerString(r.Header.Get("Secure-Session-Response")))
	if err == nil {
		err = p.verify(p.key)
	}
	if err == nil {
		id, err = b.challenged(registering, p.challenge)
	}
	return p.key, id, err
}

// challenged returns the binding that a challenge is for.
func (b *Binder[T]) challenged(purpose, challenge string) (id bindingID, err error) {
	var raw []byte
	if err := b.challenges.Decode(b.name(purpose), challenge, &raw); err != nil {
		return none, err
	}
	if len(raw) != len(id) {
		return none, errOther // unreachable: it is sealed
	}
	return bindingID(raw), nil
}

// prove sets a proof, and gives the challenge for the next refresh.
func (b *Binder[T]) prove(w http.ResponseWriter, id bindingID, identifier string) error {
	value, err := b.proofs.Encode(b.proofName(id), id[:])
	if err != nil {
		return err
	}
	b.setProof(w, id, value, b.options.Lifetime)
	return b.challenge(w, id, identifier)
}

func (b *Binder[T]) challenge(w http.ResponseWriter, id bindingID, identifier string) error {
	challenge, err := b.challenges.Encode(b.name(refreshing), id[:])
	if err == nil {
		w.Header().Set("Secure-Session-Challenge", fmt.Sprintf(`"%s";id="%s"`, challenge, identifier))
	}
	return err
}

// serveRefresh gives a browser that has the key another proof.
func (b *Binder[T]) serveRefresh(w http.ResponseWriter, r *http.Request) {
	identifier := headerString(r.Header.Get("Sec-Secure-Session-Id"))
	if identifier == "" {
		b.event(r, Event{EventChallenged, errNoIdentifier})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	end := func() {
		b.event(r, Event{Kind: EventEnded})
		writeJSON(w, map[string]any{"session_identifier": identifier, "continue": false})
	}
	key, id, err := b.identify(identifier)
	if err == nil {
		err = b.mayRefresh(r, id)
	}
	switch {
	case err != nil && isOutage(err):
		b.unavailable(w, r, err)
		return
	case err != nil:
		end()
		return
	}
	// All from here on is worth nothing without the session, which each request
	// has checked.
	if err := b.checkSignature(r, key, id); err != nil {
		if err := b.challenge(w, id, identifier); err != nil {
			b.unavailable(w, r, err)
			return
		}
		b.event(r, Event{EventChallenged, err})
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if err := b.prove(w, id, identifier); err != nil {
		b.unavailable(w, r, err)
		return
	}
	b.event(r, Event{Kind: EventRefreshed})
}

// identify opens an identifier: the browser's key, and what it is bound to.
func (b *Binder[T]) identify(identifier string) (key publicKey, id bindingID, err error) {
	var raw []byte
	err = b.identifiers.Decode(b.name(identifying), identifier, &raw)
	switch {
	case err != nil && isForgotten(identifier, err):
		return publicKey{}, none, errOver
	case err != nil:
		return publicKey{}, none, err
	case len(raw) != len(key)+len(id):
		return publicKey{}, none, errOver // unreachable: it is sealed
	}
	return publicKey(raw[:len(key)]), bindingID(raw[len(key):]), nil
}

// mayRefresh returns an error if the browser's session is over, or if that
// cannot be told now. A refresh for a link on another site comes without
// SameSite=Lax cookies, so a session that is absent is no reason.
func (b *Binder[T]) mayRefresh(r *http.Request, id bindingID) error {
	for _, c := range r.CookiesNamed(b.proofName(id)) {
		if c.Value == loggedOut {
			return errOver
		}
	}
	s := b.load(r)
	if err := s.Err(); errors.Is(err, cookiesession.ErrNoSession) {
		return nil
	} else if err != nil {
		return err
	}
	if bound, _ := s.Binding(); bound != id {
		return errOver // logged in again
	}
	return nil
}

var errOver = errors.New("dbsc: the session is over")

func (b *Binder[T]) checkSignature(r *http.Request, key publicKey, id bindingID) error {
	p, err := parseJWS(headerString(r.Header.Get("Secure-Session-Response")))
	if err == nil {
		err = p.verify(key)
	}
	if err != nil {
		return err
	}
	challenged, err := b.challenged(refreshing, p.challenge)
	if err == nil && challenged != id {
		err = errOther
	}
	return err
}

// isOutage reports whether an error says nothing about the session: another
// replica, or this one later, may open it.
func isOutage(err error) bool {
	if errors.Is(err, errOver) {
		return false
	}
	switch cookiesession.ReasonOf(err) {
	case cookiesession.ReasonUnknownKey, cookiesession.ReasonFuture, cookiesession.ReasonNewer, cookiesession.ReasonValue:
		return true
	}
	var fault interface{ IsDecode() bool }
	return !errors.As(err, &fault) || !fault.IsDecode()
}

// forgottenAfter is how long replicas may differ in their keys.
const forgottenAfter = 24 * time.Hour

// isForgotten reports whether an identifier's key is unknown because it has
// retired, and not because it has yet to come. The time of issue is the
// browser's word alone, but only its own session depends on it.
func isForgotten(identifier string, err error) bool {
	header, bad := wire.ParseHeader(identifier)
	return errors.Is(err, cookiesession.ErrUnknownKey) && bad == nil &&
		clock.Now().Sub(time.Unix(header.Issued, 0)) > forgottenAfter
}

// unavailable answers 503. Chromium then keeps its session, and tries again
// later. It ends it at 3xx, 404 and 429.
func (b *Binder[T]) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	b.event(r, Event{EventUnavailable, err})
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the browser has left, if it fails
}
