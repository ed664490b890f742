// Package atomicfile creates and replaces small files that other processes read
// at any moment, so that each of them finds the file whole, also after a crash:
// the old content or the new one, and nothing between.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Hook, if it is set, is called before each step that a crash could separate
// from the next. It is for tests, which crash there.
var Hook func(step string)

var link = os.Link // replaced where a test needs a file system without links

func step(name string) {
	if Hook != nil {
		Hook(name)
	}
}

// Create makes a file of mode 0600 that holds data. If there is something at
// path already, even a link that leads nowhere, the error is [fs.ErrExist] and
// nothing has changed: of several processes that call Create at once, exactly
// one succeeds. The directory must exist.
func Create(path string, data []byte) error {
	dir, err := Resolve(filepath.Dir(path))
	if err != nil {
		return err
	}
	path = filepath.Join(dir, filepath.Base(path))
	temp, err := writeTemp(dir, filepath.Base(path), data, nil)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	step("link")
	// Unlike a renamed file, a linked one never takes another's place.
	err = link(temp, path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = createLocked(temp, path)
	}
	if err != nil {
		return err
	}
	step("sync directory")
	return syncDir(dir)
}

// createLocked is the rest of Create where files cannot be linked.
func createLocked(temp, path string) error {
	unlock, err := Lock(path, lockWait)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return rename(temp, path)
}

// Replace exchanges the content of an existing file for data. The file keeps
// its mode and owner; if path is a symbolic link, the file that it leads to is
// replaced. Hold [Lock] from the reading of the old content on.
//
// old describes the file that was read. If the name leads to another one by
// now, nothing is changed: data may hold the content of a file that others may
// not read, and must not come under their name.
func Replace(path string, data []byte, old fs.FileInfo) error {
	path, err := Resolve(path)
	if err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !old.Mode().IsRegular() || !os.SameFile(info, old) {
		return fmt.Errorf("%s is not the regular file that was read: nothing was changed", path)
	}
	temp, err := writeTemp(filepath.Dir(path), filepath.Base(path), data, old)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // fails after the renaming, as it should
	step("rename")
	if err := rename(temp, path); err != nil {
		if errors.Is(err, syscall.EBUSY) {
			return fmt.Errorf("%s is a mount point, so it cannot be replaced: mount the directory instead: %w", path, err)
		}
		return err
	}
	step("sync directory")
	return syncDir(filepath.Dir(path))
}

// Resolve returns the path of the file itself, without symbolic links. The file
// need not exist, but its directory must. Root is refused a link by which
// another user leads it to a file that is not theirs.
func Resolve(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		resolved = filepath.Join(dir, filepath.Base(path))
	} else if err != nil {
		return "", err
	}
	return resolved, checkLinks(path, resolved)
}

// Suffixes of temporary files' names. [Replace] writes under the lock, [Create]
// without it.
const (
	replacing = ".tmp"
	creating  = ".new"
)

// abandoned is the age at which a temporary file of [Create] counts as left
// behind: writing one takes milliseconds.
const abandoned = time.Minute

// sweep removes the temporary files of processes that were killed before they
// could. They may hold secrets, and nobody else knows of them. If one cannot be
// removed, the next call will try. The caller holds the lock.
func sweep(path string) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+base+".") || !e.Type().IsRegular() {
			continue
		}
		dead := strings.HasSuffix(e.Name(), replacing)
		if strings.HasSuffix(e.Name(), creating) {
			info, err := e.Info()
			dead = err == nil && time.Since(info.ModTime()) > abandoned
		}
		if dead {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// writeTemp writes data to a new file in dir, to the disk, and returns its
// name. The file has the mode and owner of like, or mode 0600.
func writeTemp(dir, base string, data []byte, like fs.FileInfo) (name string, err error) {
	step("create temporary file")
	end := replacing
	if like == nil {
		end = creating
	}
	f, err := os.CreateTemp(dir, "."+base+".*"+end) // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	step("write")
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	if like != nil {
		if err := setOwner(f, like); err != nil {
			return "", fmt.Errorf("cannot give the file to its owner: run as the owner: %w", err)
		}
		// After the owner, because a change of owner may clear mode bits.
		if err := f.Chmod(like.Mode().Perm()); err != nil && runtime.GOOS != "windows" {
			return "", err
		}
	}
	step("sync file")
	if err := f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), nil
}

// rename renames a file. On Windows that fails while another process has the
// target open, which readers have for moments.
func rename(from, to string) error {
	err := os.Rename(from, to)
	for deadline := time.Now().Add(2 * time.Second); err != nil && runtime.GOOS == "windows" && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		err = os.Rename(from, to)
	}
	return err
}

// syncDir writes the directory to disk, so that a new or renamed entry survives
// a crash.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be opened for that
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
