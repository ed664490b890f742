package cookiesession_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// TestWatchFollows lets a file change some time after it was taken, and looks
// at the ring after each change.
func TestWatchFollows(t *testing.T) {
	type step struct {
		after  time.Duration // since the one before
		write  string        // "": not changed; "REMOVED"
		states string
		report string // once, in what is reported in the next 62 s
	}
	const day = 24 * time.Hour
	tests := []struct {
		name   string
		before string
		steps  []step
	}{
		{"a lost key is kept for a week", "{a} {b}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}, which opens until 2026-12-17T"},
			{6*day + 22*time.Hour, "", "a:sealing b:kept", ""},
			{2 * time.Hour, "", "a:sealing", ""},
		}},
		{"or until its own date", "{a} {b} retires=@12", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}, which opens until 2026-12-12T00:00:00Z"},
			{2 * day, "{a}", "a:sealing", ""},
		}},
		{"but not for longer when more is lost", "{a} {b} {c}", []step{
			{time.Hour, "{a} {c}", "a:sealing c:old b:kept", "lost key {B}"},
			{5 * day, "{a}", "a:sealing c:kept b:kept", "lost key {C}"},
			{2 * day, "{a} # changed", "a:sealing c:kept", ""},
		}},
		{"a lost key comes back", "{a} {b}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}"},
			{time.Hour, "{a} {b}", "a:sealing b:old", ""},
			{time.Minute, "{a}", "a:sealing b:kept", "lost key {B}"}, // is no new key
		}},
		{"a new key goes with its line", "{a} {b}", []step{
			{0, "{a} {c} {b}", "a:sealing c:old b:old", ""},
			{58 * time.Minute, "{a} {b}", "a:sealing b:old", ""},
		}},
		{"an hour later it does not", "{a} {b}", []step{
			{0, "{a} {c} {b}", "a:sealing c:old b:old", ""},
			{time.Hour, "{a} {b}", "a:sealing b:old c:kept", "lost key {C}"},
		}},
		{"the sealing key is kept at once", "{a} {b}", []step{
			{0, "{b}", "b:sealing a:kept", "lost key {A}"},
		}},
		{"revoked when kept", "{a} {b}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}"},
			{time.Minute, "{a} revoked {B}", "a:sealing b:revoked", ""},
		}},
		{"a kept key is not enough to share", "{a} {b}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}"},
			{time.Hour, "{c} {b}", "a:sealing b:kept", "restart this replica"},
		}},
		{"nor is a retired one", "{a} {b} retires=@11", []step{
			{2 * day, "{c} {b} retires=@30", "a:sealing b:retired", "restart this replica"},
		}},
		{"nor one that has retired there", "{a} {b}", []step{
			{time.Hour, "{c} {b} retires=@09", "a:sealing b:old", "restart this replica"},
		}},

		{"an older copy, after activation", "{b} activates=@09 {a}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}"},
		}},
		{"an older copy, before activation", "{b} activates=@20 {a}", []step{
			{time.Hour, "{a}", "a:sealing b:kept", "lost key {B}"},
			{11 * day, "", "a:sealing", ""}, // it has never sealed
		}},
		{"two files of one origin", "{b} activates=@09 {a}", []step{
			{time.Hour, "{c} activates=@08 {a}", "c:sealing a:old b:kept", "lost key {B}"},
		}},
		{"an older copy brings a revoked key", "{b} activates=@09 {a}", []step{
			{0, "{b} activates=@09\nrevoked {A}", "b:sealing a:revoked", ""},
			{day, "{b} activates=@09 {a}", "b:sealing a:revoked", "has key {A} again"},
			{day, "{b} activates=@09", "b:sealing a:revoked", ""},
		}},
		{"an older copy is of revoked keys alone", "{a}", []step{
			{0, "{b} revoked {A}", "b:sealing a:revoked", ""},
			{day, "{a}", "b:sealing a:revoked", "no key that could seal"},
		}},

		{"another site's file", "{b} activates=@09 {a}", []step{
			{day, "{d} activates=@08 {c}", "b:sealing a:old", "restart this replica"},
			{day, "", "b:sealing a:old", "restart this replica"},
		}},
		{"another site's file without dates", "{a}", []step{{day, "{c}", "a:sealing", "restart this replica"}}},
		{"another site's file, pending", "{a}", []step{{day, "{c} activates=@20", "a:sealing", "restart this replica"}}},
		{"another site's file, activated before the last reading", "{a}", []step{
			{5*day + 2*time.Minute, "{d} activates=2026-12-15T00:00:30Z {c} activates=@14", "a:sealing", "restart this replica"},
		}},
		{"a file that was missing for weeks", "{a} activates=@01", []step{
			{0, "REMOVED", "a:sealing", "no such file"},
			{15 * day, "{d} activates=@24 {c} activates=@12", "d:sealing c:old a:kept", "lost key {A}"},
			{day, "", "d:sealing c:old a:kept", ""},
		}},
		{"nothing opens any more", "{a} retires=@11", []step{
			{2 * day, "{c}", "c:sealing", ""},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringWatch(t, tt.before, func(w *watchedKeyring) {
				for i, s := range tt.steps {
					if s.after > time.Hour { // not each reading of weeks
						w.cancel()
						w.sleep(s.after - 2*time.Minute)
						w.start()
						s.after = 2 * time.Minute
					}
					w.sleep(s.after)
					w.reported() // of the time between
					switch s.write {
					case "":
					case "REMOVED":
						if err := os.Remove(w.path); err != nil {
							t.Fatal(err)
						}
					default:
						w.write(s.write)
					}
					w.sleep(62 * time.Second)
					w.want(w.sortRevoked(s.states), s.report)
					if w.Failed() {
						w.Fatalf("in step %d", i+1)
					}
				}
			})
		})
	}
}

