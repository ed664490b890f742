package cookiesession

import (
	"context"
	"log/slog"
	"net/http"
)

// An EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events.
const (
	// Opened: a request's session was opened. KeyID tells the key, so that
	// operators see when an old one is no longer in use.
	Opened EventKind = iota + 1
	// Refused: the request carried a session cookie and none was accepted.
	// Reason and Err tell why.
	Refused
	// Duplicate: two different cookies of one name both opened. The newest won.
	// A second one is planted by a sibling domain or left behind by other
	// attributes (a changed Path, Domain or Partitioned).
	Duplicate
	// Issued: a cookie was set. Reason tells why, Size and Limit its bytes
	// (name and value): watch for Size above three quarters of Limit.
	Issued
	// Replaced: the cookie that was issued replaces one that did not open.
	// Reason and Err tell why it did not.
	Replaced
	// Deleted: a cookie was deleted.
	Deleted
	// SaveFailed: a session could not be saved. If it was a change, the client got a
	// 500; if it was a mere refresh, it got the page and keeps its old cookie.
	SaveFailed
	// Late: a session was changed after the response headers had gone out, so
	// the change is lost.
	Late
	// TimedOut: the request ran out of time or its client left, so its session
	// was neither read nor saved: the handler may still be using it.
	TimedOut
	// Hijacked: the session had to be saved when the handler took the
	// connection over. The Set-Cookie header reaches the client only if the
	// handler sends it: see [Manager.Cookies].
	Hijacked
	// NearLimit: the cookie that was issued fills more than three quarters of
	// what it may. A session that grows on will be [ErrTooLarge].
	NearLimit
	// LongHeader: the cookies of a request that asked for its session have more than
	// 8 KiB together, which many servers and proxies refuse by default.
	LongHeader
	// KeysReloaded: the Keyring has other keys than at the last request.
	KeysReloaded
	// KeysRefused: new keys of the Keyring were not taken. Err tells why. Until
	// that is mended, each poll is reported.
	KeysRefused
	// KeysCreated: LoadOrCreateKeyring made a new key, so no cookie from before opens.
	KeysCreated
	// KeysPending: all keys of the Keyring have yet to be activated, and the one that will be
	// first, KeyID, was used. A clock or a schedule is wrong. It is reported once for a set of keys.
	KeysPending
	// InsecureTLS: a Manager with Options.Insecure served a request that came
	// over TLS or says that its proxy's did, so cookies lack Secure for no reason.
	// It is reported once.
	InsecureTLS
)

// String returns the kind in lower case, with hyphens: it suits a metric's label.
func (k EventKind) String() string {
	if int(k) < len(eventNames) && k > 0 {
		return eventNames[k]
	}
	return "unknown"
}

var eventNames = [...]string{
	Opened: "opened", Refused: "refused", Duplicate: "duplicate", Issued: "issued", Replaced: "replaced",
	Deleted: "deleted", SaveFailed: "save-failed", Late: "late", TimedOut: "timed-out",
	Hijacked: "hijacked", NearLimit: "near-limit", LongHeader: "long-header",
	KeysReloaded: "keys-reloaded", KeysRefused: "keys-refused", KeysCreated: "keys-created", KeysPending: "keys-pending",
	InsecureTLS: "insecure-tls",
}

// An Event is what Options.OnEvent is told. Nothing in it is secret or
// chosen by a client.
type Event struct {
	Kind   EventKind
	Cookie string // the cookie's name
	KeyID  string // Opened, Issued, KeysPending: the key, 6 hexadecimal digits; only ever a key of the ring
	Reason Reason // Refused, Issued, Replaced
	Err    error  // Refused, Replaced, SaveFailed, KeysRefused
	Size   int    // Issued, NearLimit, SaveFailed for a session too large: bytes of name and value; LongHeader: of all cookies
	Limit  int    // with Size: what is allowed
}

// logEvent stands in for Options.OnEvent: what is lost must not be lost
// silently, and nothing else is ever logged.
func logEvent(r *http.Request, e Event) {
	ctx := context.Background()
	if r != nil {
		ctx = r.Context()
	}
	switch e.Kind {
	case Late:
		slog.ErrorContext(ctx, "cookiesession: session changed after the response headers were sent; the change is lost", "cookie", e.Cookie)
	case SaveFailed:
		slog.ErrorContext(ctx, "cookiesession: session not saved", "cookie", e.Cookie, "error", e.Err)
	}
}
