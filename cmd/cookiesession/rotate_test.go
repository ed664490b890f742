package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/atomicfile"
)

// ringFile writes a keyring file of n keys, as rotations leave them, and
// returns its path.
func ringFile(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring")
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil { // whatever the umask
		t.Fatal(err)
	}
	lines := []string{"# a comment"}
	for i := range n {
		activates := time.Now().Add(-time.Duration(i+1) * 30 * day)
		line := cookiesession.NewKey().Secret() + " activates=" + stamp(activates)
		if i > 0 {
			line += " retires=" + stamp(activates.Add(47*day))
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// states returns the ids of the keys in a file by their states.
func states(t *testing.T, path string) map[cookiesession.KeyState][]string {
	t.Helper()
	ring, err := cookiesession.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[cookiesession.KeyState][]string{}
	for _, k := range ring.Keys() {
		ids[k.State] = append(ids[k.State], k.ID)
	}
	return ids
}

// process returns the command as a process of its own.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "COOKIESESSION_RUN=1")
	return cmd
}

// stepsOf returns the steps at which a change of a file may be interrupted, in
// order.
func stepsOf(t *testing.T, change func()) (steps []string) {
	t.Helper()
	atomicfile.Hook = func(step string) { steps = append(steps, step) }
	defer func() { atomicfile.Hook = nil }()
	change()
	if len(steps) < 4 {
		t.Fatalf("the steps are %q", steps)
	}
	return steps
}

// TestCrash kills a command at each step of a change. The file must load, be as
// it was before or as it should be after, and not be in the way of the next
// command.
func TestCrash(t *testing.T) {
	changes := map[string]struct {
		before func(*testing.T) string // returns the path
		args   func(path string) []string
		after  map[cookiesession.KeyState]int // keys after the change
	}{
		"rotate": {
			func(t *testing.T) string { return ringFile(t, 3) },
			func(path string) []string { return []string{"rotate", "-file", path} },
			map[cookiesession.KeyState]int{cookiesession.KeyPending: 1, cookiesession.KeySealing: 1, cookiesession.KeyOld: 0},
		},
		"create": {
			func(t *testing.T) string { return filepath.Join(t.TempDir(), "ring") },
			func(path string) []string { return []string{"rotate", "-file", path, "-init"} },
			map[cookiesession.KeyState]int{cookiesession.KeySealing: 1},
		},
		"revoke": {
			func(t *testing.T) string { return ringFile(t, 1) },
			func(path string) []string {
				text, _ := os.ReadFile(path)
				k, _ := cookiesession.ParseKey(wholeKey.FindString(string(text)))
				return []string{"revoke", "-file", path, k.ID()}
			},
			map[cookiesession.KeyState]int{cookiesession.KeySealing: 1, cookiesession.KeyRevoked: 1},
		},
	}
	for name, change := range changes {
		path := change.before(t)
		for _, step := range stepsOf(t, func() { mustCall(t, change.args(path)...) }) {
			t.Run(name+"/"+step, func(t *testing.T) {
				path := change.before(t)
				before, _ := os.ReadFile(path)
				cmd := process(change.args(path)...)
				cmd.Env = append(cmd.Env, "COOKIESESSION_CRASH="+step)
				if out, err := cmd.CombinedOutput(); err == nil || len(out) > 0 {
					t.Fatalf("the process was not killed: %v, output %q", err, out)
				}
				after, err := os.ReadFile(path)
				switch {
				case err != nil && len(before) > 0:
					t.Fatal(err)
				case err == nil && string(after) != string(before):
					counts := map[cookiesession.KeyState]int{}
					for state, ids := range states(t, path) {
						counts[state] = len(ids)
					}
					maps.DeleteFunc(change.after, func(_ cookiesession.KeyState, n int) bool { return n == 0 })
					if !maps.Equal(counts, change.after) {
						t.Errorf("after the crash there are %v, want %v", counts, change.after)
					}
				case err == nil && len(states(t, path)[cookiesession.KeySealing]) != 1:
					t.Error("after the crash no key seals")
				}
				mustCall(t, "rotate", "-file", path, "-init")
				checkNothingLeft(t, path, name == "create")
			})
		}
	}
}

// checkNothingLeft checks that no temporary file of a killed process is beside
// a file that was changed since. It holds all keys. One of a file that was to
// be made stays for a minute, since it may be another process's.
func checkNothingLeft(t *testing.T, path string, created bool) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != filepath.Base(path) && name != filepath.Base(path)+".lock" && !(created && strings.HasSuffix(name, ".new")) {
			t.Errorf("%s is left behind", name)
		}
	}
}

