package cookiesession_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
)

// TestWatch changes a file once and looks at the ring a good minute later, when
// it has been polled once, or twice if the first interval was a short one.
func TestWatch(t *testing.T) {
	tests := []struct {
		name   string
		before string
		write  string
		after  string
		report string
	}{
		{"unchanged", "{a}", "{a}", "a:sealing", ""},
		{"comment added", "{a}", "{a} # the first", "a:sealing", ""},
		{"key added on top", "{a}", "{b} {a}", "b:sealing a:old", ""},
		{"key added for later", "{a}", "{b} activates=@20 {a}", "b:pending a:sealing", ""},
		{"keys removed", "{a} {b} {c}", "{a}", "a:sealing", ""},
		{"key exchanged", "{a} {b}", "{a} {c}", "a:sealing c:old", ""},

		{"removed", "{a}", "REMOVED", "a:sealing", "no such file"},
		{"empty", "{a}", "", "a:sealing", "no key"},
		{"comments alone", "{a}", "# {a}", "a:sealing", "no key"},
		{"broken", "{a}", "{b} {a} hello", "a:sealing", "line 1"},
		{"schedule broken", "{a}", "{b} {a} activates=@01", "a:sealing", "line 1"},
		{"all retired", "{a}", "{a} retires=@09", "a:sealing", "every key has retired"},
		{"foreign", "{a} {b}", "{c} {d}", "a:sealing b:old", "restart this replica"},

		{"sealing key revoked", "{a} {b}", "revoked {A} {b}", "b:sealing a:revoked", ""},
		{"sealing key revoked and new one added", "{a}", "revoked {A}\n{b}", "b:sealing a:revoked", ""},
		{"revoked beside its key", "{a} {b}", "{a} {b} revoked {A}", "b:sealing a:revoked", ""},
		{"revoked in a broken file", "{a} {b}", "{c} {a}x\nrevoked {A}", "b:sealing a:revoked", "line 1"},
		{"revoked in a file without keys", "{a} {b}", "revoked {A}", "b:sealing a:revoked", "no key"},
		{"revoked in a foreign file", "{a} {b}", "{c} revoked {B}", "a:sealing b:revoked", "restart this replica"},
		{"all revoked and new one added", "{a} {b}", "{c} revoked {A} {B}", "c:sealing a:revoked b:revoked", ""},
		{"another one revoked in a broken file", "{a} {d} {b} revoked {D}", "hello revoked {B}", "a:sealing b:revoked d:revoked", "line 1"},
		{"the only key revoked in a broken file", "{a}", "revoked {A}\n{b}x", "a:revoked", "line 2"},
		{"all keys revoked", "{a} {b}", "{a} {b} revoked {A} revoked {B}", "a:revoked b:revoked", "no key that is not revoked"},
		{"broken revocation", "{a} {b}", "revoked x{A}\n{a} {b}", "a:sealing b:old", "line 1"},
		{"several revoked on a line", "{a} {b} {c}", "revoked {A} {B}\n{c}", "c:sealing a:revoked b:revoked", ""},
		{"revoked with a slip", "{a} {b}", "Revoked: {A}\n{b}", "b:sealing a:revoked", "line 1"},
		{"revoked behind its key", "{a} {b}", "{a} REVOKED\n{b}", "b:sealing a:revoked", "line 1"},
		{"attributes of a later version", "{a}", "{b} x-note=1 version=2 {a}", "b:sealing a:old", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringWatch(t, tt.before, func(w *watchedKeyring) {
				generation, _, _, _ := cookiesession.KeyringStatus(w.ring)
				before := w.states(w.ring)
				if tt.write == "REMOVED" {
					if err := os.Remove(w.path); err != nil {
						t.Fatal(err)
					}
				} else {
					w.write(tt.write)
				}
				w.sleep(62 * time.Second)
				w.want(w.sortRevoked(tt.after), tt.report)

				now, refused, created, err := cookiesession.KeyringStatus(w.ring)
				if (now != generation) != (before != w.states(w.ring)) {
					t.Errorf("generation %d after %d, keys %s", now, generation, w.states(w.ring))
				}
				if (err != nil) != (tt.report != "") || (refused > 0) != (tt.report != "") || created {
					t.Errorf("status: refused %d times, error %v", refused, err)
				}
				if stale := time.Since(w.ring.Loaded()) > time.Minute; stale != (tt.report != "") {
					t.Errorf("loaded %v ago", time.Since(w.ring.Loaded()))
				}
			})
		})
	}
}

