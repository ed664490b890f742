package cookiesession

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keytext"
)

// newFileComment heads a file that LoadOrCreateKeyring makes.
const newFileComment = "# The keys of this site's sessions. Anyone who can read them can read and forge every session.\n"

// LoadOrCreateKeyring is for one machine with a disk that stays: it reads the
// ring from the file at path, and makes the file, with one new key, if it does
// not exist. On several machines, or in containers without a volume, each would
// make its own key and none would open the others' sessions; give them one file
// and use [OpenKeyring].
//
// The directory must exist. The file comes into being whole and with mode 0600,
// and processes that start at the same time agree on one. On Unix, a file that
// others than its owner may read or write, or that others could exchange
// because its directory lets them, is refused, with an error that says what to
// do. A file without a key is refused, too, and never overwritten.
//
// As with OpenKeyring, [Keyring.Watch] follows later changes.
func LoadOrCreateKeyring(path string) (*Keyring, error) {
	k, created, err := loadOrCreate(path)
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	if created {
		s := *k.status()
		s.created = true
		k.report.Store(&s)
	}
	return k, nil
}

func loadOrCreate(path string) (k *Keyring, created bool, err error) {
	k, err = openKeyring(path, checkStrictly)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	err = atomicfile.Create(path, []byte(newFileComment+NewKey().Secret()+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, fmt.Errorf("cannot create %s, whose directory must exist: %w", path, err)
	}
	// Another process may have been first: the file decides, not this one's
	// key.
	created = err == nil
	k, err = openKeyring(path, checkStrictly)
	return k, created, err
}

// OpenKeyring reads the ring from the file at path, whose form [ParseKeyring]
// describes. To follow changes of the file, run [Keyring.Watch].
//
// A file that others may read is not refused, because that is how Kubernetes
// mounts a Secret unless told otherwise; it is reported, see
// [Keyring.Warnings].
func OpenKeyring(path string) (*Keyring, error) {
	k, err := openKeyring(path, nil)
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	return k, nil
}

// openKeyring reads a ring from a file that check, if there is one, has nothing
// against.
func openKeyring(path string, check func(*keyringFile) error) (*Keyring, error) {
	path, err := filepath.Abs(path) // the working directory may change before it is read again
	if err != nil {
		return nil, err
	}
	f, err := readKeyringFile(path)
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(f); err != nil {
			return nil, err
		}
	}
	r, _, err := parseRing(f.text, clock.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	k := newKeyring(r)
	k.path = path
	k.report.Store(&keyringStatus{generation: 1, warnings: f.warnings()})
	return k, nil
}

// A keyringFile is a file as it was read once.
type keyringFile struct {
	path   string
	text   string
	digest [sha256.Size]byte // tells whether two texts are the same without keeping the secrets of one
	info   fs.FileInfo       // of the file that was read
	dir    fs.FileInfo       // of the directory it was found in; nil if that is unknown
}

func readKeyringFile(path string) (*keyringFile, error) {
	// To open a named pipe would wait for someone to write.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat() // of the open file: the name may lead elsewhere by now
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, keytext.MaxSize+1)) // one more is too long for the parser
	if err != nil {
		return nil, err
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		dir = nil
	}
	return &keyringFile{path, string(text), sha256.Sum256(text), info, dir}, nil
}

// hasPermissions tells whether mode bits mean anything.
const hasPermissions = runtime.GOOS != "windows"

// checkStrictly refuses a file that anyone but its owner can get at.
func checkStrictly(f *keyringFile) error {
	switch mode := f.info.Mode().Perm(); {
	case hasPermissions && mode&0o077 != 0:
		return fmt.Errorf("%s has mode %#o, so that others can get at the keys: chmod 600 %[1]s, and replace the keys if others may have read them", f.path, mode)
	case f.exchangeable():
		return errors.New(f.exchangeableText())
	}
	return nil
}

// warnings tells the operator about a file that is used all the same. A group
// that may read is not worth a word: that is how a service is given a file that
// it does not own.
func (f *keyringFile) warnings() []string {
	var warnings []string
	if mode := f.info.Mode().Perm(); hasPermissions && mode&0o027 != 0 {
		warnings = append(warnings, fmt.Sprintf("%s has mode %#o, so that others can get at the keys: use 0600, or 0640 with a group of its own (defaultMode in Kubernetes)", f.path, mode))
	}
	if f.exchangeable() {
		warnings = append(warnings, f.exchangeableText())
	}
	return warnings
}

// exchangeable reports whether others may exchange the file for another. In a
// directory with the sticky bit, such as /tmp, they may not.
func (f *keyringFile) exchangeable() bool {
	return hasPermissions && f.dir != nil && f.dir.Mode().Perm()&0o002 != 0 && f.dir.Mode()&fs.ModeSticky == 0
}

func (f *keyringFile) exchangeableText() string {
	dir := filepath.Dir(f.path)
	return fmt.Sprintf("others may exchange %s for another file: chmod o-w %s", f.path, dir)
}
