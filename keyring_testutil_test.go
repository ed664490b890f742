package cookiesession_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// keyringDay returns midnight of a day of December 2026, whose 10th is the
// present in tables.
func keyringDay(day int) time.Time { return time.Date(2026, 12, day, 0, 0, 0, 0, time.UTC) }

// keyringAt runs f in a bubble whose clock stands at the 10th of December 2026.
func keyringAt(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(keyringDay(10)))
		f(t)
	})
}

// keyringWords is a set of keys with names, for tests to write texts and ids
// with: {a} is the text of key a, {A} its id.
type keyringWords map[string]cookiesession.Key

func newKeyringWords() keyringWords {
	w := keyringWords{}
	for _, name := range []string{"a", "b", "c", "d"} {
		w[name] = cookiesession.NewKey()
	}
	return w
}

// text replaces {a} and {A}, and @12 by midnight of the 12th of December 2026.
func (w keyringWords) text(s string) string {
	for name, k := range w {
		s = strings.ReplaceAll(s, "{"+name+"}", k.Secret())
		s = strings.ReplaceAll(s, "{"+strings.ToUpper(name)+"}", k.ID())
	}
	for day := range 31 {
		s = strings.ReplaceAll(s, fmt.Sprintf("@%02d", day+1), keyringDay(day+1).Format(time.RFC3339))
	}
	return s
}

// name is the opposite of {A}.
func (w keyringWords) name(id string) string {
	for name, k := range w {
		if k.ID() == id {
			return name
		}
	}
	return id
}

// states writes a ring as the names of its keys with their states.
func (w keyringWords) states(k *cookiesession.Keyring) string {
	var words []string
	for _, info := range k.Keys() {
		words = append(words, w.name(info.ID)+":"+string(info.State))
	}
	return strings.Join(words, " ")
}

// quotes reports whether text shows 16 characters in a row of any key's text.
func keyringQuotes(text string, secrets ...string) bool {
	const n = 16
	for _, s := range secrets {
		for i := 0; i+n <= len(s); i++ {
			if strings.Contains(text, s[i:i+n]) {
				return true
			}
		}
	}
	return false
}

// keyringWrite puts content at path in one step, as rotation and editors do.
func keyringWrite(t *testing.T, path, content string) {
	t.Helper()
	temp := path + ".new"
	if err := os.WriteFile(temp, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, path); err != nil {
		t.Fatal(err)
	}
}

// keyringDir returns a directory that others cannot write to, whatever the
// umask that the tests run under.
func keyringDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	keyringChmod(t, dir, 0o700)
	return dir
}

func keyringChmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func keyringChown(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

// A watchedKeyring is a ring whose file is polled every minute, in a bubble
// whose clock starts at the 10th of December 2026.
type watchedKeyring struct {
	keyringWords
	*testing.T
	path   string
	ring   *cookiesession.Keyring
	cancel context.CancelFunc

	mu     sync.Mutex
	errors []string // reported since the last look
}

func (w *watchedKeyring) report(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errors = append(w.errors, err.Error())
}

// reported returns the errors since the last call.
func (w *watchedKeyring) reported() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	errors := w.errors
	w.errors = nil
	return errors
}

// keyringWatch runs f with a ring that was read from a file with that content.
func keyringWatch(t *testing.T, content string, f func(w *watchedKeyring)) {
	t.Helper()
	dir := keyringDir(t)
	keyringAt(t, func(t *testing.T) {
		w := &watchedKeyring{keyringWords: newKeyringWords(), T: t, path: filepath.Join(dir, "keys.txt")}
		w.write(content)
		var err error
		if w.ring, err = cookiesession.OpenKeyring(w.path); err != nil {
			t.Fatal(err)
		}
		w.start()
		defer func() {
			w.cancel()
			synctest.Wait()
		}()
		f(w)
	})
}

func (w *watchedKeyring) start() {
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go w.ring.Watch(ctx, time.Minute, w.report)
	synctest.Wait()
}

// slowly has the file polled once in an hour.
func (w *watchedKeyring) slowly() {
	w.cancel()
	synctest.Wait()
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go w.ring.Watch(ctx, time.Hour, w.report)
	synctest.Wait()
}

// write puts content in place by a rename.
func (w *watchedKeyring) write(content string) {
	w.Helper()
	keyringWrite(w.T, w.path, w.text(content))
}

// overwrite writes content in place, as some editors and cp do.
func (w *watchedKeyring) overwrite(content string) {
	w.Helper()
	if err := os.WriteFile(w.path, []byte(w.text(content)), 0o600); err != nil {
		w.Fatal(err)
	}
}

// sleep lets time go by.
func (w *watchedKeyring) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// want checks the states of the ring, and that each error reported since the
// last time says what is wanted; "" if there must be none.
func (w *watchedKeyring) want(states, report string) {
	w.Helper()
	if diff := cmp.Diff(states, w.states(w.ring)); diff != "" {
		w.Errorf("keys (-want +got):\n%s", diff)
	}
	errors := w.reported()
	if (len(errors) > 0) != (report != "") {
		w.Errorf("reported %q, want %q", errors, report)
	}
	for _, err := range errors {
		if !strings.HasPrefix(err, "cookiesession: keyring") || !strings.Contains(err, w.text(report)) {
			w.Errorf("reported %q, want %q", err, report)
		}
		if keyringQuotes(err, w.keyringWords["a"].Secret(), w.keyringWords["b"].Secret(), w.keyringWords["c"].Secret()) {
			w.Errorf("the error quotes a key: %s", err)
		}
	}
}

// sortRevoked puts the revoked keys at the end of states into the order of
// their ids.
func (w keyringWords) sortRevoked(states string) string {
	words := strings.Fields(states)
	slices.SortStableFunc(words, func(a, b string) int {
		nameA, revokedA := strings.CutSuffix(a, ":revoked")
		nameB, revokedB := strings.CutSuffix(b, ":revoked")
		if !revokedA || !revokedB {
			return 0 // they stand at the end as it is
		}
		return strings.Compare(w[nameA].ID(), w[nameB].ID())
	})
	return strings.Join(words, " ")
}