// TestWatchMovesBack: when a file goes back to an older key, sessions move to
// that key, which every replica has, and stay there.
func TestWatchMovesBack(t *testing.T) {
	keyringWatch(t, "{b} activates=@09 {a}", func(w *watchedKeyring) {
		a, b := w.keyringWords["a"].ID(), w.keyringWords["b"].ID()
		codec, err := cookiesession.NewCodec(w.ring, nil)
		if err != nil {
			t.Fatal(err)
		}
		value, err := codec.Encode("s", 1)
		if err != nil {
			t.Fatal(err)
		}
		look := func(value string) (meta cookiesession.Meta) {
			t.Helper()
			var n int
			meta, err := codec.Open("s", value, &n)
			if err != nil {
				t.Fatal(err)
			}
			return meta
		}
		if meta := look(value); meta.KeyID != b || meta.Stale {
			t.Fatalf("sealed by %s, stale %v, want %s", meta.KeyID, meta.Stale, b)
		}
		w.write("{a}")
		w.sleep(62 * time.Second)
		meta := look(value)
		if meta.KeyID != b || !meta.Stale {
			t.Errorf("the older copy is there: sealed by %s, stale %v", meta.KeyID, meta.Stale)
		}
		moved, err := codec.Seal("s", 1, meta)
		if err != nil {
			t.Fatal(err)
		}
		if meta := look(moved); meta.KeyID != a || meta.Stale {
			t.Errorf("sealed anew by %s, stale %v, want %s", meta.KeyID, meta.Stale, a)
		}
		w.reported()
	})
}

// TestWatchCut cuts a file at each byte, as a full disk does, and leaves it so.
// Nothing that opens may be lost, and no key may come to seal that was not to.
func TestWatchCut(t *testing.T) {
	const content = "# keys\n{c} activates=@20\n{b} activates=@09\n{a} activates=@05 retires=@30\nrevoked {D}\n"
	length := len(newKeyringWords().text(content))
	if testing.Short() {
		t.Skip("cuts a file at 300 places")
	}
	for n := range length {
		keyringWatch(t, content, func(w *watchedKeyring) {
			w.cancel() // an hour of readings would take its time
			w.sleep(time.Hour)
			if err := os.WriteFile(w.path, []byte(w.text(content)[:n]), 0o600); err != nil {
				t.Fatal(err)
			}
			w.start()
			w.sleep(2 * time.Second)
			for name, want := range map[string]string{"a": "found", "b": "found", "c": "found", "d": "revoked"} {
				if got := cookiesession.KeyringFind(w.ring, w.keyringWords[name].ID(), time.Now()); got != want {
					t.Errorf("cut at byte %d: key %s is %s, want %s", n, name, got, want)
				}
			}
			// The file may have lost the dates: then the key that it lists
			// first seals. Each replica opens that.
			if states := w.states(w.ring); strings.Contains(states, "c:sealing") && !strings.HasPrefix(states, "c:sealing a:kept") && !strings.HasPrefix(states, "c:sealing b:kept") {
				t.Errorf("cut at byte %d: %s", n, states)
			}
			w.reported()
		})
	}
}

