package cookiesession

// An EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events.
const (
	// EventOpened: a request's session was opened. KeyID tells the key, so that
	// operators see when an old one is no longer in use.
	EventOpened EventKind = iota + 1
	// EventRefused: the request carried a session cookie and none was accepted.
	// Reason and Err tell why. With [ReasonNewer] it is reported once an hour.
	EventRefused
	// EventDuplicate: two different cookies of one name both opened. The newest
	// won. A second one is planted by a sibling domain or left behind by other
	// attributes (a changed Path, Domain or Partitioned).
	EventDuplicate
	// EventIssued: a cookie was set. Reason tells why, Size and Limit its bytes
	// (name and value): watch for Size above three quarters of Limit. It is
	// reported when the response headers go out, once, however often Save was
	// called before; without Handler, by Save.
	EventIssued
	// EventReplaced: the cookie that was issued replaces one that did not open.
	// Reason and Err tell why it did not.
	EventReplaced
	// EventDeleted: a cookie was deleted.
	EventDeleted
	// EventSaveFailed: a session could not be saved. If it was a change, the
	// client got a 500; if it was a mere refresh, it got the page and keeps its
	// old cookie.
	EventSaveFailed
	// EventLate: a session was changed after the response headers had gone out,
	// so the change is lost.
	EventLate
	// EventTimedOut: the request was given up (see [Manager.Handler]), so its
	// Data was neither read nor saved: the handler may still be using it. With
	// [ReasonRequested], a change other than in Data is known to be lost. A
	// Destroy is not lost.
	EventTimedOut
	// EventHijacked: the session had to be saved when the handler took the
	// connection over. EventIssued or EventDeleted came before, but the
	// Set-Cookie header reaches the client only if the handler sends it: see
	// [Manager.Cookies].
	EventHijacked
	// EventNearLimit: the cookie that was issued fills more than three quarters
	// of Limit. If the session grows on, it will be [ErrTooLarge]. A proxy may
	// refuse it earlier: see Options.MaxSize.
	EventNearLimit
	// EventIDLost: [Session.ID] has drawn an id for a session that is not
	// stored, because its Data is zero. The visitor's next request has another
	// id.
	EventIDLost
	// EventLongHeader: the cookies of a request have more than 8 KiB together,
	// which many servers and proxies refuse by default. This is checked when
	// the session is opened.
	EventLongHeader
	// EventKeysReloaded: the Keyring has other keys than at the last request.
	EventKeysReloaded
	// EventKeysRefused: new keys of the Keyring were not taken. Err tells why.
	// It is reported at each poll until the file is good again.
	EventKeysRefused
	// EventKeysCreated: LoadOrCreateKeyring made a new key, so no cookie from
	// before opens.
	EventKeysCreated
	// EventKeysPending: no key of the Keyring is active yet, and the one that
	// will be first, KeyID, was used. A clock or a schedule is wrong. It is
	// reported once for a set of keys.
	EventKeysPending
	// EventKeysWarning: the Keyring has a fault that does not keep it from
	// being used. Err is one of [Keyring.Warnings], KeyID the key if it is
	// about one. It is reported when the fault appears.
	EventKeysWarning
	// EventInsecureTLS: a Manager with Options.Insecure served a request that
	// came over TLS, to this server or, as a header says, to its proxy. So
	// cookies lack Secure for no reason. It is reported once.
	EventInsecureTLS
	// EventPlainHTTP: a Secure cookie was set on a page that was requested over
	// plain HTTP, as far as can be told, from a host that is not loopback.
	// Browsers drop it. It is reported once.
	EventPlainHTTP

	endOfEventKinds // one more than the last kind
)

// String returns the kind in lower case, with hyphens: it suits a metric's
// label.
func (k EventKind) String() string {
	if k == 0 || k >= endOfEventKinds {
		return "unknown"
	}
	return eventNames[k]
}

var eventNames = [endOfEventKinds]string{
	EventOpened:       "opened",
	EventRefused:      "refused",
	EventDuplicate:    "duplicate",
	EventIssued:       "issued",
	EventReplaced:     "replaced",
	EventDeleted:      "deleted",
	EventSaveFailed:   "save-failed",
	EventLate:         "late",
	EventTimedOut:     "timed-out",
	EventHijacked:     "hijacked",
	EventNearLimit:    "near-limit",
	EventIDLost:       "id-lost",
	EventLongHeader:   "long-header",
	EventKeysReloaded: "keys-reloaded",
	EventKeysRefused:  "keys-refused",
	EventKeysCreated:  "keys-created",
	EventKeysPending:  "keys-pending",
	EventKeysWarning:  "keys-warning",
	EventInsecureTLS:  "insecure-tls",
	EventPlainHTTP:    "plain-http",
}

// An Event is given to Options.OnEvent. Nothing in it is secret or chosen by a
// client.
type Event struct {
	Kind   EventKind
	Cookie string // the cookie's name
	KeyID  string // EventOpened, EventIssued, EventKeysPending, EventKeysWarning: the key, 6 hexadecimal digits; only ever a key of the ring
	Reason Reason // EventRefused, EventIssued, EventReplaced, EventTimedOut
	Err    error  // EventRefused, EventReplaced, EventSaveFailed, EventKeysRefused, EventKeysWarning
	Size   int    // EventIssued, EventNearLimit, EventSaveFailed for a session too large: bytes of name and value; EventLongHeader: of all cookies
	Limit  int    // with Size: bytes allowed
}
