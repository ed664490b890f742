package cookiesession_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

func TestKey(t *testing.T) {
	k := cookiesession.NewKey()
	if other := cookiesession.NewKey(); k.Equal(other) || k.Secret() == other.Secret() {
		t.Error("two new keys are equal")
	}
	parsed, err := cookiesession.ParseKey(k.Secret())
	if err != nil {
		t.Fatal(err)
	}
	if !parsed.Equal(k) || parsed.ID() != k.ID() || parsed.Secret() != k.Secret() {
		t.Error("a key that was written and parsed is another")
	}
	if reflect.TypeOf(k).Comparable() {
		t.Error("== compiles, and says that a key is not equal to itself")
	}
	dated := k.ActivatesAt(keyringDay(1)).RetiresAt(keyringDay(2))
	if !dated.Equal(k) || dated.Secret() != k.Secret() {
		t.Error("a key with dates is another")
	}
	if b, err := hex.DecodeString(k.ID()); err != nil || len(b) != 3 || strings.ToLower(k.ID()) != k.ID() {
		t.Errorf("id %q, want 6 lower-case hex digits", k.ID())
	}
	var zero cookiesession.Key
	if zero.ID() != "" || zero.Secret() != "" || !zero.Equal(cookiesession.Key{}) || zero.Equal(k) || k.Equal(zero) {
		t.Error("the zero Key is a key")
	}
}

// TestKeyText fixes the csk1_ form, which outlives this program: prefix,
// secret, first 4 bytes of the secret's SHA-256. The text is put together here,
// since a valid one does not belong in a repository.
func TestKeyText(t *testing.T) {
	const secret, checksum, id = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "630dcd29", "691b16"
	b, err := hex.DecodeString(secret + checksum)
	if err != nil {
		t.Fatal(err)
	}
	text := "csk1_" + base64.RawURLEncoding.EncodeToString(b)
	k, err := cookiesession.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if k.Secret() != text {
		t.Error("Secret returns another text than was parsed")
	}
	if k.ID() != id {
		t.Errorf("id %s, want %s", k.ID(), id)
	}
}

func TestKeyUnmarshal(t *testing.T) {
	want := cookiesession.NewKey()
	var config struct{ Key cookiesession.Key }
	if err := json.Unmarshal([]byte(`{"Key":"`+want.Secret()+`"}`), &config); err != nil || !config.Key.Equal(want) {
		t.Errorf("from JSON: %v, %v", config.Key, err)
	}

	var k cookiesession.Key
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&k, "key", cookiesession.Key{}, "the key")
	if err := flags.Parse([]string{"-key", want.Secret()}); err != nil || !k.Equal(want) {
		t.Errorf("from a flag: %v, %v", k, err)
	}

	// What fails leaves the key as it was, and quotes nothing.
	for _, text := range []string{"", k.ID(), want.Secret()[:52], want.Secret() + "\n", want.Secret()[5:]} {
		err := k.UnmarshalText([]byte(text))
		if err == nil || !k.Equal(want) {
			t.Errorf("error %v, key %v after an invalid text", err, k)
		}
		if keyringQuotes(fmt.Sprint(err), want.Secret()) || !strings.HasPrefix(fmt.Sprint(err), "cookiesession: ") {
			t.Errorf("error %q", err)
		}
	}
}

