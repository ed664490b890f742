package cbor

import "fmt"

// A SyntaxError reports bytes that are not one deterministic CBOR item:
// malformed, cut off, followed by something, nested too deep, or written in
// another than the one deterministic way. It never quotes the bytes.
type SyntaxError struct {
	Offset int    // where in the input, in bytes
	Reason string // for logs
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("cbor: not deterministic CBOR at byte %d: %s", e.Offset, e.Reason)
}
