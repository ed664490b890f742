//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// tryLock takes the lock of the file at path, if it is free.
func tryLock(path string) (unlock func(), ok bool, err error) {
	f, err := openLock(path)
	if err != nil {
		return nil, false, err
	}
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, false, nil
		}
		return nil, false, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return func() { f.Close() }, true, nil // closing releases it
}

// openLock opens the lock file of the file at path. A less privileged user may
// control its directory. So a link there is not followed, and an existing file
// keeps its owner: it may be another name of any file.
func openLock(path string) (*os.File, error) {
	// With O_NONBLOCK a named pipe does not make the opening wait.
	const flags = os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_CLOEXEC | syscall.O_NONBLOCK
	name := path + lockSuffix
	f, err := os.OpenFile(name, flags|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if info, err := os.Lstat(path); err == nil && os.Geteuid() == 0 {
			// Else one run of the command as root would shut out the owner. A
			// failure shows at the owner's next run.
			_ = setOwner(f, info)
		}
		return f, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	f, err = os.OpenFile(name, flags, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) { // EMLINK: FreeBSD
		return nil, notRegular(name)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(err, notRegular(name))
	}
	return f, nil
}

func notRegular(name string) error {
	return fmt.Errorf("%s is not a regular file: see where it comes from, and remove it", name)
}

// setOwner gives f the owner and group of like.
func setOwner(f *os.File, like fs.FileInfo) error {
	uid, gid, ok := Owner(like)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if u, g, ok := Owner(info); ok && u == uid && g == gid {
		return nil
	}
	return f.Chown(uid, gid)
}

// Owner returns the user and the group of a file, if it has some.
func Owner(info fs.FileInfo) (uid, gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