// TestWatchKeepsAtMost: a ring has at most 1000 keys, and those go first that
// have been kept for the longest.
func TestWatchKeepsAtMost(t *testing.T) {
	var keys []cookiesession.Key
	var lines []string
	for range 1500 {
		k := cookiesession.NewKey()
		if len(keys) > 0 && strings.Contains(strings.Join(lines, "\n"), "# "+k.ID()) {
			continue // 1 in 10 of such sets has an id twice
		}
		keys, lines = append(keys, k), append(lines, k.Secret()+" # "+k.ID())
	}
	text := func(from, to int) string { return "{a}\n" + strings.Join(lines[from:to], "\n") }
	keyringWatch(t, text(0, 400), func(w *watchedKeyring) {
		w.sleep(time.Hour)
		w.write(text(400, 800)) // 400 kept
		w.sleep(2 * time.Hour)
		w.write(text(800, 1400)) // 800 kept; 399 find room
		w.sleep(62 * time.Second)
		states := map[cookiesession.KeyState]int{}
		for _, info := range w.ring.Keys() {
			states[info.State]++
		}
		want := map[cookiesession.KeyState]int{cookiesession.KeySealing: 1, cookiesession.KeyOld: 600, cookiesession.KeyKept: 399}
		if fmt.Sprint(states) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", states, want)
		}
		now := time.Now()
		for i, k := range keys[:400] {
			if cookiesession.KeyringFind(w.ring, k.ID(), now) != "unknown" {
				t.Fatalf("key %d of those that have been kept for the longest is there", i)
			}
		}
		w.reported()
	})
}

// TestWarningsOfReading: a ring with a file must be watched.
func TestWarningsOfReading(t *testing.T) {
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		want := func(when string, n int) {
			t.Helper()
			if warnings := w.ring.Warnings(); len(warnings) != n || n > 0 && !strings.Contains(warnings[0], "has not been read since 2026-12-1") {
				t.Errorf("%s: warnings %q, want %d", when, warnings, n)
			}
		}
		w.sleep(24 * time.Hour)
		want("watched", 0)
		w.cancel()
		w.sleep(2 * time.Minute)
		want("two minutes after the end", 0)
		w.sleep(2 * time.Minute)
		want("four minutes after the end", 1)
		w.start()
		want("watched again", 0)

		ring, err := cookiesession.OpenKeyring(w.path)
		if err != nil {
			t.Fatal(err)
		}
		watched := w.ring
		w.ring = ring
		w.sleep(9 * time.Minute)
		want("never watched for nine minutes", 0)
		w.sleep(2 * time.Minute)
		want("never watched for eleven", 1)
		if err := ring.Replace(mustKeyring(t, w.text("{b} {a}"))); err != nil {
			t.Fatal(err)
		}
		want("replaced", 1)
		w.ring = watched
		want("the watched one", 0)
	})
}