func TestKeyringErrors(t *testing.T) {
	w := newKeyringWords()
	a, b := w["a"], w["b"]
	tests := []struct {
		name string
		keys []cookiesession.Key
		want string // "" if there is no error
	}{
		{"one key", []cookiesession.Key{a}, ""},
		{"two keys", []cookiesession.Key{a, b}, ""},
		{"dated, then not", []cookiesession.Key{a.ActivatesAt(keyringDay(1)), b}, ""},
		{"all dated", []cookiesession.Key{a.ActivatesAt(keyringDay(1)), b.ActivatesAt(keyringDay(1))}, ""},
		{"all pending", []cookiesession.Key{a.ActivatesAt(keyringDay(20)), b.ActivatesAt(keyringDay(21))}, ""},
		{"one of two retired", []cookiesession.Key{a, b.RetiresAt(keyringDay(1))}, ""},
		{"date taken back", []cookiesession.Key{a.ActivatesAt(keyringDay(1)).ActivatesAt(time.Time{}), b}, ""},

		{"none", nil, "no key"},
		{"zero Key", []cookiesession.Key{a, {}}, "key 2: the zero Key"},
		{"zero Key with a date", []cookiesession.Key{cookiesession.Key{}.ActivatesAt(keyringDay(1))}, "key 1: the zero Key"},
		{"doubled", []cookiesession.Key{a, b, a}, "key 3: the same key as key 1"},
		{"doubled with another date", []cookiesession.Key{a.ActivatesAt(keyringDay(1)), a}, "key 2: the same key as key 1"},
		{"undated on top", []cookiesession.Key{a, b.ActivatesAt(keyringDay(1))}, "key 1: only the last key may lack activates"},
		{"two undated", []cookiesession.Key{w["c"].ActivatesAt(keyringDay(1)), a, b}, "key 2: only the last key may lack activates"},
		{"retires first", []cookiesession.Key{b.ActivatesAt(keyringDay(20)).RetiresAt(keyringDay(19)), a}, "key 1: the key retires before it activates"},
		{"retires at once", []cookiesession.Key{b.ActivatesAt(keyringDay(20)).RetiresAt(keyringDay(20)), a}, "key 1: the key retires before it activates"},
		{"all retired", []cookiesession.Key{a.RetiresAt(keyringDay(10)), b.RetiresAt(keyringDay(1))}, "every key has retired"},
		{"year 10000", []cookiesession.Key{a.RetiresAt(keyringDay(1).AddDate(8000, 0, 0))}, "key 1: a time outside"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringAt(t, func(t *testing.T) {
				k, err := cookiesession.NewKeyring(tt.keys...)
				if (k == nil) != (err != nil) || (err == nil) != (tt.want == "") {
					t.Fatalf("keyring %v, error %v", k, err)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "cookiesession: keyring: "+tt.want) {
					t.Errorf("error %q, want %q", err, tt.want)
				}
			})
		})
	}
}

func TestKeyringCollidingIDs(t *testing.T) {
	seen := map[string]cookiesession.Key{}
	for range 100_000 { // 5,000 on average
		k := cookiesession.NewKey()
		other, ok := seen[k.ID()]
		if !ok {
			seen[k.ID()] = k
			continue
		}
		_, err := cookiesession.NewKeyring(k, other)
		if err == nil || !strings.Contains(err.Error(), "key 2: another key with the id of key 1") {
			t.Errorf("error %v, want one that names both keys", err)
		}
		return
	}
	t.Fatal("found no two keys with one id")
}