// TestConcurrent runs many rotations of one file in processes of their own.
// Each must end well, with -every but one of them by doing nothing.
func TestConcurrent(t *testing.T) {
	const n = 6
	tests := []struct {
		name string
		keys int // before; 0: there is no file
		args []string
		want int // keys after
	}{
		{"every", 1, []string{"-every", "30d"}, 2},
		{"all", 1, nil, 1 + n},
		{"create every", 0, []string{"-init", "-every", "30d"}, 1},
		{"create", 0, []string{"-init"}, n},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := ringFile(t, max(1, tt.keys))
			if tt.keys == 0 {
				os.Remove(path)
			}
			cmds := make([]*exec.Cmd, n)
			outputs := make([]strings.Builder, n)
			for i := range cmds {
				cmds[i] = process(append([]string{"rotate", "-file", path}, tt.args...)...)
				cmds[i].Stdout, cmds[i].Stderr = &outputs[i], &outputs[i]
				if err := cmds[i].Start(); err != nil {
					t.Fatal(err)
				}
			}
			for i, cmd := range cmds {
				if err := cmd.Wait(); err != nil {
					t.Errorf("rotation %d: %v\n%s", i, err, outputs[i].String())
				}
			}
			ring, err := cookiesession.OpenKeyring(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(ring.Keys()); got != tt.want {
				t.Errorf("%d keys, want %d", got, tt.want)
			}
			checkNothingLeft(t, path, false)
		})
	}
}

// TestEveryDay has cron call rotate once a day, a little earlier or later than
// the day before, with -every 1d: each call must rotate. One an hour after it
// must not.
func TestEveryDay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "ring")
		call("rotate", "-file", path, "-init")
		for i, late := range []time.Duration{0, 20, -20, 0, 40, -59, 59, -1} {
			time.Sleep(time.Until(time.Date(2000, 1, 2+i, 3, 17, int(late), 0, time.UTC)))
			if out := mustCall(t, "rotate", "-file", path, "-every", "1d"); !strings.Contains(out, "added") {
				t.Errorf("day %d: %s", i+1, out)
			}
			time.Sleep(time.Hour)
			if out := mustCall(t, "rotate", "-file", path, "-every", "1d"); !strings.Contains(out, "nothing to do") {
				t.Errorf("an hour later on day %d: %s", i+1, out)
			}
		}
	})
}

// TestLocked checks that a rotation waits for another one, or gives up.
func TestLocked(t *testing.T) {
	path := ringFile(t, 1)
	before := read(t, path)
	unlock, err := atomicfile.Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := process("rotate", "-file", path)
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // whether it waits already decides nothing
	if read(t, path) != before {
		t.Error("the file was changed while it was locked")
	}
	unlock()
	if err := cmd.Wait(); err != nil || !strings.HasPrefix(out.String(), "added") {
		t.Errorf("after unlocking: %v, output %q", err, out.String())
	}
}

func TestRotateKeepsModeOwnerAndLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have other modes and owners there")
	}
	for _, command := range []string{"rotate", "revoke"} {
		for _, mode := range []fs.FileMode{0o600, 0o640, 0o400} {
			path := ringFile(t, 2)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if os.Geteuid() == 0 {
				if err := os.Chown(path, 1234, 5678); err != nil {
					t.Fatal(err)
				}
			}
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Stat(path)
			text := read(t, path)
			args := []string{command, "-file", link}
			if command == "revoke" {
				args = append(args, states(t, path)[cookiesession.KeyRetired]...)
			}
			mustCall(t, args...)

			if read(t, path) == text {
				t.Errorf("%s, mode %v: the file behind the link was not changed", command, mode)
			}
			after, _ := os.Stat(path)
			uid, gid, _ := atomicfile.Owner(before)
			if u, g, ok := atomicfile.Owner(after); !ok || u != uid || g != gid || after.Mode() != before.Mode() {
				t.Errorf("%s: mode %v, owner %d:%d, want %v, %d:%d", command, after.Mode(), u, g, before.Mode(), uid, gid)
			}
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("%s: the link is %v now, error %v", command, info.Mode(), err)
			}
			if os.SameFile(before, after) {
				t.Errorf("%s wrote the file in place", command)
			}
		}
	}
}

// TestReadOnlyDirectory has the file where its directory cannot be written to,
// as a Secret is in Kubernetes.
func TestReadOnlyDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("directories have no modes there")
	}
	path := ringFile(t, 2)
	dir := filepath.Dir(path)
	before, id := read(t, path), states(t, path)[cookiesession.KeySealing][0]
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	for _, args := range [][]string{
		{"rotate", "-file", path},
		{"rotate", "-file", path + "2", "-init"},
		{"revoke", "-file", path, id},
		{"keygen", "-file", path + "2"},
	} {
		out, err := asNobody(t, process(args...)).CombinedOutput()
		exit, ok := err.(*exec.ExitError)
		if !ok || exit.ExitCode() != exitError || !strings.Contains(string(out), "nothing was changed: run as the owner") {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	if out, err := asNobody(t, process("rotate", "-dry-run", "-file", path)).CombinedOutput(); err != nil || !strings.Contains(string(out), "added") {
		t.Errorf("a dry run, which changes nothing: %v\n%s", err, out)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || read(t, path) != before {
		t.Errorf("there are %v, error %v", entries, err)
	}
}

// TestTooLong has a file that is not read to its end, so it must never be
// written.
func TestTooLong(t *testing.T) {
	path := ringFile(t, 1)
	id := states(t, path)[cookiesession.KeySealing][0]
	before := read(t, path) + strings.Repeat("#", 1<<20)
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"rotate", "-file", path}, {"revoke", "-file", path, id}, {"keygen", "-file", path}} {
		if _, stderr, code := call(args...); code != exitError || !strings.Contains(stderr, "longer than") {
			t.Errorf("%q: exit %d, standard error %q", args, code, stderr)
		}
	}
	if read(t, path) != before {
		t.Error("the file was changed")
	}
}

