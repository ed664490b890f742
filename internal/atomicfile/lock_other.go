//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// staleAfter is the age at which a lock file counts as left behind by a process
// that died. Nothing holds a lock for more than a moment.
const staleAfter = time.Minute

// tryLock takes the lock of the file at path, if it is free. The lock is the
// existence of the lock file, which therefore outlives a killed process.
func tryLock(path string) (unlock func(), ok bool, err error) {
	name := path + lockSuffix
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > staleAfter {
			os.Remove(name)
		}
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	fmt.Fprintln(f, os.Getpid()) // for people who find the file and wonder
	f.Close()
	return func() { os.Remove(name) }, true, nil
}

// setOwner does nothing: files here have no owner to keep.
func setOwner(*os.File, fs.FileInfo) error { return nil }

// Owner returns the user and the group of a file, if it has some.
func Owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }
