package main

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	tests := []struct {
		mode, bit fs.FileMode
		user      string
		groups    []string
		want      bool
	}{
		{0o600, 4, "10", nil, true},
		{0o200, 4, "10", []string{"20"}, false}, // the owner's bits count for the owner, whatever the group's
		{0o060, 4, "10", []string{"20"}, false},
		{0o600, 4, "11", []string{"20"}, false},
		{0o640, 4, "11", []string{"30", "20"}, true},
		{0o640, 4, "11", []string{"30"}, false},
		{0o604, 4, "11", []string{"20"}, false},
		{0o604, 4, "11", nil, true},
		{0o000, 4, "0", nil, true},
		{0o711, 1, "11", nil, true},
		{0o710, 1, "11", nil, false},
		{fs.ModeDir | 0o700, 1, "10", nil, true},
	}
	for _, tt := range tests {
		if got := allows(tt.mode, tt.bit, tt.user, tt.groups, "10", "20"); got != tt.want {
			t.Errorf("%v: bit %o of user %s in %v is %t, want %t", tt.mode, tt.bit, tt.user, tt.groups, got, tt.want)
		}
	}
}

// TestKeysUser checks that keys warns if a service could not read its file.
func TestKeysUser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have other owners there")
	}
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	path := ringFile(t, 1)
	mustCall(t, "keys", "-file", path, "-user", me.Username)

	const other = "nobody"
	if u, err := user.Lookup(other); err != nil || u.Uid == me.Uid {
		t.Skip("there is no other user")
	}
	expect := func(what string, readable bool) {
		t.Helper()
		stdout, stderr, code := call("keys", "-file", path, "-user", other)
		if (code == exitDone) != readable || strings.Contains(stdout, "warning: the user nobody cannot read") == readable || stderr != "" {
			t.Errorf("%s: exit %d, %s%s", what, code, stdout, stderr)
		}
	}
	expect("mode 0600", false)
	// Every directory down to the file, which Go makes for its owner alone.
	for dir := filepath.Dir(path); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(os.TempDir()); err != nil || info.Mode()&0o001 == 0 {
		t.Skip("the temporary directory is closed to others")
	}
	expect("mode 0600 in open directories", false)
	if os.Geteuid() == 0 {
		u, _ := user.Lookup(other)
		uid, _ := strconv.Atoi(u.Uid)
		if err := os.Chown(path, uid, -1); err != nil {
			t.Fatal(err)
		}
		expect("its own file", true)
		if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		expect("its own file in a closed directory", false)
	}
}