// asNobody returns cmd as a user that mode bits keep from something, which they
// do not root.
func asNobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		return cmd
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("root can write everywhere, and there is no setpriv to become another user")
	}
	// Neither the test binary nor the temporary directory is open to others.
	dir, err := os.MkdirTemp("", "cookiesession")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "cookiesession.test")
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, arg := range cmd.Args {
		for parent := filepath.Dir(filepath.Dir(arg)); filepath.IsAbs(arg) && parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
			if err := os.Chmod(parent, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	args := append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", copied}, cmd.Args[1:]...)
	other := exec.Command(setpriv, args...)
	other.Env, other.Dir = cmd.Env, "/"
	return other
}

// FuzzRotate rotates files that are written as people may write them: K1 stands
// for a key, and -3d for a time. A file that the library takes must be one
// after the rotation, too, with all that people wrote, and no session may be
// lost by it: the key that seals goes on to, no key opens for shorter than
// before, and a key that is superseded opens for long enough.
func FuzzRotate(f *testing.F) {
	for _, seed := range []string{
		"K1", "K1\nK2\nK3\n", "K1 K2, K3 # comment\r\n", "\ufeff# head\nK1", "",
		"# head\n\n# about\nK1 activates=-3d # x\nK2 activates=-30d retires=-1d\nK3 retires=+1d",
		"K1 retires=+9d activates=+1d\nK2 activates=-9d retires=+2d\nrevoked 010203 # since -40d\nrevoked 040506\n",
		"revoked 010203 K1 retires=-1d K2 activates=-20d\n\n", "K1 retires=-1d\nK2 retires=-2d", "revoked 010203",
		"K1 activates=+1d\r\n# c\r\nK2 activates=+1d\r\n", "K1 activates=-1d\nK2 activates=-1d retires=+30d",
	} {
		f.Add(seed, uint8(1), uint8(15))
		f.Add(seed, uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, activateIn, keep uint8) {
		now := time.Now()
		text = writeOut(text, now)
		before, err := parseKeyFile("ring", text, now)
		if err != nil {
			return
		}
		live, originals := before.usable(), map[string]time.Time{}
		for _, k := range before.keys {
			originals[k.id] = k.retires
		}
		o := rotateOptions{schedule: schedule{activateIn: duration(time.Duration(activateIn) * time.Hour), keep: duration(time.Duration(keep) * day)}}
		done := o.plan(before)
		changed, err := before.changed()
		if err != nil {
			t.Fatalf("%v\nbefore: %q\nafter:  %q", err, text, changed)
		}
		after, err := parseKeyFile("ring", changed, now)
		if err != nil {
			t.Fatalf("%v\nbefore: %q\nafter:  %q", err, text, changed)
		}
		fail := func(format string, args ...any) {
			t.Helper()
			t.Errorf("%s\nbefore: %q\nafter:  %q", fmt.Sprintf(format, args...), text, changed)
		}

		keys := after.usable()
		if len(keys) != len(live)+1 || after.find(done.Added.ID) == nil {
			fail("%d keys of %d", len(keys), len(live))
		}
		if len(live) > 0 && activateIn > 0 && keys[sealing(keys, now)].id != live[sealing(live, now)].id {
			fail("another key seals")
		}
		for i, k := range keys {
			if k.id == done.Added.ID {
				continue
			}
			if old := originals[k.id]; !k.retires.IsZero() && k.retires.Before(old) {
				fail("%s retires earlier than before", k.id)
			}
			if i > 0 && k.retires.IsZero() {
				fail("%s is superseded and has no end", k.id)
			}
			if at := slices.IndexFunc(live, func(l *fileKey) bool { return l.id == k.id }); i > 0 && at <= sealing(live, now) &&
				k.retires.Before(keys[i-1].activates.Add(time.Duration(keep)*day)) {
				fail("%s retires while sessions need it", k.id)
			}
		}
		for _, comment := range strings.SplitAfter(text, "\n") {
			if strings.HasPrefix(comment, "#") && !strings.Contains(changed, strings.TrimSpace(comment)) {
				fail("the comment %q is gone", comment)
			}
		}
	})
}

// FuzzRevoke revokes some keys of files that are written as in FuzzRotate. A
// file that the library takes must be one afterwards, in which these keys are
// revoked, the others are as good as before, and one seals without an end.
func FuzzRevoke(f *testing.F) {
	for _, seed := range []string{
		"K1", "K1\nK2\nK3\n", "K1 K2, K3 # comment\r\n", "\ufeff# head\nK1 revoked 010203 # since -3d",
		"K1 activates=-3d # x\nK2 activates=-30d retires=+1d\nK3 retires=+1d", "K1 activates=+3d\nK2 retires=+1d activates=+2d",
	} {
		f.Add(seed, uint8(1))
		f.Add(seed, uint8(6))
	}
	f.Add("K1 activates=+1d\nK2 activates=-3d\nK3 retires=+5d", uint8(4))
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		now := time.Now()
		text = writeOut(text, now)
		before, err := parseKeyFile("ring", text, now)
		if err != nil {
			return
		}
		var ids []string
		retires := map[string]time.Time{}
		for i, k := range before.keys {
			if retires[k.id] = k.retires; which>>min(i, 7)&1 == 1 {
				ids = append(ids, k.id)
			}
		}
		kept := len(before.usable())
		for _, k := range before.usable() {
			if slices.Contains(ids, k.id) {
				kept--
			}
		}
		if len(ids) == 0 {
			return
		}
		said, err := revokeOptions{schedule: defaultSchedule}.revoke(before, ids)
		if err != nil || len(said) < len(ids) {
			t.Fatalf("%q, %v\nbefore: %q", said, err, text)
		}
		changed, err := before.changed()
		if err != nil {
			t.Fatalf("%v\nbefore: %q", err, text)
		}
		after, err := parseKeyFile("ring", changed, now)
		if err != nil {
			t.Fatalf("%v\nbefore: %q\nafter:  %q", err, text, changed)
		}
		keys := after.usable()
		for _, id := range ids {
			if !after.isRevoked(id) || after.find(id) != nil {
				t.Errorf("%s is not revoked\nbefore: %q\nafter:  %q", id, text, changed)
			}
		}
		for _, k := range keys {
			old, ok := retires[k.id]
			if ok {
				kept--
			}
			if ok && old.IsZero() != k.retires.IsZero() || k.retires.Before(old) {
				t.Errorf("%s retires at %v, not %v\nbefore: %q\nafter:  %q", k.id, k.retires, old, text, changed)
			}
		}
		if kept != 0 || len(keys) == 0 || !keys[0].retires.IsZero() {
			t.Errorf("%d keys too few, or none seals without an end\nbefore: %q\nafter:  %q", kept, text, changed)
		}
	})
}

