package dbsc

import "net/http"

// An EventKind says what happened, in a word that suits a metric's label. The
// list here is complete.
type EventKind string

// What can happen.
const (
	EventRegistered          EventKind = "registered"           // a session was bound
	EventRegistrationRefused EventKind = "registration-refused" // Err: why; the session stays as it was
	EventRefreshed           EventKind = "refreshed"            // a browser got a new proof
	EventChallenged          EventKind = "challenged"           // a refresh without a good signature; Err: why; one in a row is ordinary
	EventEnded               EventKind = "ended"                // a browser was told to end its session
	EventUnavailable         EventKind = "unavailable"          // an endpoint answered 503; Err: why
	EventMended              EventKind = "mended"               // a session that a request in flight had put back was bound again
	EventUnproven            EventKind = "unproven"             // a bound session came without a proof: a copy, or a browser that has lost its key
	EventSkipped             EventKind = "skipped"              // the same, and the browser says that it cannot get a proof now
)

// An Event is given to Options.OnEvent. Nothing in it is secret or chosen by a
// client.
type Event struct {
	Kind EventKind
	Err  error // why
}

func (b *Binder[T]) event(r *http.Request, e Event) {
	if b.options.OnEvent != nil {
		b.options.OnEvent(r, e)
	}
}
