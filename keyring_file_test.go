package cookiesession_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cookiesession"
)

func TestLoadOrCreateKeyring(t *testing.T) {
	path := filepath.Join(keyringDir(t), "keys.txt")
	k, err := cookiesession.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, created, _ := cookiesession.KeyringStatus(k); !created {
		t.Error("a created ring does not say so")
	}
	if len(k.Keys()) != 1 || k.Keys()[0].State != cookiesession.KeySealing {
		t.Errorf("keys %v, want one that seals", k.Keys())
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info := k.Keys()[0]; time.Since(info.Activates) > time.Minute || !strings.HasSuffix(string(text), " # "+info.ID+"\n") {
		t.Errorf("the key has no date, or no id beside it: %+v", info) // rotate -every would rotate at once
	}

	for name, open := range map[string]func(string) (*cookiesession.Keyring, error){
		"LoadOrCreateKeyring": cookiesession.LoadOrCreateKeyring,
		"OpenKeyring":         cookiesession.OpenKeyring,
		"ParseKeyring":        func(string) (*cookiesession.Keyring, error) { return cookiesession.ParseKeyring(string(text)) },
	} {
		again, err := open(path)
		if err != nil || !cookiesession.KeyringEqual(k, again) {
			t.Errorf("%s reads %v, error %v, want %v", name, again, err, k)
			continue
		}
		if _, _, created, _ := cookiesession.KeyringStatus(again); created {
			t.Errorf("%s says that it has created the ring", name)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(files) > 0 {
		t.Errorf("left behind: %q", files)
	}
}

func TestKeyringFileErrors(t *testing.T) {
	w := newKeyringWords()
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		load    string // part of LoadOrCreateKeyring's error; "" if there is none
		open    string // of OpenKeyring's
		warning string
	}{
		{name: "good", prepare: func(t *testing.T, dir, path string) {}},
		{name: "owner may not write", prepare: func(t *testing.T, dir, path string) { keyringChmod(t, path, 0o400) }},
		{
			name:    "group may read",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, path, 0o640) },
			load:    "chmod 600",
		},
		{
			name:    "group may write",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, path, 0o620) },
			load:    "chmod 600", warning: "has mode 0620",
		},
		{
			name:    "others may read",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, path, 0o604) },
			load:    "chmod 600", warning: "has mode 0604",
		},
		{
			name:    "others may write",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, path, 0o602) },
			load:    "chmod 600", warning: "has mode 0602",
		},
		{
			name:    "others may write to the directory",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, dir, 0o777) },
			load:    "chmod o-w", warning: "chmod o-w",
		},
		{
			name:    "a directory like /tmp",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, dir, 0o777|fs.ModeSticky) },
		},
		{
			name:    "the own group may write to the directory",
			prepare: func(t *testing.T, dir, path string) { keyringChmod(t, dir, 0o770) },
		},
		{
			name: "another group may write to the directory",
			prepare: func(t *testing.T, dir, path string) {
				keyringChown(t, dir, os.Geteuid(), 34)
				keyringChmod(t, dir, 0o770)
			},
			load: "chmod g-w", warning: "chmod g-w",
		},
		{
			name: "another group may write to a directory like /tmp",
			prepare: func(t *testing.T, dir, path string) {
				keyringChown(t, dir, os.Geteuid(), 34)
				keyringChmod(t, dir, 0o770|fs.ModeSticky)
			},
		},
		{
			name: "another group may read the directory",
			prepare: func(t *testing.T, dir, path string) {
				keyringChown(t, dir, os.Geteuid(), 34)
				keyringChmod(t, dir, 0o750)
			},
		},
		{
			name: "another user's file in a directory like /tmp",
			prepare: func(t *testing.T, dir, path string) {
				keyringChmod(t, dir, 0o777|fs.ModeSticky)
				keyringChown(t, path, 12, 0)
			},
			load: "belongs to the user 12", warning: "belongs to the user 12",
		},
		{
			name:    "another user's directory",
			prepare: func(t *testing.T, dir, path string) { keyringChown(t, dir, 12, 0) },
			load:    "belongs to the user 12", warning: "belongs to the user 12",
		},
		{
			name: "behind a link, in another user's directory",
			prepare: func(t *testing.T, dir, path string) {
				other := filepath.Join(dir, "other")
				if err := errors.Join(os.Mkdir(other, 0o700), os.Rename(path, filepath.Join(other, "keys.txt")), os.Symlink("other/keys.txt", path)); err != nil {
					t.Fatal(err)
				}
				keyringChown(t, other, 12, 0)
			},
			load: "belongs to the user 12", warning: "belongs to the user 12",
		},
		{
			name:    "empty",
			prepare: func(t *testing.T, dir, path string) { keyringWrite(t, path, "") },
			load:    "no key", open: "no key",
		},
		{
			name:    "broken",
			prepare: func(t *testing.T, dir, path string) { keyringWrite(t, path, w.text("{a}\n{b}x\n")) },
			load:    "line 2", open: "line 2",
		},
		{
			name: "too long",
			prepare: func(t *testing.T, dir, path string) {
				keyringWrite(t, path, w.text("{a}\n")+strings.Repeat("\n", 1<<20))
			},
			load: "longer than", open: "longer than",
		},
		{
			name: "a directory",
			prepare: func(t *testing.T, dir, path string) {
				if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
					t.Fatal(err)
				}
			},
			load: "not a regular file", open: "not a regular file",
		},
		{
			name: "no directory",
			prepare: func(t *testing.T, dir, path string) {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			},
			load: "directory must exist", open: "no such file",
		},
		{
			name: "a link to nowhere",
			prepare: func(t *testing.T, dir, path string) {
				if err := errors.Join(os.Remove(path), os.Symlink(path+".missing", path)); err != nil {
					t.Fatal(err)
				}
			},
			load: "no such file", open: "no such file",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("no modes, other errors")
			}
			dir := keyringDir(t)
			path := filepath.Join(dir, "keys.txt")
			keyringWrite(t, path, w.text("{a}\n"))
			tt.prepare(t, dir, path)
			before, _ := os.ReadFile(path)

			k, err := cookiesession.OpenKeyring(path)
			keyringFileResult(t, "OpenKeyring", k, err, path, tt.open)
			if k != nil {
				if got := strings.Join(k.Warnings(), "; "); (got == "") != (tt.warning == "") || !strings.Contains(got, tt.warning) {
					t.Errorf("warnings %q, want %q", got, tt.warning)
				}
			}
			k, err = cookiesession.LoadOrCreateKeyring(path)
			keyringFileResult(t, "LoadOrCreateKeyring", k, err, path, tt.load)

			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func keyringFileResult(t *testing.T, name string, k *cookiesession.Keyring, err error, path, want string) {
	t.Helper()
	switch {
	case want == "" && (err != nil || k == nil):
		t.Errorf("%s: %v", name, err)
	case want != "" && (err == nil || k != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path)):
		t.Errorf("%s: error %v, want one that says %q and names the file", name, err, want)
	}
}

