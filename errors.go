package cookiesession

import (
	"errors"
	"fmt"
)

// The errors of this package are always wrapped: find them with [errors.Is].
// The text after the sentinel is for logs. From the outside every refusal looks
// the same, and none of these errors holds session content, a cookie value or a
// secret.
var (
	// ErrNoSession says that the request carried no session cookie: an ordinary
	// first visit.
	ErrNoSession = errors.New("cookiesession: no session cookie")

	// ErrInvalid says that a cookie does not open: it is malformed, altered,
	// comes from the future, was sealed for another cookie name or label, or
	// holds a value that does not fit the program's type. Treat the request as
	// having no session.
	ErrInvalid = errors.New("cookiesession: invalid cookie")

	// ErrNewer says that a cookie was written by a release of this library that
	// is newer than this one, under a key of the [Keyring]. It is an
	// [ErrInvalid]. Treat the request as having no session, and leave the
	// cookie to the replicas that can read it.
	ErrNewer = fmt.Errorf("%w: written by a newer release", ErrInvalid)

	// ErrUnknownKey says that a cookie was sealed by a key that is not in the
	// [Keyring], or that has retired. If visitors who were signed in bring such
	// cookies, then a replica does not have the keys of the others.
	ErrUnknownKey = errors.New("cookiesession: cookie sealed by an unknown key")

	// ErrExpired says that a session is past its lifetime or its idle timeout.
	ErrExpired = errors.New("cookiesession: session expired")

	// ErrRevoked says that a session was revoked: by Options.NotBefore, by
	// Options.Check, or with the key that sealed it. Options.Check returns it
	// to refuse a session for good.
	ErrRevoked = errors.New("cookiesession: session revoked")

	// ErrTooLarge says that a session does not fit into its cookie. [errors.As]
	// finds a [*TooLargeError] with the figures.
	ErrTooLarge = errors.New("cookiesession: session too large for its cookie")
)

// TooLargeError tells by how much a session is too large. It is found in every
// [ErrTooLarge] of this package.
type TooLargeError struct {
	Size  int // bytes of the cookie's name and value
	Limit int // bytes allowed
}

// Error gives the figures.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("name and value have %d bytes, the limit is %d: store less, or see MaxCookies", e.Size, e.Limit)
}

// A Reason says why something happened, in one word that suits a metric's
// label. The list here is complete.
type Reason string

// Why a cookie was refused.
const (
	ReasonMalformed   Reason = "malformed"    // not a token
	ReasonCrowded     Reason = "crowded"      // more cookies of the name than are tried, and none of those opened
	ReasonNewer       Reason = "newer"        // written by a newer release of this library
	ReasonAltered     Reason = "altered"      // the tag does not verify: altered, or sealed for another name or label
	ReasonUnknownKey  Reason = "unknown-key"  // no such key in the ring
	ReasonRevokedKey  Reason = "revoked-key"  // the key was revoked
	ReasonTooLarge    Reason = "too-large"    // longer than a cookie of ours can be
	ReasonFuture      Reason = "future"       // issued more than five minutes ahead of this server's clock
	ReasonLifetime    Reason = "lifetime"     // older than its lifetime
	ReasonIdle        Reason = "idle"         // unused for longer than the idle timeout
	ReasonNotBefore   Reason = "not-before"   // created before Options.NotBefore
	ReasonCheck       Reason = "check"        // Options.Check answered ErrRevoked
	ReasonCheckFailed Reason = "check-failed" // Options.Check could not answer
	ReasonValue       Reason = "value"        // authentic, but the value does not fit the program's type: a deployment's fault, not an attack
)

// Why a cookie was issued.
const (
	ReasonChanged   Reason = "changed"   // Data changed
	ReasonRequested Reason = "requested" // a method of the Session: Destroy, Renew, SetLifetime, SetPersistent, SetBinding or a first ID
	ReasonResealed  Reason = "resealed"  // the sealing key has superseded the one that sealed the cookie
	ReasonRenewed   Reason = "renewed"   // half of the idle timeout was over
)

// A class says which side is at fault for an error, in the terms of
// gorilla/securecookie.
type class uint8

const (
	classUsage    class = iota + 1 // the program's: a type that can't be encoded, a value too large
	classDecode                    // the cookie's
	classInternal                  // the environment's: no key can seal, the clock is off, a check cannot answer
)

// codecError is every error that [Codec] and [Session.Err] return. Its methods
// are those of gorilla/securecookie's Error interface, which tells which side
// is at fault. It needs no import.
type codecError struct {
	class    class
	reason   Reason
	sentinel error // nil for some errors of usage
	cause    error // nil if there is nothing to add
}

func (e *codecError) Error() string {
	switch {
	case e.sentinel == nil:
		return "cookiesession: " + e.cause.Error()
	case e.cause == nil:
		return e.sentinel.Error()
	case errors.Is(e.cause, e.sentinel): // it says so itself
		return e.cause.Error()
	}
	return e.sentinel.Error() + ": " + e.cause.Error()
}

func (e *codecError) Unwrap() []error {
	errs := make([]error, 0, 2)
	if e.sentinel != nil {
		errs = append(errs, e.sentinel)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// IsUsage reports whether the program is at fault.
func (e *codecError) IsUsage() bool { return e.class == classUsage }

// IsDecode reports whether the cookie is at fault.
func (e *codecError) IsDecode() bool { return e.class == classDecode }

// IsInternal reports whether neither is.
func (e *codecError) IsInternal() bool { return e.class == classInternal }

// Cause returns the underlying error, or nil.
func (e *codecError) Cause() error { return e.cause }

func usageError(cause error) *codecError { return &codecError{class: classUsage, cause: cause} }

func internalError(cause error) *codecError { return &codecError{class: classInternal, cause: cause} }

func tooLargeError(size, limit int) *codecError {
	return &codecError{class: classUsage, sentinel: ErrTooLarge, cause: &TooLargeError{Size: size, Limit: limit}}
}

func invalidError(reason Reason, cause error) *codecError {
	return &codecError{class: classDecode, reason: reason, sentinel: ErrInvalid, cause: cause}
}

func newerError(cause error) *codecError {
	return &codecError{class: classDecode, reason: ReasonNewer, sentinel: ErrNewer, cause: cause}
}

// valueError says that an authentic value does not decode. If the error has a
// method Newer, that says whether a newer release wrote the value.
func valueError(err error) *codecError {
	var newer interface{ Newer() bool }
	if errors.As(err, &newer) && newer.Newer() {
		return newerError(err)
	}
	return invalidError(ReasonValue, err)
}

// ReasonOf returns why a cookie was refused, for an error of [Codec] or
// [Session.Err], or "" if err is nil or something else.
func ReasonOf(err error) Reason {
	if err == nil {
		return "" // without the allocation that As takes
	}
	var e *codecError
	if errors.As(err, &e) {
		return e.reason
	}
	return ""
}
