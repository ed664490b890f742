package cookiesession

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/cookiesession/internal/keytext"
)

// A ring is the state of a [Keyring] at one moment. It never changes, so a
// request that holds one sees the same keys from its beginning to its end. The
// clock is no part of it: each question is asked for a moment.
type ring struct {
	byID    map[keyID]*ringKey // without the revoked ones
	order   []*ringKey         // the same, the highest rank first
	revoked map[keyID]struct{}
}

const (
	maxRing   = keytext.MaxKeys    // keys of a ring, the kept ones included
	keepFor   = 7 * 24 * time.Hour // at most, a key that its file has lost
	keepAfter = time.Hour          // in the ring, or it is not kept
)

// A ringKey is a key in its place in a ring.
type ringKey struct {
	id     keyID
	idText string
	seal   func(dst, nonce, plaintext, additionalData []byte) []byte
	open   func(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)

	activates, retires time.Time // zero: since ever, never
	since              time.Time // when the process learned of the key
	kept               time.Time // when its file had lost it; zero if it has not
	rank               int       // the larger, the later activated; those that are kept come last
}

type keyStatus int

const (
	keyUnknown keyStatus = iota // not in the ring, or retired
	keyFound
	keyRevoked
)

// emptyRing opens and seals nothing. It is the ring of a zero Keyring.
var emptyRing = new(ring)

