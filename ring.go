package cookiesession

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A ring is the state of a [Keyring] at one moment. It never changes, so a
// request that holds one sees the same keys from its beginning to its end. The
// clock is no part of it: each question is asked for a moment.
type ring struct {
	byID    map[keyID]*ringKey // without the revoked ones
	order   []*ringKey         // the same, by activation, latest first
	revoked map[keyID]struct{}
}

// A ringKey is a key in its place in a ring.
type ringKey struct {
	id     keyID
	idText string
	seal   func(dst, nonce, plaintext, additionalData []byte) []byte
	open   func(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)

	activates, retires time.Time // zero: since ever, never
	rank               int       // the larger, the later activated
}

type keyStatus int

const (
	keyUnknown keyStatus = iota // not in the ring, or retired
	keyFound
	keyRevoked
)

// emptyRing opens and seals nothing. It stands in for that of a zero Keyring.
var emptyRing = new(ring)

// newRing makes a ring of keys in the order in which their author listed them.
// Those that are revoked are left out before anything else is asked. In errors
// where names the key of an index.
func newRing(keys []Key, revoked map[keyID]struct{}, now time.Time, where func(int) string) (*ring, error) {
	r := &ring{byID: make(map[keyID]*ringKey, len(keys)), revoked: revoked}
	listed := make([]listedKey, 0, len(keys))
	for i, k := range keys {
		if k.m == nil {
			return nil, fmt.Errorf("%s: the zero Key", where(i))
		}
		if _, ok := revoked[k.m.id]; !ok {
			listed = append(listed, listedKey{k, where(i)})
		}
	}
	if len(listed) == 0 && len(keys) > 0 {
		return nil, errors.New("no key that is not revoked")
	}
	if err := checkSchedule(listed, now); err != nil {
		return nil, err
	}
	if err := checkIDs(listed); err != nil {
		return nil, err
	}

	for _, k := range listed {
		m := k.m
		rk := &ringKey{
			id: m.id, idText: m.idText, seal: m.seal, open: m.open,
			activates: k.activates, retires: k.retires,
		}
		r.byID[m.id] = rk
		r.order = append(r.order, rk)
	}
	// Undated keys have the zero time, which comes before every other. Among
	// equals the one that is listed first counts as the latest.
	slices.SortStableFunc(r.order, func(a, b *ringKey) int { return b.activates.Compare(a.activates) })
	for i, k := range r.order {
		k.rank = len(r.order) - i
	}
	return r, nil
}

// A listedKey is a key with the place where it stands.
type listedKey struct {
	Key
	where string
}

// checkSchedule finds the mistakes in dates that would go unnoticed until
// visitors lose their sessions.
func checkSchedule(keys []listedKey, now time.Time) error {
	if len(keys) == 0 {
		return errors.New("no key")
	}
	dated := slices.ContainsFunc(keys, func(k listedKey) bool { return !k.activates.IsZero() })
	usable := false
	for i, k := range keys {
		if k.activates.IsZero() && dated && i < len(keys)-1 {
			// Such a key counts as older than all those with a date. An author
			// who put it on top believes that it seals.
			return fmt.Errorf("%s: only the last key may lack activates when another one has it", k.where)
		}
		if !isWritable(k.activates) || !isWritable(k.retires) {
			return fmt.Errorf("%s: a time outside of the years 1 to 9999", k.where)
		}
		if !k.retires.IsZero() && !k.activates.IsZero() && !k.retires.After(k.activates) {
			return fmt.Errorf("%s: the key retires before it activates", k.where)
		}
		usable = usable || !isRetired(k.retires, now)
	}
	if !usable {
		return errors.New("every key has retired")
	}
	return nil
}

// isWritable reports whether RFC 3339 has a form for t.
func isWritable(t time.Time) bool { return 1 <= t.Year() && t.Year() <= 9999 }

func checkIDs(keys []listedKey) error {
	seen := make(map[keyID]listedKey, len(keys))
	for _, k := range keys {
		other, ok := seen[k.m.id]
		switch {
		case !ok:
			seen[k.m.id] = k
		case k.Equal(other.Key):
			return fmt.Errorf("%s: the same key as %s", k.where, other.where)
		default:
			return fmt.Errorf("%s: another key with the id of %s: replace one of them by a new key", k.where, other.where)
		}
	}
	return nil
}

// isRetired reports whether a key with that date opens nothing at now.
func isRetired(retires, now time.Time) bool { return !retires.IsZero() && !now.Before(retires) }

// sealing returns the key that seals at now: of those that are active and not
// retired the one that was activated last. If none is active yet, because a
// clock is far behind or all dates are ahead, it is the one that activates
// first: all replicas can open its sessions, and one under a key that is early
// does less harm than none. pending tells that case.
//
// It is nil if every key has retired or been revoked. Then nothing may be
// sealed, and nothing opens.
func (r *ring) sealing(now time.Time) *ringKey {
	var first *ringKey
	for _, k := range r.order {
		if isRetired(k.retires, now) {
			continue
		}
		if !k.activates.After(now) {
			return k
		}
		if first == nil || k.activates.Before(first.activates) {
			first = k
		}
	}
	return first
}

// sealingAfter returns the key for replacing a cookie that was sealed by prev:
// the sealing key, or prev itself if that was activated later. Otherwise a
// replica whose clock is behind, or any replica where another one's is ahead,
// would move a session back with each change, the others would seal it anew at
// its next request, and so on until the clocks agree. Every replica that opened
// the cookie has the key, so none opens less for it. prev may be nil, and of
// another snapshot.
func (r *ring) sealingAfter(prev *ringKey, now time.Time) *ringKey {
	s := r.sealing(now)
	if s == nil || prev == nil {
		return s
	}
	if k, status := r.find(prev.id, now); status == keyFound && k.rank > s.rank {
		return k
	}
	return s
}

