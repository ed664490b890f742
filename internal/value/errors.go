package value

import (
	"errors"
	"fmt"
	"reflect"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

// A ValueError reports a value that does not fit: in decoding, a well-formed
// item that the Go type at Path cannot hold; in encoding, a Go value that has
// no encoding though its type has (a cycle, two map keys that encode alike, a
// year beyond 9999). It names types and kinds, never content.
type ValueError struct {
	Path   string       // field names from the Go type, "User.Cart[].Price"
	Type   reflect.Type // the Go type at Path; nil where it adds nothing
	Reason string       // for logs

	err   error // what a marshaler said; its text may quote content, so Error leaves it out
	newer bool
}

func (e *ValueError) Error() string {
	return withPath(e.Path, e.Type) + e.Reason
}

// Unwrap returns the error of a marshaler's method, or nil. Its text was
// written by the method and may quote the value.
func (e *ValueError) Unwrap() error { return e.err }

// Newer reports whether a later release must have written what does not fit: it
// has a tag of this library's block that this one does not know.
func (e *ValueError) Newer() bool { return e.newer }

// An UnsupportedTypeError reports a Go type that cannot be stored. Reason says
// why, and what to do about it.
type UnsupportedTypeError struct {
	Path   string // field names from the Go type, "User.Cart[].Done"
	Type   reflect.Type
	Reason string
}

func (e *UnsupportedTypeError) Error() string {
	return withPath(e.Path, e.Type) + e.Reason
}

func withPath(path string, t reflect.Type) string {
	switch {
	case t == nil && path == "":
		return ""
	case t == nil:
		return path + ": "
	case path == "" || path == t.String():
		return t.String() + ": "
	}
	return fmt.Sprintf("%s (%s): ", path, t)
}

// inside puts a step in front of the path of err. Errors are rare, so the path
// is put together on the way out and costs nothing on the way in.
func inside(step string, err error) error {
	if ve, ok := errors.AsType[*ValueError](err); ok {
		ve.Path = join(step, ve.Path)
	} else if ue, ok := errors.AsType[*UnsupportedTypeError](err); ok {
		ue.Path = join(step, ue.Path)
	}
	return err
}

func join(step, path string) string {
	switch {
	case path == "":
		return step
	case path[0] == '[' || step == "":
		return step + path
	}
	return step + "." + path
}

func errDepth() error {
	return &ValueError{Reason: fmt.Sprintf("nested deeper than %d, or a cycle", cbor.MaxDepth)}
}

func errDuplicate(t reflect.Type) error {
	return &ValueError{Type: t, Reason: "two keys of one map are stored alike"}
}

// mismatch is the error for an item that a Go type cannot hold.
func mismatch(k *cbor.Token) error {
	if k.Kind == cbor.Tag && isNewer(k.N) {
		return errNewerTag()
	}
	return &ValueError{Reason: kindOf(k) + " does not fit"}
}

func errNewerTag() error {
	return &ValueError{Reason: "a tag of a later release", newer: true}
}

// isNewer reports whether a tag is of our block, but not yet defined here.
func isNewer(number uint64) bool { return tag.End <= number && number < tag.First+tag.Reserved }

func refuse(what string) error {
	return &ValueError{Reason: "cannot hold " + what}
}

// typed says in err which Go type it was, if nothing deeper said it.
func typed(err error, t reflect.Type) error {
	if ve, ok := errors.AsType[*ValueError](err); ok && ve.Type == nil && ve.Path == "" {
		ve.Type = t
	}
	return err
}
