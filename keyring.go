package cookiesession

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keytext"
)

// A Keyring holds the keys that seal and open sessions. One key seals; every
// key opens, also before it is activated, until it retires or is revoked.
//
// If no key has an activation time, the first one seals. Otherwise it is the
// one that was activated last, by the clock at the moment of sealing; at most
// one key may then lack the time, it must be listed last, and counts as active
// since ever. If all keys have yet to be activated, the one that comes first
// seals early. A key that has retired is passed over. If every key has retired
// or been revoked, nothing is sealed and nothing opens.
//
// A request sees the Keyring as it was at one moment. A Keyring is safe for
// concurrent use, and shows the ids of its keys alone when it is printed,
// logged or marshaled. It must not be copied. There is no way to get a secret
// out of it.
type Keyring struct {
	snapshot atomic.Pointer[ring]
	report   atomic.Pointer[keyringStatus]
	loaded   atomic.Int64 // Unix nanoseconds, see Loaded

	path     string     // of the file; "" if there is none
	mu       sync.Mutex // serialises changes of the fields above, and guards health
	health   health
	overdue  atomic.Int64 // Unix nanoseconds from which on it is a fault that the file was not read; 0: never
	reloader reloader
}

// keyringStatus is the state that a Manager watches, to report changes of its
// Keyring. It is immutable; each change stores a new one, so a Manager only
// compares pointers.
type keyringStatus struct {
	generation uint64 // of the snapshot, 1 for the first
	refused    uint64 // how often new keys were not taken, once for each poll
	err        error  // why they were not taken; nil if the last attempt went well
	warnings   []keyringWarning
	created    bool // LoadOrCreateKeyring made the file
}

// NewKeyring returns a ring of keys. The first one seals, unless they have a
// schedule (see [Keyring]). No key at all, the zero Key, the same key twice,
// two keys with one id (1 in 16 million) and a schedule that contradicts itself
// or is over are errors.
func NewKeyring(keys ...Key) (*Keyring, error) {
	r, err := newRing(keys, nil, clock.Now(), func(i int) string { return fmt.Sprintf("key %d", i+1) })
	if len(keys) == 0 {
		err = errors.New("no key: give it one of NewKey or ParseKey")
	}
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	return newKeyring(r), nil
}

// ParseKeyring reads a ring from text, such as an environment variable's. The
// text is a keyring file's, of at most 1 MiB and 1000 keys:
//
//	csk1_...   activates=2026-12-01T00:00:00Z retires=2027-02-01T00:00:00Z
//	csk1_...   # a comment
//	revoked a1b2c3 d4e5f6
//
// Spaces, tabs, commas and line ends separate words, so that a list of keys on
// one line will do. Attributes belong to the key before them on their line;
// those that begin with x- are skipped. A word that is not understood is an
// error, which names its line and quotes nothing.
func ParseKeyring(text string) (*Keyring, error) {
	r, err := parseRing(text, clock.Now())
	if strings.TrimSpace(text) == "" {
		err = errors.New("no key: the text is empty; is the environment variable set that it comes from?")
	}
	if err != nil {
		return nil, fmt.Errorf("cookiesession: keyring: %w", err)
	}
	return newKeyring(r), nil
}

// parseRing reads a ring from text. If there is an error, the ring has the
// revocations that were understood, and no key.
func parseRing(text string, now time.Time) (*ring, error) {
	file, err := keytext.Parse(text)
	revoked := make(map[keyID]struct{}, len(file.Revoked))
	for _, r := range file.Revoked {
		for _, id := range r.IDs {
			revoked[id] = struct{}{}
		}
	}
	for i := range file.RevokedKeys {
		revoked[deriveKeyID(&file.RevokedKeys[i])] = struct{}{}
	}
	none := ringOf(nil, revoked)
	if err != nil {
		return none, err
	}
	keys := make([]Key, len(file.Keys))
	for i, k := range file.Keys {
		keys[i] = newKey(&k.Secret).ActivatesAt(k.Activates.Time).RetiresAt(k.Retires.Time)
	}
	r, err := newRing(keys, revoked, now, func(i int) string { return fmt.Sprintf("line %d", file.Keys[i].Line) })
	if err != nil {
		return none, err
	}
	return r, nil
}