func mustKeyring(t *testing.T, text string) *cookiesession.Keyring {
	t.Helper()
	k, err := cookiesession.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestWarningsOfLifetime: a key must open for as long as the sessions live that
// it has sealed.
func TestWarningsOfLifetime(t *testing.T) {
	const day = 24 * time.Hour
	type options = cookiesession.Options[int]
	const kept15Days = "{b} activates=@09\n{a} activates=@01 retires=@24"
	tests := []struct {
		name string
		ring string
		opts options
		want string // "": none
	}{
		{"the default", kept15Days, options{}, ""},
		{"exactly", kept15Days, options{Lifetime: 15 * day}, ""},
		{"longer", kept15Days, options{Lifetime: 15*day + time.Second}, "key {A} retires 15d after the next key's activation, and sessions live for 360h0m1s: rotate with -lifetime 360h0m1s"},
		{"a month", kept15Days, options{Lifetime: 30 * day}, "sessions live for 30d: rotate with -lifetime 30d"},
		{"longest", kept15Days, options{MaxLifetime: 60 * day}, "sessions live for 60d"},
		{"idle earlier", kept15Days, options{Lifetime: 60 * day, IdleTimeout: day}, ""},
		{"idle later", kept15Days, options{Lifetime: 60 * day, IdleTimeout: 20 * day}, "sessions live for 20d"},
		{"pending", "{c} activates=@11 {b} activates=@09 retires=@20 {a} retires=@24", options{}, "key {B} retires 9d after"},
		{"one of several", "{c} activates=@09 {b} activates=@05 {a} activates=@01 retires=@24", options{Lifetime: 30 * day}, "key {A} retires 19d after"},
		{"no date to retire", "{b} activates=@09\n{a} activates=@01", options{Lifetime: 400 * day}, ""},
		{"retired", "{b} activates=@02\n{a} activates=@01 retires=@09", options{}, ""},
		{"without dates", "{b}\n{a} retires=@11", options{}, ""},
		{"the only one", "{a} retires=@11", options{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringAt(t, func(t *testing.T) {
				w := newKeyringWords()
				want := func(when string, ring *cookiesession.Keyring) {
					t.Helper()
					got := strings.Join(ring.Warnings(), "\n")
					if (got == "") != (tt.want == "") || !strings.Contains(got, w.text(tt.want)) || strings.Count(got, "\n") > 0 {
						t.Errorf("%s: %q, want %q", when, got, tt.want)
					}
				}
				given := mustKeyring(t, w.text(tt.ring))
				if _, err := cookiesession.New(given, &tt.opts); err != nil {
					t.Fatal(err)
				}
				want("at New", given)

				ring := mustKeyring(t, w.text(regexp.MustCompile(` retires=@\d\d`).ReplaceAllString(tt.ring, "")))
				if _, err := cookiesession.New(ring, &tt.opts); err != nil {
					t.Fatal(err)
				}
				if got := ring.Warnings(); len(got) > 0 {
					t.Errorf("without dates to retire: %q", got)
				}
				if err := ring.Replace(mustKeyring(t, w.text(tt.ring))); err != nil {
					t.Fatal(err)
				}
				want("at a reload", ring)
			})
		})
	}
	keyringAt(t, func(t *testing.T) {
		w := newKeyringWords()
		ring := mustKeyring(t, w.text(kept15Days))
		if _, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{Lifetime: 30 * day}); err != nil {
			t.Fatal(err)
		}
		if got := ring.Warnings(); len(got) != 1 {
			t.Errorf("after NewCodec: %q", got)
		}
	})
}

// TestWarningEvents: a Manager reports each fault of a ring once, with the key
// that it is about, when the fault appears.
func TestWarningEvents(t *testing.T) {
	keyringWatch(t, "{b} activates=@09 {a}", func(w *watchedKeyring) {
		site := newWebSite(w.T, w.ring, userOptions{})
		want := func(when string, keys ...string) {
			t.Helper()
			var got []string
			for range 2 {
				for _, e := range site.visit(new(webBrowser), nil).Events {
					if e.Kind == cookiesession.EventKeysWarning {
						got = append(got, w.name(e.KeyID))
						if !strings.HasPrefix(e.Err.Error(), "cookiesession: keyring: ") {
							t.Errorf("%s: error %v", when, e.Err)
						}
					}
				}
			}
			if !slices.Equal(got, keys) {
				t.Errorf("%s: warnings of %q, want %q", when, got, keys)
			}
		}
		want("at first")
		w.sleep(time.Hour)
		w.write("{a}")
		w.sleep(62 * time.Second)
		want("a key is lost", "b")
		w.write("{a} {b}\nrevoked {C}")
		w.sleep(62 * time.Second)
		want("it is back")
		w.write("{a} {b} {c}")
		w.sleep(62 * time.Second)
		want("a revoked one is back", "c")
		w.cancel()
		w.sleep(10 * time.Minute)
		want("nobody reads the file", "")
		w.reported()
	})
}
