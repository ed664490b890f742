package main

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var revokeCommand = command{
	name:    "revoke",
	args:    "-file FILE [flags] ID...",
	summary: "take a leaked key out at once, with its sessions",
	about: `
Revoke exchanges a key for the line "revoked ID", so that replicas open none of
its cookies from their next reading of the file on. It says which visitors will
be logged out. If no key would be left to seal for good, a new one is added, as
rotate does it.

A session that somebody has forged with the key may have been sealed anew under
another one, when they visited. If that can be, set Options.NotBefore, too: see
docs/ROTATION.md.

In a file that has a mistake in it, the line is added all the same, and the exit
code is 1: replicas take revocations even from a file that is otherwise broken.
`,
	example: `
cookiesession keys -file /etc/shop/keyring
cookiesession revoke -file /etc/shop/keyring a1b2c3
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := revokeOptions{schedule: defaultSchedule}
		fs.StringVar(&o.file, "file", "", "keyring `file`")
		o.schedule.flags(fs)
		return func(c *console, args []string) error { return revoke(c, o, args) }
	},
}

type revokeOptions struct {
	schedule
	file string
}

var idText = regexp.MustCompile(`^[0-9a-f]{6}$`)

func revoke(c *console, o revokeOptions, args []string) error {
	switch {
	case o.file == "":
		return misuse("-file is missing")
	case len(args) == 0:
		return misuse("which key? cookiesession keys lists their ids")
	}
	if err := o.settle(); err != nil {
		return err
	}
	var ids []string
	for i, id := range args {
		if !idText.MatchString(id) {
			// It may be a key, so it is not quoted.
			return misuse("argument %d is not a key id: it has 6 lower-case hexadecimal digits, as cookiesession keys shows it", i+1)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}

	var said []string
	var broken error
	err := changeKeyFile(o.file, func(f *keyFile, mistake error) (err error) {
		if broken = mistake; broken != nil {
			said = f.revokeBlindly(ids)
			return nil
		}
		said, err = o.revoke(f, ids)
		return err
	})
	if err != nil {
		return err
	}
	for _, line := range said {
		fmt.Fprintln(c.stdout, line)
	}
	if broken != nil {
		return no("the file has a mistake, which keeps replicas from taking anything else that it says: %w", broken)
	}
	return nil
}

// revokeBlindly adds revocations to a file whose keys cannot be read.
func (f *keyFile) revokeBlindly(ids []string) (said []string) {
	for _, id := range ids {
		if f.isRevoked(id) {
			said = append(said, fmt.Sprintf("%s is revoked already", id))
			continue
		}
		f.append("revoked " + id + " # " + f.since())
		said = append(said, fmt.Sprintf("revoked %s, whether or not there is such a key", id))
	}
	return said
}

// revoke plans the change, and describes it.
func (o revokeOptions) revoke(f *keyFile, ids []string) (said []string, err error) {
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	before, changed := f.usable(), false
	for _, id := range ids {
		k := f.find(id)
		switch {
		case k == nil && !f.isRevoked(id):
			return nil, fmt.Errorf("%s has no key %s, so nothing was changed; its keys are %s", f.path, id, f.ids())
		case k == nil:
			say("%s is revoked already", id)
			continue
		case k.revoked:
			f.remove(k) // a secret that is no longer needed
			say("%s is revoked already; its key is removed from the file", id)
		default:
			say("revoked %s: %s", id, loggedOut(before, k, f.now))
			f.revoke(k)
		}
		changed = true
	}
	if !changed {
		return said, nil
	}
	left := f.usable()
	if len(left) == 0 || !left[0].retires.IsZero() {
		a := f.addKey(time.Duration(o.activateIn))
		if a.alone {
			say("added %s, which seals at once: no other key is left", a.ID)
		} else {
			say("added %s, which begins to seal at %s (%s); until then %s seals", a.ID, stamp(a.Activates), from(f.now, a.Activates), left[sealing(left, f.now)].id)
		}
	}
	for _, k := range f.putOff(left, time.Duration(o.keep)) {
		say("%s seals longer than it was to, so it opens until %s now", k.id, stamp(k.retires))
	}
	say("Replicas take the change when they next read the file, within %v at most (-reload); one that cannot read it goes on as before.", &o.reload)
	return said, nil
}

// putOff puts off the end of keys that go on sealing and would retire too early
// for their sessions. A key that is revoked now had superseded them.
func (f *keyFile) putOff(keys []*fileKey, keep time.Duration) (changed []*fileKey) {
	now := f.usable()
	for _, k := range keys[:sealing(keys, f.now)+1] {
		i := slices.Index(now, k)
		if i == 0 || k.retires.IsZero() {
			continue
		}
		if needed := f.needed(k, now[i-1], keep); k.retires.Before(needed) {
			f.setRetires(k, needed)
			changed = append(changed, k)
		}
	}
	return changed
}

// loggedOut says which visitors' sessions end with k. If k can open any, it is
// one of keys.
func loggedOut(keys []*fileKey, k *fileKey, now time.Time) string {
	at, seals := slices.Index(keys, k), sealing(keys, now)
	switch {
	case at < 0:
		return "it had retired, so nobody is logged out"
	case at < seals:
		return "it had not begun to seal, so nobody is logged out"
	case at > seals:
		return "those are logged out who have not been here since " + since(keys[at-1].activates)
	case k.activates.IsZero() || k.activates.Equal(sinceEver):
		return "it sealed, so everybody is logged out who has been here since it was put in use"
	}
	return "it sealed, so everybody is logged out who has been here since " + stamp(k.activates)
}

func since(t time.Time) string {
	if t.IsZero() || t.Equal(sinceEver) {
		return "the next key was put in use"
	}
	return stamp(t)
}

func (f *keyFile) ids() string {
	ids := make([]string, len(f.keys))
	for i, k := range f.keys {
		ids[i] = k.id
	}
	return strings.Join(ids, ", ")
}
