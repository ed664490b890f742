package atomicfile

import (
	"os"
	"testing"
)

// WithoutLinks makes files impossible to link until the test ends.
func WithoutLinks(t *testing.T) {
	link = func(oldname, newname string) error {
		return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: os.ErrPermission}
	}
	t.Cleanup(func() { link = os.Link })
}