// newRing makes a ring of keys in their author's order. Revoked ones are left
// out before any other check. In errors, where names the key at an index.
func newRing(keys []Key, revoked map[keyID]struct{}, now time.Time, where func(int) string) (*ring, error) {
	listed := make([]listedKey, 0, len(keys))
	for i, k := range keys {
		if k.m == nil {
			return nil, fmt.Errorf("%s: the zero Key", where(i))
		}
		if k.m.err != nil {
			return nil, k.m.err
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

	order := make([]*ringKey, 0, len(listed))
	for _, k := range listed {
		m := k.m
		order = append(order, &ringKey{
			id: m.id, idText: m.idText, seal: m.seal, open: m.open,
			activates: k.activates, retires: k.retires, since: now,
		})
	}
	// Undated keys have the zero time, which comes before every other. Among
	// equals the one that is listed first counts as the latest.
	slices.SortStableFunc(order, func(a, b *ringKey) int { return b.activates.Compare(a.activates) })
	return ringOf(order, revoked), nil
}

// ringOf returns the ring of those keys, the highest rank first. It takes them
// over.
func ringOf(order []*ringKey, revoked map[keyID]struct{}) *ring {
	r := &ring{byID: make(map[keyID]*ringKey, len(order)), order: order, revoked: revoked}
	for i, k := range order {
		k.rank = len(order) - i
		r.byID[k.id] = k
	}
	return r
}

// A listedKey is a key with the place where it stands.
type listedKey struct {
	Key
	where string
}

// checkSchedule finds mistakes in dates. Without it, they would go unnoticed
// until visitors lose their sessions.
func checkSchedule(keys []listedKey, now time.Time) error {
	if len(keys) == 0 {
		return errors.New("no key")
	}
	dated := slices.ContainsFunc(keys, func(k listedKey) bool { return !k.activates.IsZero() })
	usable := false
	for i, k := range keys {
		if k.activates.IsZero() && dated && i < len(keys)-1 {
			// Such a key counts as older than all those with a date. Authors
			// who put it on top believe that it seals.
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

// sealing returns the key that seals at now: among the active keys that have
// not retired, the one that was activated last. If none is active yet, because
// a clock is far behind or all dates are ahead, it is the one that activates
// first. All replicas can open its sessions, and a session under an early key
// does less harm than no session. pending tells that case.
//
// A key that is kept never seals. The result is nil if every other key has
// retired or been revoked. Then nothing may be sealed.
func (r *ring) sealing(now time.Time) *ringKey {
	var first *ringKey
	for _, k := range r.order {
		if isRetired(k.retires, now) || k.isKept() {
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
// the sealing key, or prev itself if that was activated later. Otherwise, while
// clocks differ, one replica would move a session back with each change, and
// the others would seal it anew at its next request. The replica that opened
// the cookie has the key, so this costs nobody a session. prev may be nil, or
// of another snapshot.
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

// pending reports whether the key that seals at now has yet to be activated.
func (r *ring) pending(now time.Time) bool {
	k := r.sealing(now)
	return k != nil && k.activates.After(now)
}

// find looks up the key of a token. It does not allocate. The key is nil unless
// it was found.
func (r *ring) find(id keyID, now time.Time) (*ringKey, keyStatus) {
	var k *ringKey
	if len(r.order) > 0 && r.order[0].id == id { // most tokens have the latest
		k = r.order[0]
	} else if k = r.byID[id]; k == nil && r.revokes(id) {
		return nil, keyRevoked
	}
	if k == nil || isRetired(k.retires, now) {
		return nil, keyUnknown
	}
	return k, keyFound
}

// superseded reports whether k comes before the key that seals at now, so that
// the sessions of k should be sealed anew. A key that comes after it does not
// count: another replica, whose clock is ahead, sealed with it, and two that
// disagree must not rewrite each other's cookies at every request.
func (r *ring) superseded(k *ringKey, now time.Time) bool {
	if r.isLatest(k) {
		return false
	}
	s := r.sealing(now)
	return s != nil && k.rank < s.rank
}

// isLatest reports whether k is never superseded in r.
func (r *ring) isLatest(k *ringKey) bool { return len(r.order) > 0 && r.order[0] == k }

// supersededAt returns when the next key after k, a superseded key, was
// activated. It is zero if that is not known.
func (r *ring) supersededAt(k *ringKey) (at time.Time) {
	for _, later := range r.order { // so the last one that is found is the earliest
		if later.rank > k.rank && later.activates.After(k.activates) {
			at = later.activates
		}
	}
	return at
}

// isKept reports whether the ring's file has lost the key.
func (k *ringKey) isKept() bool { return !k.kept.IsZero() }

// revoking returns r with more keys revoked, or r itself if they all are.
func (r *ring) revoking(ids map[keyID]struct{}) *ring {
	known := true
	for id := range ids {
		known = known && r.revokes(id)
	}
	if known {
		return r
	}
	revoked := make(map[keyID]struct{}, len(r.revoked)+len(ids))
	maps.Copy(revoked, r.revoked)
	maps.Copy(revoked, ids)
	var order []*ringKey
	for _, k := range r.order {
		if _, ok := revoked[k.id]; !ok {
			order = append(order, k.clone())
		}
	}
	return ringOf(order, revoked)
}

// clone returns a copy for another ring.
func (k *ringKey) clone() *ringKey {
	c := *k
	return &c
}

func (r *ring) revokes(id keyID) bool {
	_, ok := r.revoked[id]
	return ok
}

// shrinks reports whether next has lost a key of r's file that is neither
// retired nor revoked.
func (r *ring) shrinks(next *ring, now time.Time) bool {
	return slices.ContainsFunc(r.order, func(k *ringKey) bool { return !k.isKept() && r.isLost(k, next, now) })
}

// isLost reports whether next lacks k, a key of r that was neither revoked nor
// retired.
func (r *ring) isLost(k *ringKey, next *ring, now time.Time) bool {
	return next.byID[k.id] == nil && !next.revokes(k.id) && !isRetired(k.retires, now)
}

// replacedBy returns the ring that follows r if Replace is given next: with the
// revocations of both. It is an error if visitors would lose their sessions
// because next lacks the key that seals and does not revoke it.
func (r *ring) replacedBy(next *ring, now time.Time) (*ring, error) {
	next, err := r.stillRevoking(next, now)
	if err != nil {
		return nil, err
	}
	if k := r.sealing(now); k != nil && r.isLost(k, next, now) {
		return nil, fmt.Errorf("key %s is missing, which seals now: keep it, or revoke it", k.idText)
	}
	return next, nil
}

// followedBy returns the ring that follows r if its file has next now, and the
// last file was taken at loaded. Keys that the file has lost are kept. It is an
// error if next may not be taken.
func (r *ring) followedBy(next *ring, loaded, now time.Time) (*ring, error) {
	next, err := r.stillRevoking(next, now)
	if err != nil {
		return nil, err
	}
	if r.revoking(next.revoked).isForeign(next, loaded, now) {
		return nil, errors.New("none of its keys is one that opens here: if the file is right, restart this replica")
	}
	return r.keeping(next, now), nil
}

// stillRevoking returns next with the revocations of r: an older copy of a file
// must not bring a leaked key back.
func (r *ring) stillRevoking(next *ring, now time.Time) (*ring, error) {
	next = next.revoking(r.revoked)
	if next.sealing(now) == nil {
		return nil, errors.New("no key that could seal: a key that was revoked here stays revoked until a restart")
	}
	return next, nil
}

// isForeign reports whether next comes from another file, such as another
// site's: they share no key. There is one exception. If a replica could not
// read its file for long, none of its keys may be left there, and it must take
// the file all the same. In that case the key that seals was activated after
// the last reading.
func (r *ring) isForeign(next *ring, loaded, now time.Time) bool {
	opens := false
	for _, k := range r.order {
		if k.isKept() || isRetired(k.retires, now) {
			continue
		}
		opens = true
		if _, status := next.find(k.id, now); status == keyFound {
			return false
		}
	}
	s := next.sealing(now)
	return opens && (s.activates.After(now) || !s.activates.After(loaded))
}

// keeping returns next and, as openers for some days, the keys of r that next
// has lost. Most likely the file was cut, or is an older copy. A key that both
// have keeps its age.
//
// A key that came within the last hour and does not seal goes with its line: an
// attacker who could write to the file for a moment must not leave a key
// behind.
func (r *ring) keeping(next *ring, now time.Time) *ring {
	var order, kept []*ringKey
	for _, k := range next.order {
		c := k.clone()
		if before := r.byID[k.id]; before != nil {
			c.since = before.since
		}
		order = append(order, c)
	}
	seals := r.sealing(now)
	for _, k := range r.order {
		if !r.isLost(k, next, now) || k != seals && !k.isKept() && now.Sub(k.since) < keepAfter {
			continue
		}
		c := k.clone()
		if !c.isKept() {
			c.kept = now
			if until := now.Add(keepFor).UTC().Round(0); c.retires.IsZero() || until.Before(c.retires) {
				c.retires = until
			}
		}
		kept = append(kept, c)
	}
	slices.SortStableFunc(kept, func(a, b *ringKey) int { return b.kept.Compare(a.kept) })
	if n := max(0, maxRing-len(order)); len(kept) > n {
		kept = kept[:n]
	}
	return ringOf(append(order, kept...), next.revoked)
}

// equal reports whether r and other hold the same keys with the same schedule
// and ranks, and the same revocations.
func (r *ring) equal(other *ring) bool {
	return maps.Equal(r.revoked, other.revoked) &&
		slices.EqualFunc(r.order, other.order, func(a, b *ringKey) bool {
			return a.id == b.id && a.isKept() == b.isKept() && a.activates.Equal(b.activates) && a.retires.Equal(b.retires)
		})
}

// A KeyState tells how a key of a [Keyring] is used at one moment.
type KeyState string

const (
	KeyPending KeyState = "pending" // opens; will seal once it is activated
	KeySealing KeyState = "sealing" // seals and opens
	KeyOld     KeyState = "old"     // opens; has sealed before, or will not until newer keys are gone
	KeyKept    KeyState = "kept"    // opens, until it retires; its file has lost it without revoking it
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

// infos describes the keys at now: the latest activation first, then the kept
// keys, then the revoked ones by id.
func (r *ring) infos(now time.Time) []KeyInfo {
	sealing := r.sealing(now)
	infos := make([]KeyInfo, 0, len(r.order)+len(r.revoked))
	for _, k := range r.order {
		info := KeyInfo{ID: k.idText, State: KeyOld, Activates: k.activates, Retires: k.retires}
		switch {
		case isRetired(k.retires, now):
			info.State = KeyRetired
		case k.isKept():
			info.State = KeyKept
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