// TestWatchKeepsReporting: a reader of the log an hour later must see that the
// file is still broken, and that it was mended.
func TestWatchKeepsReporting(t *testing.T) {
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		w.write("{a}\nhello")
		w.sleep(time.Hour)
		n := len(w.reported())
		if n < 60 || n > 75 { // every 48 to 60 s
			t.Errorf("%d reports in an hour, want 60 to 75", n)
		}
		if _, refused, _, _ := cookiesession.KeyringStatus(w.ring); refused != uint64(n) {
			t.Errorf("status counts %d refusals, want %d", refused, n)
		}
		w.sleep(time.Minute)
		w.want("a:sealing", "line 2")
		if age := time.Since(w.ring.Loaded()); age < time.Hour {
			t.Errorf("loaded %v ago, want an hour", age)
		}

		w.write("{a}")
		w.sleep(time.Minute)
		w.want("a:sealing", "")
		if _, _, _, err := cookiesession.KeyringStatus(w.ring); err != nil {
			t.Errorf("status after mending: %v", err)
		}
		if age := time.Since(w.ring.Loaded()); age > time.Minute {
			t.Errorf("loaded %v ago", age)
		}
		before := cookiesession.KeyringStatusPointer(w.ring)
		w.sleep(time.Hour)
		if before != cookiesession.KeyringStatusPointer(w.ring) {
			t.Error("the status changed while nothing happened")
		}
	})
}

// TestWatchAllRetired: the file has not changed, and yet is not good any more.
func TestWatchAllRetired(t *testing.T) {
	keyringWatch(t, "{a} retires=@11", func(w *watchedKeyring) {
		w.sleep(24*time.Hour - time.Minute)
		w.want("a:sealing", "")
		w.sleep(2 * time.Minute)
		w.want("a:retired", "every key has retired")
		w.write("{b}")
		w.sleep(time.Minute)
		w.want("b:sealing", "")
	})
}

// TestWatchRevocation follows a leak whose handling goes wrong at first.
func TestWatchRevocation(t *testing.T) {
	keyringWatch(t, "{a} {b}", func(w *watchedKeyring) {
		w.write("revoked {A}\n{c}\n{b}\noops")
		w.sleep(time.Minute)
		w.want("b:sealing a:revoked", "line 4")
		w.write("oops again") // what was revoked stays so
		w.sleep(time.Minute)
		w.want("b:sealing a:revoked", "line 1")
		w.write("revoked {A}\n{c}\n{b}")
		w.sleep(time.Minute)
		w.want("c:sealing b:old a:revoked", "")
	})
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		w.write("revoked {A}")
		w.sleep(time.Minute)
		w.want("a:revoked", "no key")
		if id, pending := cookiesession.KeyringSealing(w.ring, time.Now()); id != "" || pending {
			t.Errorf("%s seals", id)
		}
		w.write("{b} revoked {A}") // there is no sealing key that it could lack
		w.sleep(time.Minute)
		w.want("b:sealing a:revoked", "")
	})
	keyringWatch(t, "{b} {a}\n", func(w *watchedKeyring) {
		w.write("{b} {a}\nrevoked {A} by mistake")
		w.sleep(time.Minute)
		w.want("b:sealing a:revoked", "line 2")
		w.write("{b} {a}\n") // as it was before
		w.sleep(62 * time.Second)
		w.want("b:sealing a:revoked", "the file has key {A} again, which was revoked")
		w.sleep(time.Hour)
		w.want("b:sealing a:revoked", "") // was said
		w.write("{a}")
		w.sleep(62 * time.Second)
		w.want("b:sealing a:revoked", "stays revoked until a restart")
		w.write("{b}\nrevoked {A}")
		w.sleep(62 * time.Second)
		w.want("b:sealing a:revoked", "")
		if warnings := w.ring.Warnings(); len(warnings) > 0 {
			t.Errorf("warnings %q", warnings)
		}
	})
}