func newKeyring(r *ring) *Keyring {
	k := new(Keyring)
	k.snapshot.Store(r)
	k.report.Store(&keyringStatus{generation: 1})
	k.loaded.Store(clock.Now().UnixNano())
	return k
}

// current returns the snapshot. A request asks for it once.
func (k *Keyring) current() *ring {
	if r := k.snapshot.Load(); r != nil {
		return r
	}
	return emptyRing
}

// status returns the latest report for a request that asks. It is never nil.
func (k *Keyring) status(now time.Time) *keyringStatus {
	if overdue := k.overdue.Load(); overdue != 0 && now.UnixNano() >= overdue {
		k.noteOverdue()
	}
	return k.latest()
}

// latest returns the latest report. It is never nil.
func (k *Keyring) latest() *keyringStatus {
	if s := k.report.Load(); s != nil {
		return s
	}
	return new(keyringStatus)
}

// Keys lists the keys as they are now, the latest activation first. So pending
// keys come before the one that seals, and old ones after it. Then come the
// keys that the file has lost, and at the end the revoked ids.
func (k *Keyring) Keys() []KeyInfo { return k.current().infos(clock.Now()) }

// Loaded returns when the ring was last known to be up to date: when it was
// made or replaced, or, with [Keyring.Watch], when its file was last read and
// accepted, whether or not it had changed. A ring whose age exceeds a few
// intervals is not being reloaded.
func (k *Keyring) Loaded() time.Time {
	if k.snapshot.Load() == nil {
		return time.Time{}
	}
	return time.Unix(0, k.loaded.Load())
}

// Replace gives k the keys of other, at one instant. It is for keys that do not
// come from a file: fetch their text, pass it to [ParseKeyring], and the result
// to Replace. Managers keep using k. Nothing is merged: keys that other lacks
// are gone. Revocations alone stay, until the process ends.
//
// It fails, and k keeps its keys, if other lacks the key that seals now and
// does not revoke it, or if k has revoked all keys of other. Even then k takes
// over the revocations of other.
//
// Change a watched ring by its file: the next reading would undo Replace.
func (k *Keyring) Replace(other *Keyring) error {
	if other == nil || other.snapshot.Load() == nil {
		return errors.New("cookiesession: keyring not replaced: there is no other")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	given, now := other.current(), clock.Now()
	next, err := k.current().replacedBy(given, now)
	k.install(next, given, err, now)
	if err != nil {
		return fmt.Errorf("cookiesession: keyring not replaced: %w", err)
	}
	return nil
}

// install makes next the snapshot, which was made of given. If there is an
// error, it takes the revocations of given alone. The caller holds k.mu.
func (k *Keyring) install(next, given *ring, err error, now time.Time) {
	cur := k.current()
	if err != nil {
		next = cur.revoking(given.revoked)
	} else {
		k.loaded.Store(now.UnixNano())
		k.settle(nil)
		k.health.back = cur.back(given)
	}
	if !cur.equal(next) {
		k.store(next)
	}
	k.warn(now)
}

// store replaces the snapshot, if next differs from it.
func (k *Keyring) store(r *ring) {
	k.snapshot.Store(r)
	s := *k.latest()
	s.generation++
	k.report.Store(&s)
}

// settle records how an attempt to take new keys ended.
func (k *Keyring) settle(err error) {
	s := *k.latest()
	if err == nil && s.err == nil {
		return // nothing to report
	}
	s.err = err
	if err != nil {
		s.refused++
	}
	k.report.Store(&s)
}

// ids returns the ids of the keys, the latest activation first.
func (k *Keyring) ids() []string {
	if k == nil {
		return nil
	}
	order := k.current().order
	ids := make([]string, len(order))
	for i, rk := range order {
		ids[i] = rk.idText
	}
	return ids
}

// Format writes the ids of the keys, whatever the verb.
func (k *Keyring) Format(f fmt.State, verb rune) {
	formatText(f, verb, "["+strings.Join(k.ids(), " ")+"]")
}

// MarshalJSON returns the ids of the keys as a JSON array.
func (k *Keyring) MarshalJSON() ([]byte, error) { return json.Marshal(k.ids()) }
