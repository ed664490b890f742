package atomicfile_test

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
	"sync/atomic"
	"testing"
	"time"

	"example.com/cookiesession/internal/atomicfile"
)

// TestMain is a process that crashes at a step, if it is told to.
func TestMain(m *testing.M) {
	step := os.Getenv("ATOMICFILE_CRASH")
	if step == "" {
		os.Exit(m.Run())
	}
	atomicfile.Hook = func(s string) {
		if s == step {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill() // nothing deferred runs
			select {}
		}
	}
	do := map[string]func(string, []byte) error{"create": atomicfile.Create, "replace": replaceLocked}[os.Getenv("ATOMICFILE_DO")]
	if err := do(os.Getenv("ATOMICFILE_PATH"), []byte("new content")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func replace(path string, data []byte) error {
	old, err := os.Stat(path)
	if err != nil {
		return err
	}
	return atomicfile.Replace(path, data, old)
}

func replaceLocked(path string, data []byte) error {
	unlock, err := atomicfile.Lock(path, time.Second)
	if err != nil {
		return err
	}
	defer unlock()
	return replace(path, data)
}

// TestCrash kills a process at each step of a change. The file must be as it
// was before or as it should be after, and nothing may keep the next process
// from changing it.
func TestCrash(t *testing.T) {
	steps := map[string][]string{
		"create":  {"create temporary file", "write", "sync file", "link", "sync directory", "none"},
		"replace": {"create temporary file", "write", "sync file", "rename", "sync directory", "none"},
	}
	for do, steps := range steps {
		for i, step := range steps {
			t.Run(do+" "+step, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "file")
				before := ""
				if do == "replace" {
					before = "old content"
					mustWrite(t, path, before, 0o600)
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "ATOMICFILE_CRASH="+step, "ATOMICFILE_DO="+do, "ATOMICFILE_PATH="+path)
				if out, err := cmd.CombinedOutput(); (err != nil) != (step != "none") {
					t.Fatalf("process: %v\n%s", err, out)
				}
				want := before
				if i >= len(steps)-2 { // the change is visible, if perhaps not on the disk
					want = "new content"
				}
				if got := read(path); got != want {
					t.Errorf("the file holds %q, want %q", got, want)
				}
				if err := replaceLocked(path, []byte("third")); want != "" && err != nil {
					t.Errorf("after the crash: %v", err)
				}
			})
		}
	}
}

func TestCreate(t *testing.T) {
	for _, links := range []bool{true, false} {
		t.Run(fmt.Sprintf("links=%t", links), func(t *testing.T) {
			if !links {
				atomicfile.WithoutLinks(t)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					err := atomicfile.Create(path, fmt.Appendf(nil, "content %02d", i))
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, fs.ErrExist):
						t.Errorf("Create: %v", err)
					}
					if got := read(path); len(got) != len("content 00") {
						t.Errorf("the file holds %q after Create", got)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Errorf("%d of 16 created the file, want 1", won.Load())
			}
			if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
				t.Errorf("mode %v, error %v, want 0600", info.Mode(), err)
			}
			noTemporaryFiles(t, dir)
		})
	}
}

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	if err := atomicfile.Create(filepath.Join(dir, "missing", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v, want fs.ErrNotExist", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), link); err != nil {
		t.Skip(err)
	}
	if err := atomicfile.Create(link, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a link to nowhere: %v, want fs.ErrExist", err)
	}
	noTemporaryFiles(t, dir)
}

func TestReplace(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o444} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		mustWrite(t, path, "old", mode)
		if os.Geteuid() == 0 {
			if err := os.Chown(path, 12, 34); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := os.Stat(path)
		if err := replace(path, []byte("new")); err != nil {
			t.Fatalf("mode %v: %v", mode, err)
		}
		after, _ := os.Stat(path)
		if read(path) != "new" || after.Mode() != before.Mode() || owner(after) != owner(before) {
			t.Errorf("%q, mode %v, owner %s, want new, %v, %s", read(path), after.Mode(), owner(after), before.Mode(), owner(before))
		}
		if os.SameFile(before, after) {
			t.Error("the file was written in place")
		}
		noTemporaryFiles(t, dir)
	}
}

// owner describes the user and group of a file, on systems where it has some.
func owner(info fs.FileInfo) string {
	s := fmt.Sprintf("%+v", info.Sys())
	i, j := strings.Index(s, "Uid:"), strings.Index(s, "Gid:")
	if i < 0 || j < 0 {
		return ""
	}
	return strings.Fields(s[i:])[0] + strings.Fields(s[j:])[0]
}

func TestReplaceFollowsLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(other, "link")
	mustWrite(t, file, "old", 0o600)
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if err := replaceLocked(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 || read(file) != "new" {
		t.Errorf("the link is %v, the file holds %q", info.Mode(), read(file))
	}
	if _, err := os.Stat(file + ".lock"); err != nil {
		t.Error("the lock is not beside the file itself:", err)
	}
}

func TestReplaceErrors(t *testing.T) {
	dir := t.TempDir()
	if err := replace(filepath.Join(dir, "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, want fs.ErrNotExist", err)
	}
	if err := replace(dir, nil); err == nil {
		t.Error("a directory was replaced")
	}
	noTemporaryFiles(t, dir)
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file") // need not exist
	unlock, err := atomicfile.Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.Lock(path, 50*time.Millisecond); err == nil {
		t.Fatal("a second lock was given while the first was held")
	}
	unlock()
	unlock, err = atomicfile.Lock(path, 0)
	if err != nil {
		t.Fatal("after unlocking:", err)
	}
	unlock()

	// Read, change, replace by many at once: no change may be lost.
	mustWrite(t, path, "", 0o600)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				unlock, err := atomicfile.Lock(path, time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				if err := replace(path, []byte(read(path)+"x")); err != nil {
					t.Error(err)
				}
				unlock()
			}
		})
	}
	wg.Wait()
	if got := len(read(path)); got != 40 {
		t.Errorf("%d changes are left of 40", got)
	}
}