func TestParseKeyring(t *testing.T) {
	w := newKeyringWords()
	tests := []struct {
		name string
		text string
		want string // the states, or the beginning of the error
	}{
		{"one", "{a}", "a:sealing"},
		{"first seals", "{a},{b} {c}", "a:sealing b:old c:old"},
		{"dates", "{c} activates=@20\n{b} activates=@05\n{a}\n", "c:pending b:sealing a:old"},
		{"dates in any order", "{b} activates=@05\n{c} activates=@20\n{d} activates=@01\n{a}\n", "c:pending b:sealing d:old a:old"},
		{"dates on one line", "{c} activates=@20 {b} activates=@05 {a}", "c:pending b:sealing a:old"},
		{"latest of two active", "{b} activates=@05\n{c} activates=@06", "c:sealing b:old"},
		{"active since this moment", "{b} activates=@10\n{a}", "b:sealing a:old"},
		{"equal dates: the first listed", "{b} activates=@05\n{c} activates=@05", "b:sealing c:old"},
		{"equal pending dates: the first listed", "{b} activates=@20\n{c} activates=@20", "b:sealing c:pending"},
		{"all pending: the first to come", "{b} activates=@20\n{c} activates=@19\n{d} activates=@21", "d:pending b:pending c:sealing"},
		{"retired", "{b} activates=@05\n{a} retires=@09", "b:sealing a:retired"},
		{"retired this moment", "{b} activates=@05\n{a} retires=@10", "b:sealing a:retired"},
		{"not yet retired", "{b} activates=@05\n{a} retires=@11", "b:sealing a:old"},
		{"the sealing one retired", "{b} activates=@05 retires=@08\n{a}", "b:retired a:sealing"},
		{"the first listed retired", "{a} retires=@08\n{b}", "a:retired b:sealing"},
		{"the only active one retired", "{b} activates=@20\n{a} retires=@08", "b:sealing a:retired"},
		{"revoked", "{a}\nrevoked {B}", "a:sealing b:revoked"},
		{"revoked, listed all the same", "{b}\n{a}\nrevoked {B}", "a:sealing b:revoked"},
		{"revoked above its key", "revoked {B}\n{b}\n{a}", "a:sealing b:revoked"},
		{"revoked, and nothing else about it counts", "{b}\n{a} activates=@05\n{b}\nrevoked {B}", "a:sealing b:revoked"},

		{"empty", "", "!no key: the text is empty; is the environment variable set"},
		{"blank", " \n", "!no key: the text is empty; is the environment variable set"},
		{"in quotes", "\"{a}\"", "!line 1: a quotation mark: write keys and attributes without quotes"},
		{"in quotes, single", "{b}\n'{a}' retires=@11", "!line 2: a quotation mark"},
		{"32 bytes in base64", "m4xPZ2hDkQ8rW5yT1vB7nJ0sLcE9aUfG3iHoKqXdRzM=", "!line 1: not a key: it does not begin with csk1_ (make one with"},
		{"32 bytes in hex", strings.Repeat("0123456789abcdef", 4), "!line 1: not a key: it does not begin with csk1_ (make one with"},
		{"comments alone", "# nothing", "!no key"},
		{"revocations alone", "revoked {A}", "!no key"},
		{"every key revoked", "{a}\nrevoked {A}", "!no key that is not revoked"},
		{"every key retired", "\n{a} retires=@09", "!every key has retired"},
		{"doubled", "{a}\n{b}\n{a}", "!line 3: the same key as line 1"},
		{"undated on top", "# new\n{b}\n{a} activates=@05", "!line 2: only the last key may lack activates"},
		{"retires before", "{a} activates=@05 retires=@04", "!line 1: the key retires before it activates"},
		{"year 10000 in UTC", "{a} activates=9999-12-31T23:59:59-01:00", "!line 1: a time outside"},
		{"year 0", "{a} activates=0000-06-01T00:00:00Z", "!line 1: a time outside"},
		{"mistyped", "{a}\nx{b}", "!line 2: not a key: it does not begin with csk1_"},
		{"id for a key", "{A}", "!line 1: a word that is neither"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringAt(t, func(t *testing.T) {
				k, err := cookiesession.ParseKeyring(w.text(tt.text))
				if want, ok := strings.CutPrefix(tt.want, "!"); ok {
					if k != nil || err == nil || !strings.HasPrefix(err.Error(), "cookiesession: keyring: "+want) {
						t.Fatalf("keyring %v, error %v, want %q", k, err, want)
					}
					if keyringQuotes(err.Error(), w["a"].Secret(), w["b"].Secret()) {
						t.Errorf("the error quotes a key: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, w.states(k)); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestKeyringSchedule follows a rotation by the clock, as replicas with
// different clocks see it.
func TestKeyringSchedule(t *testing.T) {
	w := newKeyringWords()
	var k *cookiesession.Keyring
	keyringAt(t, func(t *testing.T) {
		var err error
		k, err = cookiesession.ParseKeyring(w.text("{c} activates=@20\n{b} activates=@12 retires=@25\n{a} activates=@11 retires=@18\nrevoked {D}"))
		if err != nil {
			t.Fatal(err)
		}
	})
	tests := []struct {
		at       time.Time
		sealing  string
		pending  bool
		finds    string // the keys that open
		replaces string // those of them whose cookies are stale
	}{
		{keyringDay(1), "a", true, "abc", ""},
		{keyringDay(11).Add(-1), "a", true, "abc", ""},
		{keyringDay(11), "a", false, "abc", ""},
		{keyringDay(12).Add(-1), "a", false, "abc", ""},
		{keyringDay(12), "b", false, "abc", "a"},
		{keyringDay(18).Add(-1), "b", false, "abc", "a"},
		{keyringDay(18), "b", false, "bc", ""},
		{keyringDay(20), "c", false, "bc", "b"},
		{keyringDay(25), "c", false, "c", ""},
		{keyringDay(25).AddDate(100, 0, 0), "c", false, "c", ""},
	}
	for _, tt := range tests {
		id, pending := cookiesession.KeyringSealing(k, tt.at)
		if w.name(id) != tt.sealing || pending != tt.pending {
			t.Errorf("%v: %s seals, pending %t, want %s, %t", tt.at, w.name(id), pending, tt.sealing, tt.pending)
		}
		var finds, replaces string
		for _, name := range []string{"a", "b", "c"} {
			id := w[name].ID()
			switch got := cookiesession.KeyringFind(k, id, tt.at); got {
			case "found":
				finds += name
				if cookiesession.KeyringSuperseded(k, id, tt.at) {
					replaces += name
				}
			case "unknown":
			default:
				t.Errorf("%v: key %s is %s", tt.at, name, got)
			}
		}
		if finds != tt.finds || replaces != tt.replaces {
			t.Errorf("%v: %q open, %q are superseded, want %q, %q", tt.at, finds, replaces, tt.finds, tt.replaces)
		}
		if got := cookiesession.KeyringFind(k, w["d"].ID(), tt.at); got != "revoked" {
			t.Errorf("%v: key d is %s, want revoked", tt.at, got)
		}
	}
}

// TestKeyringAllRetired: time goes on after a ring was made.
func TestKeyringAllRetired(t *testing.T) {
	w := newKeyringWords()
	keyringAt(t, func(t *testing.T) {
		k, err := cookiesession.NewKeyring(w["a"].RetiresAt(keyringDay(11)))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if id, pending := cookiesession.KeyringSealing(k, time.Now()); id != "" || pending {
			t.Errorf("%q seals, pending %t, want none", id, pending)
		}
		if got := cookiesession.KeyringFind(k, w["a"].ID(), time.Now()); got != "unknown" {
			t.Errorf("the key is %s, want unknown", got)
		}
		if got := w.states(k); got != "a:retired" {
			t.Errorf("keys %s", got)
		}
		next, err := cookiesession.NewKeyring(w["b"])
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Replace(next); err != nil || w.states(k) != "b:sealing" {
			t.Errorf("Replace: %v, keys %s", err, w.states(k))
		}
	})
}

func TestKeyringZero(t *testing.T) {
	var k cookiesession.Keyring
	if id, _ := cookiesession.KeyringSealing(&k, time.Now()); id != "" || cookiesession.KeyringFind(&k, "000000", time.Now()) != "unknown" {
		t.Error("the zero Keyring has keys")
	}
	if len(k.Keys()) != 0 || !k.Loaded().IsZero() || fmt.Sprint(&k) != "[]" || len(k.Warnings()) != 0 {
		t.Errorf("the zero Keyring says %v, %v, %v", k.Keys(), k.Loaded(), &k)
	}
}

func TestKeyringKeys(t *testing.T) {
	w := newKeyringWords()
	keyringAt(t, func(t *testing.T) {
		k, err := cookiesession.ParseKeyring(w.text("{b} activates=2026-12-20T01:00:00+01:00 retires=@30\n{a}\nrevoked 00ffaa revoked 00ff11"))
		if err != nil {
			t.Fatal(err)
		}
		want := []cookiesession.KeyInfo{
			{ID: w["b"].ID(), State: cookiesession.KeyPending, Activates: keyringDay(20), Retires: keyringDay(30)},
			{ID: w["a"].ID(), State: cookiesession.KeySealing},
			{ID: "00ff11", State: cookiesession.KeyRevoked},
			{ID: "00ffaa", State: cookiesession.KeyRevoked},
		}
		if diff := cmp.Diff(want, k.Keys()); diff != "" {
			t.Errorf("Keys (-want +got):\n%s", diff)
		}
		if got := k.Loaded(); !got.Equal(keyringDay(10)) {
			t.Errorf("loaded at %v", got)
		}
		b, err := json.Marshal(k.Keys()[1])
		if want := `{"id":"` + w["a"].ID() + `","state":"sealing"}`; err != nil || string(b) != want {
			t.Errorf("JSON %s, error %v, want %s", b, err, want)
		}
	})
}

// TestKeyTimes: dates keep the moment alone, so that they print and compare the
// same whatever the zone of the server that wrote or read them.
func TestKeyTimes(t *testing.T) {
	now := time.Now().In(time.FixedZone("", 3600))
	k, err := cookiesession.NewKeyring(cookiesession.NewKey().ActivatesAt(now).RetiresAt(now.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	info := k.Keys()[0]
	if want := now.UTC().Round(0); info.Activates != want || info.Retires != want.Add(time.Hour) {
		t.Errorf("times %v and %v, want %v and an hour later", info.Activates, info.Retires, want)
	}
}

func TestKeyringReplace(t *testing.T) {
	w := newKeyringWords()
	tests := []struct {
		name       string
		before     string
		next       string
		after      string // of the states
		err        string
		generation uint64
	}{
		{"key added", "{a}", "{b} {a}", "b:sealing a:old", "", 2},
		{"key removed", "{a} {b}", "{a}", "a:sealing", "", 2},
		{"order changed", "{a} {b}", "{b} {a}", "b:sealing a:old", "", 2},
		{"date changed", "{b} activates=@20 {a}", "{b} activates=@05 {a}", "b:sealing a:old", "", 2},
		{"retirement added", "{a} {b}", "{a} {b} retires=@20", "a:sealing b:old", "", 2},
		{"nothing changed", "{a} {b}", "{a} # first\n{b}", "a:sealing b:old", "", 1},
		{"sealing key missing", "{a} {b}", "{b} {c}", "a:sealing b:old", "key {A} is missing", 1},
		{"sealing key revoked", "{a} {b}", "{b} {c} revoked {A}", "b:sealing c:old a:revoked", "", 2},
		{"sealing key missing, another revoked", "{a} {b}", "{c} revoked {B}", "a:sealing b:revoked", "key {A} is missing", 2},
		{"revocation dropped", "{a} revoked {B}", "{a}", "a:sealing b:revoked", "", 1},
		{"revoked key given again", "{a} revoked {B}", "{b} {a}", "a:sealing b:revoked", "", 1},
		{"revoked keys alone", "{a} revoked {B}", "{b} revoked {A}", "a:revoked b:revoked", "stays revoked until a restart", 2},
		{"old key missing", "{a} {b} {c}", "{a} {c}", "a:sealing c:old", "", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyringAt(t, func(t *testing.T) {
				k, err := cookiesession.ParseKeyring(w.text(tt.before))
				if err != nil {
					t.Fatal(err)
				}
				next, err := cookiesession.ParseKeyring(w.text(tt.next))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				err = k.Replace(next)
				if (err == nil) != (tt.err == "") || !strings.Contains(fmt.Sprint(err), w.text(tt.err)) && err != nil {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if diff := cmp.Diff(w.sortRevoked(tt.after), w.states(k)); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
				if generation, _, _, _ := cookiesession.KeyringStatus(k); generation != tt.generation {
					t.Errorf("generation %d, want %d", generation, tt.generation)
				}
				if fresh := time.Since(k.Loaded()) == 0; fresh != (err == nil) {
					t.Errorf("loaded %v ago, error %v", time.Since(k.Loaded()), err)
				}
			})
		})
	}

	k, _ := cookiesession.NewKeyring(w["a"])
	for _, other := range []*cookiesession.Keyring{nil, new(cookiesession.Keyring)} {
		if err := k.Replace(other); err == nil {
			t.Error("replaced by nothing")
		}
	}
}

// TestKeyringSeals checks that each id leads to its own key's cipher.
func TestKeyringSeals(t *testing.T) {
	w := newKeyringWords()
	from, err := cookiesession.ParseKeyring(w.text("{a} {b} {c}"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := cookiesession.ParseKeyring(w.text("{c} activates=@01, {b} activates=@02,{a}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if !cookiesession.KeyringSealOpen(from, to, w[name].ID()) {
			t.Errorf("what key %s seals does not open", name)
		}
	}
}

// TestKeyringAllocs: the ring is asked several times in every request.
func TestKeyringAllocs(t *testing.T) {
	if n := testing.AllocsPerRun(100, keyringLookup(t)); n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

func BenchmarkKeyringLookup(b *testing.B) {
	lookup := keyringLookup(b)
	b.ReportAllocs()
	for b.Loop() {
		lookup()
	}
}

func keyringLookup(tb testing.TB) func() {
	w := newKeyringWords()
	k, err := cookiesession.ParseKeyring(w.text("{c} activates=@20 {b} activates=@05 {a} retires=@30 revoked {D}"))
	if err != nil {
		tb.Fatal(err)
	}
	return cookiesession.KeyringLookup(k, w["a"].ID(), keyringDay(10))
}

// TestKeyringConcurrent replaces a ring under its readers. Whatever they see
// must be one ring or the other.
func TestKeyringConcurrent(t *testing.T) {
	w := newKeyringWords()
	k, err := cookiesession.ParseKeyring(w.text("{a} {b}"))
	if err != nil {
		t.Fatal(err)
	}
	var rings []*cookiesession.Keyring
	for _, text := range []string{"{a} {b}", "{b} {a}", "{a} {b} {c}"} {
		r, err := cookiesession.ParseKeyring(w.text(text))
		if err != nil {
			t.Fatal(err)
		}
		rings = append(rings, r)
	}
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := w.states(k)
				if got != "a:sealing b:old" && got != "b:sealing a:old" && got != "a:sealing b:old c:old" {
					t.Errorf("keys %s", got)
					return
				}
				k.Loaded()
				cookiesession.KeyringStatus(k)
				cookiesession.KeyringReloadFor(k, w["d"].ID())
			}
		})
	}
	for i := range 2 {
		writers.Go(func() {
			for j := range 500 {
				if err := k.Replace(rings[(i+j)%len(rings)]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}