// TestWatchHalfWritten reads a file between its truncation and the end of its
// writing. Keys and revocations are missing then, and nothing tells that.
func TestWatchHalfWritten(t *testing.T) {
	const states = "a:sealing b:old d:revoked" // of "{a} {b}\nrevoked {D}"
	type write struct {
		after   int // milliseconds
		content string
	}
	tests := []struct {
		name   string
		writes []write // the first one is polled at once, confirmed a second later
		before string  // up to that moment
		after  string
		report string
	}{
		{"stays without a key", []write{{0, "{a}\nrevoked {D}"}}, states, "a:sealing d:revoked", ""},
		{"stays without a revocation", []write{{0, "{a} {b}"}}, states, states, ""},
		{"completed as it was", []write{{0, "{a}"}, {999, "{a} {b}\nrevoked {D}"}}, states, states, ""},
		{"completed with more", []write{{0, "{a}"}, {999, "{c} {a} {b}\nrevoked {D}"}}, states, "c:sealing a:old b:old d:revoked", ""},
		{"completed too late", []write{{0, "{a}"}, {1001, "{a} {b}\nrevoked {D}"}}, states, "a:sealing d:revoked", ""},
		{"replaced by a broken one", []write{{0, "{a}"}, {500, "{a} hello"}}, states, states, "line 1"},
		{"keeps changing", []write{{0, "{a}"}, {500, "{a} {c}"}}, states, states, "still changes"},
		{"changes forth and back", []write{{0, "{a}"}, {300, "{a} {c}"}, {600, "{a}"}}, states, "a:sealing d:revoked", ""},
		{"removed", []write{{0, "{a}"}, {500, "REMOVED"}}, states, states, "no such file"},

		{"key added", []write{{0, "{c} {a} {b}\nrevoked {D}"}}, "c:sealing a:old b:old d:revoked", "c:sealing a:old b:old d:revoked", ""},
		{"key revoked", []write{{0, "{b}\nrevoked {D} revoked {A}"}}, "b:sealing a:revoked d:revoked", "b:sealing a:revoked d:revoked", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringWatch(t, "{a} {b}\nrevoked {D}", func(w *watchedKeyring) {
				w.cancel()
				synctest.Wait()
				w.overwrite(tt.writes[0].content)
				w.start()
				begin := time.Now()
				checked := false
				for _, wr := range append(tt.writes[1:], write{1010, ""}) {
					at := begin.Add(time.Duration(wr.after) * time.Millisecond)
					if !checked && wr.after >= 1000 {
						w.sleep(time.Until(begin.Add(999 * time.Millisecond)))
						w.want(w.sortRevoked(tt.before), "")
						checked = true
					}
					w.sleep(time.Until(at))
					switch wr.content {
					case "":
					case "REMOVED":
						if err := os.Remove(w.path); err != nil {
							t.Fatal(err)
						}
					default:
						w.overwrite(wr.content)
					}
				}
				w.want(w.sortRevoked(tt.after), tt.report)
			})
		})
	}

	t.Run("retired keys may go at once", func(t *testing.T) {
		keyringWatch(t, "{a} {b} retires=@09", func(w *watchedKeyring) {
			w.cancel()
			synctest.Wait()
			w.overwrite("{a}")
			w.start()
			w.want("a:sealing", "")
		})
	})
}

// TestWatchKubernetes switches the symbolic link through which a mounted
// Secret's files are seen.
func TestWatchKubernetes(t *testing.T) {
	dir := keyringDir(t)
	keyringAt(t, func(t *testing.T) {
		w := &watchedKeyring{keyringWords: newKeyringWords(), T: t, path: filepath.Join(dir, "keys.txt")}
		version := func(name, content string) {
			data := filepath.Join(dir, name)
			if err := os.Mkdir(data, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(data, "keys.txt"), []byte(w.text(content)), 0o644); err != nil {
				t.Fatal(err)
			}
			keyringChmod(t, filepath.Join(data, "keys.txt"), 0o644) // whatever the umask
			if err := os.Symlink(name, filepath.Join(dir, "..data_tmp")); err != nil {
				t.Skip(err)
			}
			if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
				t.Fatal(err)
			}
		}
		version("..2026_12_01", "{a}")
		if err := os.Symlink(filepath.Join("..data", "keys.txt"), w.path); err != nil {
			t.Fatal(err)
		}
		var err error
		if w.ring, err = cookiesession.OpenKeyring(w.path); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.want("a:sealing", "has mode 0644") // reported once
		version("..2026_12_02", "{b} activates=@11 {a}")
		if err := os.RemoveAll(filepath.Join(dir, "..2026_12_01")); err != nil {
			t.Fatal(err)
		}
		w.sleep(time.Minute)
		w.want("b:pending a:sealing", "")
		w.sleep(24 * time.Hour)
		w.want("b:sealing a:old", "")
		w.cancel()
		synctest.Wait()
	})
}

