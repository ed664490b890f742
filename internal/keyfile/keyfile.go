// Package keyfile reads the file of a keyring, and tells by owners and modes
// which other users could get at its keys.
package keyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/keytext"
)

// New returns the text of a new file with one key. The key has a date, which
// tells when it was made, and its id in a comment, because people call it by
// that.
func New(key, id string, activates time.Time) string {
	return "# The keys of this site's sessions. Anyone who can read them can read and forge every session.\n" +
		Line(key, id, activates) + "\n"
}

// Line returns the line of a key. It has no date if activates is zero.
func Line(key, id string, activates time.Time) string {
	if !activates.IsZero() {
		key += " activates=" + activates.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	return key + " # " + id
}

// A File is a keyring's file as it was read once.
type File struct {
	Path string
	Text string // longer than a keyring may be if the file is
	Info fs.FileInfo
	dirs []dir // the directory of its name, and that of the file behind a link
}

type dir struct {
	path string
	info fs.FileInfo
}

// Read reads the file at path.
func Read(path string) (*File, error) {
	// To open a named pipe would wait for someone to write.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, notRegular(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat() // of the open file: the name may lead elsewhere by now
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(path)
	}
	text, err := io.ReadAll(io.LimitReader(file, keytext.MaxSize+1)) // one more is too long for the parser
	if err != nil {
		return nil, err
	}
	return &File{path, string(text), info, dirsOf(path)}, nil
}

func notRegular(path string) error { return fmt.Errorf("%s is not a regular file", path) }

// dirsOf returns the directories of a path. One that cannot be looked at is
// left out.
func dirsOf(path string) (dirs []dir) {
	paths := []string{filepath.Dir(path)}
	if resolved, err := filepath.EvalSymlinks(path); err == nil && filepath.Dir(resolved) != paths[0] {
		paths = append(paths, filepath.Dir(resolved))
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil {
			dirs = append(dirs, dir{p, info})
		}
	}
	return dirs
}

// A User is the owner of the keys.
type User struct{ UID, GID int }

// Self is the user of this process.
func Self() User { return User{os.Geteuid(), os.Getegid()} }

// trusts reports whether u has no secrets from the user of that id.
func (u User) trusts(uid int) bool { return uid == 0 || uid == u.UID }

// hasPermissions tells whether mode bits mean anything.
const hasPermissions = runtime.GOOS != "windows"

// Refuse returns an error if anyone but u, and root, could get at the keys or
// exchange the file.
func (f *File) Refuse(u User) error {
	if mode := f.Info.Mode().Perm(); hasPermissions && mode&0o077 != 0 {
		return fmt.Errorf("%s has mode %#o, so that others can get at the keys: chmod 600 %[1]s, and replace the keys if others may have read them", f.Path, mode)
	}
	return first(f.foreign(u))
}

// RefuseDirectory is [File.Refuse] for a file that has yet to be made at path.
func RefuseDirectory(path string, u User) error {
	return first((&File{Path: path, dirs: dirsOf(path)}).foreign(u))
}

func first(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return errors.New(faults[0])
}

// Warnings returns the faults of a file that is used all the same. A group that
// may read is no fault: that is how a service gets a file that it does not own.
func (f *File) Warnings(u User) (warnings []string) {
	if mode := f.Info.Mode().Perm(); hasPermissions && mode&0o027 != 0 {
		warnings = append(warnings, fmt.Sprintf("%s has mode %#o, so that others can get at the keys: use 0600, or 0640 with a group of its own (defaultMode in Kubernetes)", f.Path, mode))
	}
	return append(warnings, f.foreign(u)...)
}

// foreign says which others may change the file or exchange it for another.
func (f *File) foreign(u User) (faults []string) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if f.Info != nil {
		if uid, _, ok := atomicfile.Owner(f.Info); ok && !u.trusts(uid) {
			add("%s belongs to the user %d, who has the keys: give the file to the user %d, and replace the keys", f.Path, uid, u.UID)
		}
	}
	for _, d := range f.dirs {
		uid, gid, ok := atomicfile.Owner(d.info)
		mode := d.info.Mode()
		sticky := mode&fs.ModeSticky != 0 // as in /tmp: each may exchange their own files alone
		switch {
		case ok && !u.trusts(uid):
			add("%s belongs to the user %d, who may exchange %s for another file: give the directory to the user %d", d.path, uid, f.Path, u.UID)
		case hasPermissions && mode.Perm()&0o002 != 0 && !sticky:
			add("others may exchange %s for another file: chmod o-w %s", f.Path, d.path)
		case ok && mode.Perm()&0o020 != 0 && !sticky && gid != u.ownGroup(uid):
			add("the group %d may exchange %s for another file: chmod g-w %s", gid, f.Path, d.path)
		}
	}
	return faults
}

// ownGroup returns the private group of a directory's owner, u or root.
func (u User) ownGroup(uid int) int {
	if uid == u.UID {
		return u.GID
	}
	return 0
}