// named returns the key with an id in its printed form, or nil.
func (r *ring) named(idText string) *ringKey {
	for _, k := range r.order {
		if k.idText == idText {
			return k
		}
	}
	return nil
}

// pending reports whether the key that seals at now has yet to be activated.
func (r *ring) pending(now time.Time) bool {
	k := r.sealing(now)
	return k != nil && k.activates.After(now)
}

// find looks up the key of a token. It does not allocate. The key is nil unless
// it was found.
func (r *ring) find(id keyID, now time.Time) (*ringKey, keyStatus) {
	if k, ok := r.byID[id]; ok {
		if isRetired(k.retires, now) {
			return nil, keyUnknown
		}
		return k, keyFound
	}
	if _, ok := r.revoked[id]; ok {
		return nil, keyRevoked
	}
	return nil, keyUnknown
}

// superseded reports whether k comes before the key that seals at now, so that
// the sessions of k should be sealed anew. A key that comes after it does not
// count: another replica, whose clock is ahead, sealed with it, and two that
// disagree must not rewrite each other's cookies at every request.
func (r *ring) superseded(k *ringKey, now time.Time) bool {
	s := r.sealing(now)
	return s != nil && k.rank < s.rank
}

// after returns the key that comes next after one that r has superseded.
func (r *ring) after(k *ringKey) *ringKey {
	next := k
	for _, later := range r.order {
		if later.rank <= k.rank {
			break
		}
		next = later
	}
	return next
}

// without returns r with more keys revoked, or r itself if they all are.
func (r *ring) without(revoked map[keyID]struct{}) *ring {
	known := true
	for id := range revoked {
		_, ok := r.revoked[id]
		known = known && ok
	}
	if known {
		return r
	}
	next := &ring{byID: maps.Clone(r.byID), revoked: make(map[keyID]struct{}, len(r.revoked)+len(revoked))}
	maps.Copy(next.revoked, r.revoked)
	maps.Copy(next.revoked, revoked)
	maps.DeleteFunc(next.byID, func(id keyID, _ *ringKey) bool { return next.revokes(id) })
	for _, k := range r.order {
		if !next.revokes(k.id) {
			next.order = append(next.order, k)
		}
	}
	return next
}

func (r *ring) revokes(id keyID) bool {
	_, ok := r.revoked[id]
	return ok
}

// errLacksSealing returns an error if next may not replace r at now, because it
// lacks the key that seals and does not revoke it: visitors would lose their
// sessions, and most likely next is half a file, or another one's.
func (r *ring) errLacksSealing(next *ring, now time.Time) error {
	k := r.sealing(now)
	if k == nil || next.byID[k.id] != nil || next.revokes(k.id) {
		return nil
	}
	return fmt.Errorf("key %s is missing, which seals now: keep it, or revoke it", k.idText)
}

// shrinks reports whether next has lost something of r: a key that is neither
// retired nor revoked, or a revocation.
func (r *ring) shrinks(next *ring, now time.Time) bool {
	for id, k := range r.byID {
		if next.byID[id] == nil && !next.revokes(id) && !isRetired(k.retires, now) {
			return true
		}
	}
	for id := range r.revoked {
		if !next.revokes(id) {
			return true
		}
	}
	return false
}

// equal reports whether r and other hold the same keys with the same schedule,
// and the same revocations.
func (r *ring) equal(other *ring) bool {
	return maps.Equal(r.revoked, other.revoked) &&
		slices.EqualFunc(r.order, other.order, func(a, b *ringKey) bool {
			return a.id == b.id && a.activates.Equal(b.activates) && a.retires.Equal(b.retires)
		})
}

// A KeyState tells how a key of a [Keyring] is used at one moment.
type KeyState string

const (
	KeyPending KeyState = "pending" // opens; will seal once it is activated
	KeySealing KeyState = "sealing" // seals and opens
	KeyOld     KeyState = "old"     // opens; has sealed before, or will not until newer keys are gone
	KeyRetired KeyState = "retired" // opens nothing any more
	KeyRevoked KeyState = "revoked" // opens nothing; its sessions are reported as revoked
)

// KeyInfo describes a key without giving it away.
type KeyInfo struct {
	ID        string    `json:"id"` // 6 lower-case hex digits
	State     KeyState  `json:"state"`
	Activates time.Time `json:"activates,omitzero"` // zero: active since ever
	Retires   time.Time `json:"retires,omitzero"`   // zero: never
}

// infos describes the keys at now, the latest activation first, then the
// revoked ones by id.
func (r *ring) infos(now time.Time) []KeyInfo {
	sealing := r.sealing(now)
	infos := make([]KeyInfo, 0, len(r.order)+len(r.revoked))
	for _, k := range r.order {
		info := KeyInfo{ID: k.idText, State: KeyOld, Activates: k.activates, Retires: k.retires}
		switch {
		case isRetired(k.retires, now):
			info.State = KeyRetired
		case k == sealing:
			info.State = KeySealing
		case k.activates.After(now):
			info.State = KeyPending
		}
		infos = append(infos, info)
	}
	revoked := slices.SortedFunc(maps.Keys(r.revoked), func(a, b keyID) int { return cmp.Compare(a.String(), b.String()) })
	for _, id := range revoked {
		infos = append(infos, KeyInfo{ID: id.String(), State: KeyRevoked})
	}
	return infos
}