// TestWatchWarnings: a fault of a file that is used is reported once, and stays
// in Warnings for as long as it lasts.
func TestWatchWarnings(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		keyringChmod(t, w.path, 0o644)
		w.sleep(time.Minute)
		w.want("a:sealing", "has mode 0644")
		w.sleep(time.Hour)
		w.want("a:sealing", "")
		if len(w.ring.Warnings()) != 1 {
			t.Errorf("warnings %q", w.ring.Warnings())
		}
		keyringChmod(t, w.path, 0o600)
		w.sleep(time.Minute)
		w.want("a:sealing", "")
		if len(w.ring.Warnings()) != 0 {
			t.Errorf("warnings %q", w.ring.Warnings())
		}
	})
}

// TestWatchRelativePath: the path means what it meant when it was given.
func TestWatchRelativePath(t *testing.T) {
	dir, other := keyringDir(t), keyringDir(t)
	w := &watchedKeyring{keyringWords: newKeyringWords(), T: t, path: filepath.Join(dir, "keys.txt")}
	w.write("{a}")
	t.Chdir(dir)
	var err error
	if w.ring, err = cookiesession.OpenKeyring("keys.txt"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(other)
	w.write("{b} {a}")
	keyringAt(t, func(t *testing.T) {
		w.T = t
		w.start()
		w.want("b:sealing a:old", "")
		w.cancel()
		synctest.Wait()
	})
}

// TestWatchEnds: no goroutine may be left, which the bubble's end checks, and a
// ring can be watched again.
func TestWatchEnds(t *testing.T) {
	keyringWatch(t, "{a}", func(w *watchedKeyring) {
		w.ring.Watch(context.Background(), time.Minute, w.report)
		w.want("a:sealing", "watched already")
		w.cancel()
		synctest.Wait()
		w.write("{b} {a}")
		w.sleep(time.Hour)
		w.want("a:sealing", "") // an end is no error
		w.start()
		w.want("b:sealing a:old", "") // the first look is at once
	})

	ring, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	var reported error
	ring.Watch(t.Context(), time.Minute, func(err error) { reported = err })
	if reported == nil || !strings.Contains(reported.Error(), "no file to watch") {
		t.Errorf("watching a ring without a file: %v", reported)
	}
	ring.Watch(t.Context(), 0, nil)
}

// TestWatchCanceledWhileDoubting: the end comes while Watch waits to see
// whether a file stays as it is.
func TestWatchCanceledWhileDoubting(t *testing.T) {
	keyringWatch(t, "{a} {b}", func(w *watchedKeyring) {
		w.cancel()
		synctest.Wait()
		w.write("{a}")
		w.start() // polls at once, then doubts
		w.cancel()
		w.sleep(2 * time.Second)
		w.want("a:sealing b:old", "")
	})
}

func TestWatchIntervals(t *testing.T) {
	for _, tt := range []struct {
		interval time.Duration
		min, max int // polls in an hour
	}{
		{time.Minute, 60, 76},
		{10 * time.Minute, 6, 8},
		{0, 60, 76},
		{-time.Second, 60, 76},
	} {
		dir := keyringDir(t)
		keyringAt(t, func(t *testing.T) {
			path := filepath.Join(dir, "keys.txt")
			keyringWrite(t, path, cookiesession.NewKey().Secret())
			ring, err := cookiesession.OpenKeyring(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var times []time.Time
			ring.Watch(ctx, tt.interval, func(error) { times = append(times, time.Now()) })
			if len(times) < tt.min || len(times) > tt.max {
				t.Errorf("interval %v: %d polls in an hour, want %d to %d", tt.interval, len(times), tt.min, tt.max)
			}
			gaps := map[time.Duration]bool{}
			for i := 1; i < len(times); i++ {
				gaps[times[i].Sub(times[i-1])] = true
			}
			if len(gaps) < 2 {
				t.Errorf("interval %v: the polls are in step", tt.interval)
			}
		})
	}
}

// TestEarlyReload: a cookie of an unknown key comes to a replica that has not
// read the changed file yet.
func TestEarlyReload(t *testing.T) {
	ask := func(w *watchedKeyring, name string) (found bool, waited time.Duration) {
		start := time.Now()
		id := name
		if k, ok := w.keyringWords[name]; ok {
			id = k.ID()
		}
		found = cookiesession.KeyringReloadFor(w.ring, id)
		return found, time.Since(start)
	}
	wantAsk := func(w *watchedKeyring, name string, found bool, waited time.Duration) {
		w.Helper()
		f, d := ask(w, name)
		if f != found || d != waited {
			w.Errorf("key %s: found %t after %v, want %t after %v", name, f, d, found, waited)
		}
	}

	t.Run("found", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.write("{b} activates=@09 {a}")
			w.sleep(time.Second)
			w.want("a:sealing", "")
			wantAsk(w, "b", true, 0)
			w.want("b:sealing a:old", "")
		})
	})
	t.Run("revoked is known", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.write("{a} revoked {B}")
			wantAsk(w, "b", true, 0)
			w.want("a:sealing b:revoked", "")
		})
	})
	t.Run("polled meanwhile", func(t *testing.T) {
		keyringWatch(t, "{a} {b}", func(w *watchedKeyring) {
			w.ring.SetEarlyReload(false)
			wantAsk(w, "b", true, 0) // the request's snapshot was older
		})
	})
	t.Run("retired is unknown", func(t *testing.T) {
		keyringWatch(t, "{a} {b} retires=@09", func(w *watchedKeyring) {
			wantAsk(w, "b", false, 0)
		})
	})
	t.Run("made-up ids spend nobody's turn", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			wantAsk(w, "c", false, 0)
			w.write("{b} {a}")
			w.sleep(10 * time.Millisecond)
			wantAsk(w, "b", true, 40*time.Millisecond)
		})
	})
	t.Run("a flood of them does not", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.slowly()
			ctx, cancel := context.WithCancel(w.Context())
			var flood sync.WaitGroup
			for i := range 10 {
				flood.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						ask(w, fmt.Sprintf("%02x%04x", i, n))
						time.Sleep(time.Millisecond)
					}
				})
			}
			content := "{a}"
			for _, name := range []string{"b", "c", "d"} {
				time.Sleep(1010 * time.Millisecond)
				content = "{" + name + "} " + content
				w.write(content)
				if found, waited := ask(w, name); !found || waited > 51*time.Millisecond {
					t.Errorf("key %s: found %t after %v", name, found, waited)
				}
			}
			cancel()
			flood.Wait()
		})
	})
	t.Run("asked for again after 1, 2, 4 and 8 seconds", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.slowly()
			begin := time.Now()
			for at := time.Duration(0); at <= 15*time.Second; at += 100 * time.Millisecond {
				w.sleep(time.Until(begin.Add(at)))
				if at == 7100*time.Millisecond {
					w.write("{b} {a}") // the reading of the seventh second was too early
				}
				wantAsk(w, "b", at == 15*time.Second, 0)
			}
		})
	})
	t.Run("and at least once a minute", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.slowly()
			for range 3600 {
				ask(w, "b")
				w.sleep(time.Second)
			}
			w.write("{b} {a}")
			begin := time.Now()
			for found := false; !found; found, _ = ask(w, "b") {
				w.sleep(time.Second)
			}
			if took := time.Since(begin); took < 2*time.Second || took > time.Minute {
				t.Errorf("found after %v", took)
			}
		})
	})
	t.Run("forgotten when the ring changes", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			wantAsk(w, "c", false, 0)
			w.write("{b} {a}")
			w.sleep(100 * time.Millisecond)
			wantAsk(w, "b", true, 0)
			w.write("{c} {b} {a}")
			w.sleep(100 * time.Millisecond)
			wantAsk(w, "c", true, 0)
		})
	})
	for _, others := range []int{63, 64} {
		t.Run(fmt.Sprintf("64 are remembered, beside %d others", others), func(t *testing.T) {
			keyringWatch(t, "{a}", func(w *watchedKeyring) {
				for _, after := range []int{0, 1, 2, 4} {
					w.sleep(time.Duration(after) * time.Second)
					wantAsk(w, "b", false, 0)
				}
				w.sleep(100 * time.Millisecond)
				for i := range others { // the 64th displaces the first
					ask(w, fmt.Sprintf("0000%02x", i))
				}
				w.write("{b} {a}")
				w.sleep(100 * time.Millisecond)
				wantAsk(w, "b", others == 64, 0)
			})
		})
	}
	t.Run("switched off", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.ring.SetEarlyReload(false)
			w.write("{b} {a}")
			wantAsk(w, "b", false, 0)
			w.ring.SetEarlyReload(true)
			wantAsk(w, "b", true, 0)
		})
	})
	t.Run("not watched", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.cancel()
			synctest.Wait()
			w.write("{b} {a}")
			wantAsk(w, "b", false, 0)
		})
	})
	t.Run("broken file", func(t *testing.T) {
		keyringWatch(t, "{a} {c}", func(w *watchedKeyring) {
			w.write("{b} {a} hello revoked {C}")
			wantAsk(w, "b", false, 0)
			w.want("a:sealing c:revoked", "") // reported by the next poll
			w.sleep(time.Minute)
			w.want("a:sealing c:revoked", "line 1")
		})
	})
	t.Run("file that has lost keys", func(t *testing.T) {
		keyringWatch(t, "{a} {c}", func(w *watchedKeyring) {
			w.write("{b} {a}")
			wantAsk(w, "b", false, 0)
			w.want("a:sealing c:old", "")
		})
	})
	t.Run("all wait for one reading", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.write("{b} {a}")
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if found, waited := ask(w, "b"); !found || waited != 0 {
						t.Errorf("found %t after %v", found, waited)
					}
				})
			}
			wg.Wait()
			if generation, _, _, _ := cookiesession.KeyringStatus(w.ring); generation != 2 {
				t.Errorf("generation %d, want 2", generation)
			}
		})
	})
	t.Run("at most 100 ms", func(t *testing.T) {
		keyringWatch(t, "{a} {c}", func(w *watchedKeyring) {
			w.cancel()
			synctest.Wait()
			w.write("{a}")
			w.start() // polls, and now waits a second before it believes the file
			w.write("{a} {c}")
			wantAsk(w, "b", false, 100*time.Millisecond)
			w.sleep(time.Second)
			w.write("{b} {a} {c}")
			wantAsk(w, "b", true, 0) // that time was up has not made it unknown
		})
	})
	t.Run("during a reading", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			end := cookiesession.KeyringBeginReading(w.ring)
			w.write("{b} {a}") // the reading may have come before this
			time.AfterFunc(20*time.Millisecond, end)
			wantAsk(w, "b", true, 20*time.Millisecond)
		})
	})
	t.Run("mends what a poll has reported", func(t *testing.T) {
		keyringWatch(t, "{a}", func(w *watchedKeyring) {
			w.write("hello")
			w.sleep(time.Minute)
			w.want("a:sealing", "line 1")
			w.write("{b} {a}")
			wantAsk(w, "b", true, 0)
			if _, _, _, err := cookiesession.KeyringStatus(w.ring); err != nil {
				t.Errorf("status %v", err)
			}
		})
	})
	t.Run("end of watching", func(t *testing.T) {
		keyringWatch(t, "{a} {c}", func(w *watchedKeyring) {
			w.cancel()
			synctest.Wait()
			w.write("{a}")
			w.start()
			time.AfterFunc(50*time.Millisecond, w.cancel)
			wantAsk(w, "b", false, 50*time.Millisecond) // a waiting request is let go
		})
	})
}
