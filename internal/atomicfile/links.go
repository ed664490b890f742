package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many links in a path may follow each other, as in Linux.
const maxLinks = 40

// checkLinks refuses, for root, a path that another user has linked to a file
// that is not theirs: root would change that file for them. If the file at
// resolved does not exist, its directory counts.
func checkLinks(path, resolved string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	target, err := os.Lstat(resolved)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = os.Lstat(filepath.Dir(resolved))
	}
	if err != nil {
		return err
	}
	owner, _, ok := Owner(target)
	if !ok {
		return nil
	}
	return eachLink(path, func(link string, info fs.FileInfo) error {
		if uid, _, ok := Owner(info); ok && uid != 0 && uid != owner {
			return fmt.Errorf("%s is a link that the user %d has made, and leads to a file that is not theirs: name the file itself", link, uid)
		}
		return nil
	})
}

// eachLink calls visit for each symbolic link on the way to the file at path.
func eachLink(path string, visit func(link string, info fs.FileInfo) error) error {
	at, rest, links := string(filepath.Separator), path, 0
	if !filepath.IsAbs(path) {
		var err error
		if at, err = os.Getwd(); err != nil {
			return err
		}
	}
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(strings.TrimLeft(rest, string(filepath.Separator)), string(filepath.Separator))
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // neither does the rest
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return fmt.Errorf("%s: too many symbolic links", path)
		}
		if err := visit(next, info); err != nil {
			return err
		}
		to, err := os.Readlink(next)
		if err != nil {
			return err
		}
		if filepath.IsAbs(to) {
			at = string(filepath.Separator)
		}
		rest = to + string(filepath.Separator) + rest // not cleaned: .. is that of the target
	}
	return nil
}
