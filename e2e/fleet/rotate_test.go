package fleet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// A fileKey is a key of a keyring file.
type fileKey struct {
	cookiesession.Key
	activates, retires time.Time
}

// A schedule is what the command rotate is told.
type schedule struct{ every, activateIn, keep time.Duration }

// rotate is a model of the command: it returns the keys of a file after it has
// run, the latest first, and false if it did nothing. The file has at least
// one, and all have dates.
func (s schedule) rotate(keys []fileKey, now time.Time) ([]fileKey, bool) {
	added := keys[0].activates
	if len(keys) > 1 {
		added = added.Add(-s.activateIn)
	}
	if s.every > 0 && now.Before(added.Add(s.every-min(s.every/24, time.Hour))) {
		return keys, false
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(k fileKey) bool { return !k.retires.IsZero() && !now.Before(k.retires) })
	next := fileKey{Key: cookiesession.NewKey(), activates: now}
	if s.activateIn > 0 {
		next.activates = now.Add(s.activateIn)
	}
	keys = append([]fileKey{next}, keys...)
	for i := 1; i < len(keys); i++ {
		// Those that seal, or will seal, go on to until the next one does.
		k, before := &keys[i], keys[i-1].activates
		if needed := latest(before, now).Add(s.keep); k.retires.IsZero() || (i == 1 || before.After(now)) && k.retires.Before(needed) {
			k.retires = needed
		}
	}
	return keys, true
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func text(keys []fileKey) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%s activates=%s", k.Secret(), k.activates.UTC().Format(time.RFC3339))
		if !k.retires.IsZero() {
			fmt.Fprintf(&b, " retires=%s", k.retires.UTC().Format(time.RFC3339))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestRotation compares the model of the command with the command, at several
// points of a ring's life.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "cookiesession")
	build := exec.Command("go", "build", "-o", tool, "./cmd/cookiesession")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	day := 24 * time.Hour
	key := func(activates, retires time.Duration) fileKey {
		now := time.Now().Truncate(time.Second)
		k := fileKey{Key: cookiesession.NewKey(), activates: now.Add(activates)}
		if retires != 0 {
			k.retires = now.Add(retires)
		}
		return k
	}
	tests := []struct {
		name string
		keys []fileKey
		schedule
	}{
		{"first", []fileKey{key(-day, 0)}, schedule{0, time.Hour, 15 * day}},
		{"not due", []fileKey{key(-day, 0)}, schedule{30 * day, time.Hour, 15 * day}},
		{"not quite due", []fileKey{key(-30*day+2*time.Hour, 0), key(-60*day, -day)}, schedule{30 * day, time.Hour, 15 * day}},
		{"just due", []fileKey{key(-30*day+time.Minute, 0), key(-60*day, -day)}, schedule{30 * day, time.Hour, 15 * day}},
		{"old and retired", []fileKey{key(-day, 0), key(-2*day, 10*day), key(-30*day, -day)}, schedule{0, time.Hour, 15 * day}},
		{"pending", []fileKey{key(time.Hour, 0), key(-2*day, 10*day), key(-5*day, 2*day)}, schedule{0, 2 * time.Hour, 15 * day}},
		{"at once", []fileKey{key(-day, 0)}, schedule{0, 0, 13 * time.Hour}},
		{"a shorter -keep", []fileKey{key(-day, 0), key(-2*day, 10*day)}, schedule{0, time.Hour, day}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, fmt.Sprint(i))
			write(t, file, text(tt.keys))
			out, err := exec.Command(tool, "rotate", "-json", "-file", file, "-every", tt.every.String(), "-activate-in", tt.activateIn.String(), "-keep", tt.keep.String()).Output()
			if err != nil {
				t.Fatal(err)
			}
			var done struct {
				Changed bool
				Added   struct{ Activates time.Time }
			}
			if err := json.Unmarshal(out, &done); err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			if done.Changed {
				now = done.Added.Activates.Add(-tt.activateIn) // by the second
			}
			keys, changed := tt.rotate(tt.keys, now)
			if changed != done.Changed {
				t.Fatalf("the model changes the file: %v, the command: %v", changed, done.Changed)
			}
			ring, err := cookiesession.OpenKeyring(file)
			if err != nil {
				t.Fatal(err)
			}
			got := ring.Keys()
			if len(got) != len(keys) {
				t.Fatalf("%d keys, the model has %d", len(got), len(keys))
			}
			for i, k := range keys {
				isNew := i == 0 && changed
				differ := func(a, b time.Time) bool { return a.Sub(b).Abs() > 2*time.Second }
				if !isNew && got[i].ID != k.ID() || differ(got[i].Activates, k.activates) || differ(got[i].Retires, k.retires) {
					t.Errorf("key %d: %+v, the model has %v, %v", i, got[i], k.activates, k.retires)
				}
			}
			if !slices.IsSortedFunc(got, func(a, b cookiesession.KeyInfo) int { return cmp.Compare(b.Activates.Unix(), a.Activates.Unix()) }) {
				t.Error("the keys are not in order")
			}
		})
	}
}
