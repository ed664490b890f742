package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A mount is a directory with a keyring file, made as Kubernetes mounts a
// Secret: the file is a link into ..data, which is a link to a directory that
// is replaced as a whole.
type mount struct {
	dir     string
	version int
}

// newMount returns a mount of the file that create makes.
func newMount(t *testing.T, create func(file string)) *mount {
	t.Helper()
	m := &mount{dir: t.TempDir()}
	must(t, os.Mkdir(filepath.Join(m.dir, m.data()), 0o700))
	create(filepath.Join(m.dir, m.data(), "keyring"))
	must(t, os.Symlink(m.data(), filepath.Join(m.dir, "..data")))
	must(t, os.Symlink(filepath.Join("..data", "keyring"), m.file()))
	return m
}

// file returns the path that the replicas are given.
func (m *mount) file() string { return filepath.Join(m.dir, "keyring") }

// data returns the name of the present directory.
func (m *mount) data() string { return fmt.Sprintf("..version-%d", m.version) }

// swap puts a changed copy of the file in its place by switching the link.
func (m *mount) swap(t *testing.T, change func(file string)) {
	t.Helper()
	text, err := os.ReadFile(m.file())
	must(t, err)
	old := filepath.Join(m.dir, m.data())
	m.version++
	must(t, os.Mkdir(filepath.Join(m.dir, m.data()), 0o700))
	file := filepath.Join(m.dir, m.data(), "keyring")
	must(t, os.WriteFile(file, text, 0o600))
	change(file)
	link := filepath.Join(m.dir, "..data_new")
	must(t, os.Symlink(m.data(), link))
	must(t, os.Rename(link, filepath.Join(m.dir, "..data")))
	must(t, os.RemoveAll(old))
}

// cut writes over the file in place, and stops in the middle of a key. It
// returns what was there.
func (m *mount) cut(t *testing.T) (text []byte) {
	t.Helper()
	text, err := os.ReadFile(m.file())
	must(t, err)
	const prefix = "csk1_"
	key := strings.Index(string(text), prefix)
	if key < 0 {
		t.Fatal("the file has no key")
	}
	must(t, os.WriteFile(m.file(), text[:key+len(prefix)+20], 0o600))
	return text
}

// mend puts a new file with the text in the place of the broken one, as editors
// do.
func (m *mount) mend(t *testing.T, text []byte) {
	t.Helper()
	file, err := filepath.EvalSymlinks(m.file())
	must(t, err)
	must(t, os.WriteFile(file+".new", text, 0o600))
	must(t, os.Rename(file+".new", file))
}
