package main

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/keyfile"
)

var errNoOwners = errors.New("-user: files have no owners here")

// lookupUser returns the system's user of that name.
func lookupUser(name string) (keyfile.User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return keyfile.User{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return keyfile.User{}, errNoOwners
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return keyfile.User{}, errNoOwners
	}
	return keyfile.User{UID: uid, GID: gid}, nil
}

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
		uid, gid, ok := atomicfile.Owner(info)
		if !ok {
			return false, errNoOwners
		}
		if !allows(info.Mode(), bit, u.Uid, groups, strconv.Itoa(uid), strconv.Itoa(gid)) {
			return false, nil
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true, nil
		}
		path = parent
	}
}

// allows reports whether a file with that mode and owner gives a user the
// permission bit. Root may do everything.
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