func mustWrite(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

func noTemporaryFiles(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestLockSweeps has temporary files that killed processes left behind, beside
// other files.
func TestLockSweeps(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	for name, stays := range map[string]bool{
		".ring.123.tmp":      false,
		".ring.young.tmp":    false, // the lock is free, so nobody writes it
		".ring.123.new":      false,
		".ring.young.new":    true, // somebody may be writing it
		".other.123.tmp":     true,
		"ring.123.tmp":       true,
		".ring.123.tmp.kept": true,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		mustWrite(t, path, "secret", 0o600)
		if !strings.Contains(name, "young") {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		unlock, err := atomicfile.Lock(filepath.Join(dir, "ring"), 0)
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		if _, err := os.Lstat(path); (err == nil) != stays {
			t.Errorf("%s: stays %v, want %v", name, err == nil, stays)
		}
	}
}

// mustChown gives a file to a user who is not root, or skips the test.
func mustChown(t *testing.T, paths ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	for _, path := range paths {
		if err := os.Lchown(path, 12, 34); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLockLink has a link where the lock file should be, as somebody makes it
// who can write to the directory and wants the file behind it.
func TestLockLink(t *testing.T) {
	for _, victim := range []string{"there", "missing"} {
		dir := t.TempDir()
		path, target := filepath.Join(dir, "file"), filepath.Join(dir, victim)
		mustWrite(t, path, "content", 0o600)
		mustWrite(t, filepath.Join(dir, "there"), "victim", 0o600)
		if err := os.Symlink(target, path+".lock"); err != nil {
			t.Skip(err)
		}
		if os.Geteuid() == 0 {
			mustChown(t, path)
		}
		before, _ := os.Stat(target)
		unlock, err := atomicfile.Lock(path, 0)
		if err == nil {
			unlock()
			t.Fatalf("%s: a link was taken for the lock file", victim)
		}
		if runtime.GOOS != "windows" && !strings.Contains(err.Error(), "file.lock is not a regular file") {
			t.Errorf("%s: error %v", victim, err)
		}
		after, err := os.Stat(target)
		if (err == nil) != (before != nil) || before != nil && owner(after) != owner(before) {
			t.Errorf("%s: the file behind the link is %v now", victim, after)
		}
		if err := os.Remove(path + ".lock"); err != nil {
			t.Fatal(err)
		}
		if unlock, err = atomicfile.Lock(path, 0); err != nil {
			t.Fatalf("%s: without the link: %v", victim, err)
		}
		unlock()
	}
}

// TestLockPipe has a named pipe where the lock file should be, which must not
// make anybody wait.
func TestLockPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if out, err := exec.Command("mkfifo", path+".lock").CombinedOutput(); err != nil {
		t.Skip(err, string(out))
	}
	unlock, err := atomicfile.Lock(path, 0)
	if err == nil {
		unlock()
		t.Fatal("a named pipe was taken for the lock file")
	}
	if !strings.Contains(err.Error(), "file.lock is not a regular file") {
		t.Errorf("error %v", err)
	}
}

// TestLockOwner: root gives a lock file away only if it has made it. One that
// was there may be another name of any file.
func TestLockOwner(t *testing.T) {
	for _, exists := range []bool{false, true} {
		dir := t.TempDir()
		path, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
		mustWrite(t, path, "content", 0o600)
		mustChown(t, path)
		if exists {
			mustWrite(t, victim, "root's", 0o600)
			if err := os.Link(victim, path+".lock"); err != nil {
				t.Skip(err)
			}
		}
		unlock, err := atomicfile.Lock(path, 0)
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		info, err := os.Stat(path + ".lock")
		if err != nil {
			t.Fatal(err)
		}
		if uid, gid, ok := atomicfile.Owner(info); !ok || (uid == 12 && gid == 34) == exists {
			t.Errorf("exists %v: the lock file belongs to %d:%d", exists, uid, gid)
		}
	}
}

// TestForeignLinks: root does not follow another user's link to a file that is
// not theirs, be it the last part of a path or one before.
func TestForeignLinks(t *testing.T) {
	tests := []struct {
		name    string
		link    string // its path below the directory
		to      string
		path    string // that is asked for
		foreign bool   // the link is another user's
		given   string // what else is theirs
		ok      bool
	}{
		{name: "no link", path: "root/file", ok: true},
		{name: "root's link", link: "user/link", to: "../root/file", path: "user/link", ok: true},
		{name: "user's link", link: "user/link", to: "../root/file", path: "user/link", foreign: true},
		{name: "user's link to their file", link: "user/link", to: "../root/file", path: "user/link", foreign: true, given: "root/file", ok: true},
		{name: "user's directory", link: "user/link", to: "../root", path: "user/link/file", foreign: true},
		{name: "behind root's link", link: "user/link", to: "../root", path: "by-root/link/file", foreign: true},
		{name: "up from a link", link: "user/link", to: "../root/deep", path: "user/link/../file", foreign: true},
		{name: "absolute", link: "user/link", to: "ABSOLUTE/root/file", path: "user/link", foreign: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, d := range []string{"root/deep", "user"} {
				if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			mustWrite(t, filepath.Join(dir, "root/file"), "content", 0o600)
			mustChown(t, filepath.Join(dir, "user"))
			if err := os.Symlink("user", filepath.Join(dir, "by-root")); err != nil {
				t.Fatal(err)
			}
			if tt.link != "" {
				link := filepath.Join(dir, tt.link)
				if err := os.Symlink(strings.ReplaceAll(tt.to, "ABSOLUTE", dir), link); err != nil {
					t.Fatal(err)
				}
				if tt.foreign {
					mustChown(t, link)
				}
			}
			if tt.given != "" {
				mustChown(t, filepath.Join(dir, tt.given))
			}
			path := dir + "/" + tt.path
			unlock, err := atomicfile.Lock(path, 0)
			if err == nil {
				unlock()
			}
			if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), "link that the user 12 has made") {
				t.Errorf("Lock: %v, want none: %v", err, tt.ok)
			}
			if locks, _ := filepath.Glob(filepath.Join(dir, "root", "*.lock")); len(locks) > 0 && !tt.ok {
				t.Errorf("made: %q", locks)
			}
			if err := replace(path, []byte("new")); (err == nil) != tt.ok {
				t.Errorf("Replace: %v, want none: %v", err, tt.ok)
			}
			// Create cleans the path, and takes no link in the last place
			// anyway.
			viaLink := strings.HasPrefix(tt.path, tt.link+"/") || strings.HasPrefix(tt.path, "by-root/")
			if err := atomicfile.Create(filepath.Join(filepath.Dir(path), "other"), nil); viaLink && !strings.Contains(tt.path, "..") && (err == nil) != tt.ok {
				t.Errorf("Create: %v, want none: %v", err, tt.ok)
			}
		})
	}
}

// TestReplaceExchanged: the content of one file must not come under the owner
// and mode of another.
func TestReplaceExchanged(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	mustWrite(t, path, "secret", 0o600)
	mustWrite(t, other, "public", 0o644)
	old, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Replace(path, []byte("secret and more"), old); err != nil {
		t.Fatal(err)
	}
	old, _ = os.Stat(path)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Replace(path, []byte("secret and more"), old); err == nil || read(path) != "public" {
		t.Errorf("error %v, the file holds %q", err, read(path))
	}
}
