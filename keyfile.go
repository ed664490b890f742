package cookiesession

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keyfile"
)

// LoadOrCreateKeyring is for one machine with a disk that stays: it reads the
// ring from the file at path, and makes the file, with one new key that seals
// at once, if it does not exist. On several machines, or in containers without
// a volume, each would make its own key and none would open the others'
// sessions; give them one file and use [OpenKeyring].
//
// The directory must exist. The file comes into being whole and with mode 0600,
// and processes that start at the same time agree on one. On Unix, a file is
// refused if others could read, write or exchange it, with an error that says
// what to do. It and its directory must belong to the user of the process or to
// root. The file must be open to its owner alone, and only they, and their own
// group, may write to the directory. A file without a key is refused, too, and
// never overwritten.
//
// A relative path begins at the working directory, which for tests is that of
// their package, so they leave a secret in the source tree. Take the path from
// a flag, make one with [os.UserConfigDir], or put the file's name into
// .gitignore.
//
// As with OpenKeyring, [Keyring.Watch] follows later changes.
func LoadOrCreateKeyring(path string) (*Keyring, error) {
	k, created, err := loadOrCreate(path)
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	if created {
		s := *k.latest()
		s.created = true
		k.report.Store(&s)
	}
	return k, nil
}

func loadOrCreate(path string) (k *Keyring, created bool, err error) {
	user := keyfile.Self()
	strictly := func(f *keyfile.File) error { return f.Refuse(user) }
	k, err = openKeyring(path, strictly)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	if err := keyfile.RefuseDirectory(path, user); err != nil {
		return nil, false, err
	}
	key := NewKey()
	err = atomicfile.Create(path, []byte(keyfile.New(key.Secret(), key.ID(), clock.Now())))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, fmt.Errorf("cannot create %s, whose directory must exist: %w", path, err)
	}
	// Another process may have been first: the file decides, not this one's
	// key.
	created = err == nil
	k, err = openKeyring(path, strictly)
	return k, created, err
}

// OpenKeyring reads the ring from the file at path, whose form [ParseKeyring]
// describes. To follow changes of the file, run [Keyring.Watch].
//
// A file that others may read or exchange is not refused, because that is how
// Kubernetes mounts a Secret unless told otherwise. It is reported, see
// [Keyring.Warnings].
func OpenKeyring(path string) (*Keyring, error) {
	k, err := openKeyring(path, nil)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: make it with the command cookiesession keygen", err)
	}
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	return k, nil
}

// openKeyring reads a ring from a file. check, if there is one, may refuse the
// file.
func openKeyring(path string, check func(*keyfile.File) error) (*Keyring, error) {
	path, err := filepath.Abs(path) // the working directory may change before it is read again
	if err != nil {
		return nil, err
	}
	f, err := keyfile.Read(path)
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(f); err != nil {
			return nil, err
		}
	}
	now := clock.Now()
	r, err := parseRing(f.Text, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	k := newKeyring(r)
	k.path, k.health.file = path, f.Warnings(keyfile.Self())
	k.warn(now)
	k.expectReading(unwatchedFor)
	return k, nil
}
