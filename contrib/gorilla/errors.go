package gorilla

import "errors"

var (
	errMaxAge   = errors.New("past the store's MaxAge")
	errCutOff   = errors.New("the old store's cookies are no longer read")
	errReadOnly = errors.New("a legacy codec reads and never writes")
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