func TestOpenKeyringMissing(t *testing.T) {
	path := filepath.Join(keyringDir(t), "keys.txt")
	if _, err := cookiesession.OpenKeyring(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("OpenKeyring made a file")
	}
}

// TestLoadOrCreateKeyringAtOnce starts on a missing file many times at once:
// all must get one and the same key.
func TestLoadOrCreateKeyringAtOnce(t *testing.T) {
	for range 5 {
		path := filepath.Join(keyringDir(t), "keys.txt")
		rings := make([]*cookiesession.Keyring, 16)
		var wg sync.WaitGroup
		for i := range rings {
			wg.Go(func() {
				var err error
				if rings[i], err = cookiesession.LoadOrCreateKeyring(path); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		created := 0
		for _, k := range rings {
			if k == nil || !cookiesession.KeyringEqual(k, rings[0]) {
				t.Fatalf("%v and %v", k, rings[0])
			}
			if _, _, c, _ := cookiesession.KeyringStatus(k); c {
				created++
			}
		}
		if created != 1 {
			t.Errorf("%d of %d say that they have created the file, want 1", created, len(rings))
		}
	}
}

// TestLoadOrCreateKeyringProcess is no test, but the process that the next one
// starts. It waits for its standard input to end, which begins the race.
func TestLoadOrCreateKeyringProcess(t *testing.T) {
	path := os.Getenv("COOKIESESSION_TEST_KEYRING")
	if path == "" {
		t.Skip("for TestLoadOrCreateKeyringProcesses")
	}
	os.Stdin.Read(make([]byte, 1))
	k, err := cookiesession.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ring", k)
}

func TestLoadOrCreateKeyringProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for range 3 {
		path := filepath.Join(keyringDir(t), "keys.txt")
		var outputs [2]strings.Builder
		var processes [2]*exec.Cmd
		var begin [2]*os.File
		for i := range processes {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestLoadOrCreateKeyringProcess$", "-test.count=1")
			cmd.Env = append(os.Environ(), "COOKIESESSION_TEST_KEYRING="+path)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = r, &outputs[i], &outputs[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r.Close()
			processes[i], begin[i] = cmd, w
		}
		time.Sleep(100 * time.Millisecond) // likely enough for both to wait; a slow one just does not race
		for _, w := range begin {
			w.Close()
		}
		for i, cmd := range processes {
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, outputs[i].String())
			}
		}
		k, err := cookiesession.OpenKeyring(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range outputs {
			if !strings.Contains(outputs[i].String(), fmt.Sprintln("ring", k)) {
				t.Errorf("a process has\n%s, the file %v", outputs[i].String(), k)
			}
		}
	}
}

// TestLoadOrCreateKeyringForeignDirectory: no key is made where another user
// could read and exchange it.
func TestLoadOrCreateKeyringForeignDirectory(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		dir := keyringDir(t)
		if foreign {
			keyringChown(t, dir, 12, 0)
		}
		_, err := cookiesession.LoadOrCreateKeyring(filepath.Join(dir, "keys.txt"))
		if (err != nil) != foreign || foreign && !strings.Contains(err.Error(), "belongs to the user 12") {
			t.Errorf("foreign %v: error %v", foreign, err)
		}
		if made, _ := filepath.Glob(filepath.Join(dir, "*")); (len(made) == 0) != foreign {
			t.Errorf("foreign %v: made %q", foreign, made)
		}
	}
}
