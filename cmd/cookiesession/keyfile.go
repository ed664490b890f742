package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keyfile"
	"example.com/cookiesession/internal/keytext"
)

// A keyFile is a keyring file as it was read, with the changes to make in it.
type keyFile struct {
	path    string
	text    string
	info    fs.FileInfo // of the file that was read
	now     time.Time   // when it was read, and when the changes are made
	keys    []*fileKey
	revoked []keytext.Revocation
	onLine  map[int]int // keys and revocations, by line
	edits   []edit
	broken  bool // the library does not take it
}

// A fileKey is a key in its file. Its dates are those after the edits.
type fileKey struct {
	keytext.Key               // where it stands; zero if it is new
	text               string // of a new key
	id                 string
	activates, retires time.Time // zero: since ever, never
	revoked            bool
}

// readKeyFile reads a keyring file. If there is a mistake in it, the file is
// returned beside the error: as broken, with the revocations that were
// understood.
func readKeyFile(path string, now time.Time) (*keyFile, error) {
	file, err := keyfile.Read(path)
	if err != nil {
		return nil, err
	}
	f, err := parseKeyFile(path, file.Text, now)
	if f != nil {
		f.info = file.Info
	}
	return f, err
}

// parseKeyFile is readKeyFile for a text that was read from path.
func parseKeyFile(path, text string, now time.Time) (*keyFile, error) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n" // for text that is put after it
	}
	if len(text) > keytext.MaxSize {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, keytext.MaxSize) // and was not read to its end
	}
	parsed, err := keytext.Parse(text)
	f := &keyFile{path: path, text: text, now: now, revoked: parsed.Revoked, onLine: make(map[int]int)}
	for _, r := range parsed.Revoked {
		f.onLine[r.Line]++
	}
	if err != nil {
		f.broken = true
		return f, fmt.Errorf("%s: %w", path, err)
	}
	for _, k := range parsed.Keys {
		f.onLine[k.Line]++
		id, err := keyID(k)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, k.Line, err)
		}
		f.keys = append(f.keys, &fileKey{
			Key: k, id: id, activates: k.Activates.Time, retires: k.Retires.Time, revoked: f.isRevoked(id),
		})
	}
	if len(f.usable()) > 0 {
		// Without one the library takes no file, and a command may add one.
		err = f.check(text)
	}
	f.broken = err != nil
	return f, err
}

func keyID(k keytext.Key) (string, error) {
	key, err := cookiesession.ParseKey(keytext.EncodeKey(&k.Secret))
	return key.ID(), err
}

// check lets the library check the file's text, or the next one.
func (f *keyFile) check(text string) error {
	if _, err := cookiesession.ParseKeyring(text); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

func (f *keyFile) isRevoked(id string) bool {
	return slices.ContainsFunc(f.revoked, func(r keytext.Revocation) bool { return slices.Contains(idsOf(r), id) })
}

// find returns the key of that id, or nil.
func (f *keyFile) find(id string) *fileKey {
	for _, k := range f.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// usable returns the keys that are neither revoked nor retired, the latest
// activation first, in the library's order of succession.
func (f *keyFile) usable() []*fileKey {
	return slices.DeleteFunc(f.byActivation(), func(k *fileKey) bool { return k.isRetired(f.now) })
}

// byActivation returns the keys that are not revoked, the latest activation
// first. Of equal ones the one that is listed first counts as the latest.
func (f *keyFile) byActivation() []*fileKey {
	keys := slices.DeleteFunc(slices.Clone(f.keys), func(k *fileKey) bool { return k.revoked })
	slices.SortStableFunc(keys, func(a, b *fileKey) int { return b.activates.Compare(a.activates) })
	return keys
}

func (k *fileKey) isRetired(now time.Time) bool { return !k.retires.IsZero() && !now.Before(k.retires) }

// sealing returns the index of the key that seals at now among keys as usable
// returns them, or -1 if there is none. If none is active yet, it is the one
// that will be first.
func sealing(keys []*fileKey, now time.Time) int {
	first := len(keys) - 1
	for i, k := range keys {
		if !k.activates.After(now) {
			return i
		}
		if first > i && k.activates.Equal(keys[first].activates) {
			first = i
		}
	}
	return first
}

const lockWait = 10 * time.Second // other holders need milliseconds

// changeKeyFile changes the file at path, or not at all. Meanwhile no other
// process of this kind changes it, and readers find it whole. If the file is
// broken, change gets the mistake.
func changeKeyFile(path string, change func(f *keyFile, mistake error) error) error {
	if _, err := keyfile.Read(path); err != nil { // before a lock file is left there
		return linkToNowhere(path, err)
	}
	unlock, err := atomicfile.Lock(path, lockWait)
	if err != nil {
		return explainWrite(path, err)
	}
	defer unlock()
	f, mistake := readKeyFile(path, clock.Now()) // after the lock, which may have taken its time
	if f == nil {
		return mistake
	}
	if err := change(f, mistake); err != nil {
		return err
	}
	text, err := f.changed()
	if err != nil || text == f.text {
		return err
	}
	return explainWrite(path, atomicfile.Replace(path, []byte(text), f.info))
}

// changed returns the text of the file with the changes made. If the library
// would not take the result, it is an error; that should not happen.
func (f *keyFile) changed() (string, error) {
	text := apply(f.text, f.edits)
	if text == f.text || f.broken {
		return text, nil
	}
	if err := f.check(text); err != nil {
		return "", fmt.Errorf("nothing was changed, because the result would not load: %w", err)
	}
	return text, nil
}

// createKeyFile makes a file with one key that is active at once. It fails with
// fs.ErrExist if there is a file.
func createKeyFile(path string, now time.Time) (*fileKey, error) {
	k := newFileKey(now)
	return k, explainWrite(path, atomicfile.Create(path, []byte(keyfile.New(k.text, k.id, k.activates))))
}

// newFileKey returns a new key that activates at that time, in whole seconds.
func newFileKey(activates time.Time) *fileKey {
	k := cookiesession.NewKey()
	return &fileKey{text: k.Secret(), id: k.ID(), activates: activates.UTC().Truncate(time.Second)}
}

// newKey is newFileKey with an id that the file does not know yet. It need not
// be: with ten keys one in a million and a half is.
func (f *keyFile) newKey(activates time.Time) *fileKey {
	for {
		if k := newFileKey(activates); f.find(k.id) == nil && !f.isRevoked(k.id) {
			return k
		}
	}
}

// line returns the line of a new key.
func (k *fileKey) line() string { return keyfile.Line(k.text, k.id, k.activates) }

// linkToNowhere says that a file does not exist because its link leads nowhere.
func linkToNowhere(path string, err error) error {
	if _, lerr := os.Lstat(path); lerr == nil && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is a symbolic link to a file that does not exist", path)
	}
	return err
}

// explainWrite adds advice to an error.
func explainWrite(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no directory %s", filepath.Dir(path))
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %s cannot be changed where it is mounted: change the source of the mount", err, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: nothing was changed: run as the owner of %s, and let the owner write to its directory, too", err, path)
	}
	return err
}
