package gorilla

import (
	"errors"

	"github.com/gorilla/securecookie"
)

var (
	errMaxAge   = errors.New("past the store's MaxAge")
	errCutOff   = errors.New("the old store's cookies are no longer read")
	errReadOnly = errors.New("a legacy codec reads and never writes")

	errLegacyNotBefore = errors.New("a cookie of the old store, which does not say when its session was created, and NotBefore is in force")
)

// storeError is an error of this package. Like those of cookiesession, it has
// the methods of securecookie.Error, by which callers tell a bad cookie from a
// broken program.
type storeError struct {
	decode   bool  // the cookie is at fault, else the program
	sentinel error // of cookiesession; nil: none
	cause    error
}

func (e *storeError) Error() string {
	if e.sentinel == nil {
		return "cookiesession/gorilla: " + e.cause.Error()
	}
	return e.sentinel.Error() + ": " + e.cause.Error()
}

func (e *storeError) Unwrap() []error {
	if e.sentinel == nil {
		return []error{e.cause}
	}
	return []error{e.sentinel, e.cause}
}

// IsUsage reports whether the program is at fault.
func (e *storeError) IsUsage() bool { return !e.decode }

// IsDecode reports whether the cookie is at fault.
func (e *storeError) IsDecode() bool { return e.decode }

// IsInternal reports whether neither is: never.
func (e *storeError) IsInternal() bool { return false }

// Cause returns the underlying error.
func (e *storeError) Cause() error { return e.cause }

func decodeError(sentinel, cause error) error {
	return &storeError{decode: true, sentinel: sentinel, cause: cause}
}

func usageError(cause error) error { return &storeError{cause: cause} }

// A LegacyError is found by [errors.As] in the error about a cookie that an old
// codec does not open. Its text is always the same, because nobody knows what
// an old codec's error quotes. Err is that error: a type that gob does not know
// (see the package's words on cookies of the old store), a MAC that does not
// verify, a cookie past its old MaxAge.
type LegacyError struct{ Err error }

func (e *LegacyError) Error() string { return "the legacy codec does not open it" }

// Unwrap returns Err.
func (e *LegacyError) Unwrap() error { return e.Err }

// A refusedError is the codec's error about a cookie that is neither ours nor
// the old store's. The old codecs' errors are found in it, and not printed.
type refusedError struct {
	codecError
	legacy []error
}

// codecError has a name of its own because the interface's is that of a method.
type codecError = securecookie.Error

func (e *refusedError) Unwrap() []error { return append([]error{e.codecError}, e.legacy...) }