// writeOut puts in keys and times for their names.
func writeOut(text string, now time.Time) string {
	var r []string
	for i := range 5 {
		r = append(r, fmt.Sprintf("K%d", i+1), fuzzKeys[i].Secret())
	}
	for i := 99; i >= 0; i-- {
		r = append(r, fmt.Sprintf("-%dd", i), stamp(now.Add(-time.Duration(i)*day)), fmt.Sprintf("+%dd", i), stamp(now.Add(time.Duration(i)*day)))
	}
	return strings.NewReplacer(r...).Replace(text)
}

var fuzzKeys = [...]cookiesession.Key{
	cookiesession.NewKey(), cookiesession.NewKey(), cookiesession.NewKey(), cookiesession.NewKey(), cookiesession.NewKey(),
}

// TestRootInForeignDirectory: root changes a keyring in a directory that a
// service's user can write to. No link instead of the lock file or of the
// keyring leads root to another file.
func TestRootInForeignDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	for _, command := range []string{"rotate", "revoke", "keygen"} {
		for _, place := range []string{"", "keyring.lock", "keyring"} {
			dir := t.TempDir()
			victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "service", "keyring")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{victim, path} {
				if err := os.WriteFile(file, []byte(cookiesession.NewKey().Secret()+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if place == "keyring" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			if place != "" {
				if err := os.Symlink(victim, filepath.Join(filepath.Dir(path), place)); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"", "keyring", "keyring.lock"} {
				if err := os.Lchown(filepath.Join(filepath.Dir(path), name), 1234, 5678); err != nil && name != "keyring.lock" {
					t.Fatal(err)
				}
			}
			text := read(t, victim)
			args := []string{command, "-file", path}
			if command == "revoke" {
				args = append(args, states(t, path)[cookiesession.KeySealing]...)
			}
			_, stderr, code := call(args...)
			if (code == exitDone) != (place == "") {
				t.Errorf("%s, a link at %q: exit %d, %s", command, place, code, stderr)
			}
			info, err := os.Stat(victim)
			if err != nil {
				t.Fatal(err)
			}
			if uid, _, _ := atomicfile.Owner(info); uid != 0 || read(t, victim) != text {
				t.Errorf("%s, a link at %q: the victim belongs to %d", command, place, uid)
			}
			if locks, _ := filepath.Glob(filepath.Join(dir, "*.lock")); len(locks) > 0 {
				t.Errorf("%s, a link at %q: made %q", command, place, locks)
			}
		}
	}
}
