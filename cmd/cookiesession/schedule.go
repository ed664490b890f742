package main

import (
	"flag"
	"slices"
	"time"

	"example.com/cookiesession/internal/wire"
)

// A schedule says when a new key begins to seal and an old one no longer opens.
type schedule struct {
	activateIn, lifetime, keep, reload duration

	set *flag.FlagSet // that the flags are in
}

var defaultSchedule = schedule{activateIn: duration(time.Hour), lifetime: duration(defaultLifetime), keep: duration(defaultLifetime + keepLonger), reload: duration(time.Minute)}

const (
	defaultLifetime = wire.DefaultLifetime
	keepLonger      = day // than sessions live
)

func (s *schedule) flags(fs *flag.FlagSet) {
	fs.Var(&s.activateIn, "activate-in", "`duration` until a new key begins to seal, in which every replica has to learn it")
	fs.Var(&s.lifetime, "lifetime", "longest `duration` that a session lives; a key goes on opening for a day longer")
	fs.Var(&s.keep, "keep", "in place of -lifetime: `duration` for which a key goes on opening after the next one has begun to seal")
	fs.Var(&s.reload, "reload", "longest `duration` until a replica has read a changed file")
	s.set = fs
}

// settle computes -keep when the flags are parsed.
func (s *schedule) settle() error {
	switch lifetime := isGiven(s.set, "lifetime"); {
	case lifetime && isGiven(s.set, "keep"):
		return misuse("-keep and -lifetime: give one of them")
	case lifetime:
		s.keep = s.lifetime + duration(keepLonger)
	}
	return nil
}

// isGiven reports whether a flag stands in the arguments.
func isGiven(fs *flag.FlagSet, name string) (given bool) {
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// warn says which parts of the schedule are dangerous, though they may be
// intended.
func (s *schedule) warn(c *console) {
	if s.activateIn < s.reload {
		c.warn("the new key begins to seal before every replica has read it (-activate-in %v, -reload %v)", &s.activateIn, &s.reload)
	}
	lifetime := duration(defaultLifetime)
	switch {
	case s.keep < s.reload:
		c.warn("a key retires before every replica has ceased to seal with it (-keep %v, -reload %v)", &s.keep, &s.reload)
	case s.keep < lifetime && isGiven(s.set, "keep"):
		c.warn("sessions live for %v by default, and a key is to open for %v: if yours live shorter, say for how long with -lifetime", &lifetime, &s.keep)
	}
}

// addKey adds a new key that activates after the given time, or at once if no
// other key could seal. If a key seals before its own time, the new one comes
// after that time. Otherwise the new one would seal instead, before any replica
// has it.
func (f *keyFile) addKey(in time.Duration) *addedKey {
	others := f.usable()
	alone := len(others) == 0
	activates := f.now
	if !alone && in > 0 {
		activates = ceilSecond(later(f.now, others[sealing(others, f.now)].activates).Add(in))
	}
	k := f.newKey(activates)
	f.dateAll(others)
	f.add(k)
	return &addedKey{k.id, k.activates, alone}
}

// sinceEver is the date for keys without one, where they need one.
var sinceEver = time.Unix(0, 0)

// dateAll gives keys without a date one, except the key that is listed last:
// beside a key with a date no other may lack one. The date is the same for all,
// so their order stays.
func (f *keyFile) dateAll(keys []*fileKey) {
	undated := slices.DeleteFunc(slices.Clone(keys), func(k *fileKey) bool { return !k.activates.IsZero() })
	for i, k := range undated {
		if i < len(undated)-1 {
			f.setActivates(k, sinceEver)
		}
	}
}

// retireSuperseded makes the keys of before retire when the sessions that they
// have sealed are over, and not earlier. before holds the keys that were usable
// before a key was added.
//
// A key that seals or will seal goes on until its successor activates. So a
// date that is too early for that is put off. A key that was superseded before
// keeps its date, because its author had reasons for it. If it has none,
// nothing tells when the fleet learnt of its successor, and the time counts
// from now.
func (f *keyFile) retireSuperseded(before []*fileKey, keep time.Duration) (retiring []retiringKey) {
	seals := sealing(before, f.now)
	keys := f.usable()
	for i, k := range keys {
		at := slices.Index(before, k)
		if i == 0 || at < 0 || at > seals && !k.retires.IsZero() {
			continue
		}
		next := keys[i-1]
		if needed := f.needed(k, next, keep); k.retires.IsZero() || k.retires.Before(needed) {
			f.setRetires(k, needed)
			r := retiringKey{ID: k.id, Retires: needed}
			if at <= seals {
				r.before = next.id
			}
			retiring = append(retiring, r)
		}
	}
	return retiring
}

// needed returns until when k has to open, given its successor. If that had
// been active when the file was read, the time counts from then. No key may
// retire when it activates, not even one that never seals.
func (f *keyFile) needed(k, successor *fileKey, keep time.Duration) time.Time {
	needed := later(successor.activates, f.now).Add(keep)
	return ceilSecond(later(needed, k.activates.Add(time.Second))).UTC()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func ceilSecond(t time.Time) time.Time {
	if cut := t.Truncate(time.Second); cut.Before(t) {
		return cut.Add(time.Second)
	}
	return t
}

// removeRetired removes the keys that open nothing any more.
func (f *keyFile) removeRetired(keep time.Duration) (removed []removedKey) {
	keys := f.byActivation()
	for i, k := range keys {
		if !k.isRetired(f.now) {
			continue
		}
		sealed := k.retires // at most
		if i > 0 && keys[i-1].activates.After(sinceEver) && keys[i-1].activates.Before(sealed) {
			sealed = keys[i-1].activates
		}
		removed = append(removed, removedKey{k.id, k.retires, sealed, sealed.Add(keep)})
		f.remove(k)
	}
	return removed
}

// forgetRevoked removes the revocations of keys whose last cookie is over. A
// revocation without a date gets the current one.
func (f *keyFile) forgetRevoked(keep time.Duration) (forgotten []forgottenKey) {
	dated := 0 // the last line that was
	for _, r := range f.revoked {
		since, ok := f.revokedSince(r)
		switch {
		case !ok && r.Line == dated:
		case !ok:
			f.date(r.Span.Start)
			dated = r.Line
		case since.Add(keep).After(f.now):
		case slices.ContainsFunc(idsOf(r), func(id string) bool { return f.find(id) != nil }): // else the key would be back
		default:
			f.forget(r)
			for _, id := range idsOf(r) {
				forgotten = append(forgotten, forgottenKey{id, since})
			}
		}
	}
	return forgotten
}
