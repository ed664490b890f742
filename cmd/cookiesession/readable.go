package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"example.com/cookiesession/internal/atomicfile"
)

var errNoOwners = errors.New("-user: files have no owners here")

// mayRead reports whether the user of that name may read the file at path, by
// its mode bits and those of the directories above it.
func mayRead(name, path string) (bool, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return false, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return false, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return false, err
	}
	if path, err = atomicfile.Resolve(path); err != nil {
		return false, err
	}
	for bit := fs.FileMode(4); ; bit = 1 { // read the file, search the directories
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		uid, gid, ok := owner(info)
		if !ok {
			return false, errNoOwners
		}
		if !allows(info.Mode(), bit, u.Uid, groups, uid, gid) {
			return false, nil
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true, nil
		}
		path = parent
	}
}

// allows reports whether a file with that mode and owner lets a user do what
// bit says. Root may do everything.
func allows(mode, bit fs.FileMode, user string, groups []string, uid, gid string) bool {
	switch {
	case user == "0":
		return true
	case user == uid:
		return mode&(bit<<6) != 0
	case slices.Contains(groups, gid):
		return mode&(bit<<3) != 0
	}
	return mode&bit != 0
}

// owner returns the user and group of a file, on systems that have them. The
// type that holds them has another name on each, and the same fields on all.
func owner(info fs.FileInfo) (uid, gid string, ok bool) {
	stat := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if stat.Kind() != reflect.Struct {
		return "", "", false
	}
	u, g := stat.FieldByName("Uid"), stat.FieldByName("Gid")
	if !u.IsValid() || !g.IsValid() || !u.CanUint() || !g.CanUint() {
		return "", "", false
	}
	return strconv.FormatUint(u.Uint(), 10), fmt.Sprint(g.Uint()), true
}
