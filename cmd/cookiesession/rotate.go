package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keyfile"
)

var rotateCommand = command{
	name:    "rotate",
	args:    "-file FILE [flags]",
	summary: "add a key that activates later, and let old ones go",
	about: `
Rotate adds a new key to a keyring file. Every replica that has read the file
opens the new key's cookies from then on; sealing with it begins at the time
that stands in the file, for all of them at once. The key that it supersedes
gets a time to retire, so that the sessions that it has sealed can be lived out.
Keys that have retired are removed, and so are revocations that are older than
-keep.

-lifetime is the longest life of a session (Options.Lifetime, or MaxLifetime if
that is set). A key opens for a day longer after the next one's activation. That
day is for replicas that read the file later than -activate-in, and for clocks
that differ. With -keep you choose the time yourself. No date is ever brought
forward, so that a shorter one does not end what a longer one promised.

With -every nothing is done while the newest key was added less than that ago,
so that cron can call rotate as often as you like. A run may come a little
earlier than the day before: a twenty-fourth of -every, an hour at most, is
forgiven.

Rotate never begins a ring by itself. Where the file does not exist, or has no
key that could seal, something has gone wrong, and new keys would sign everybody
out. To begin one there, say -init: its key seals at once, the mode is 0600.

Mode, owner, comments and the order of lines of an existing file stay; it is
replaced in one step, and a crash leaves the old file or the new one. Beside it,
FILE.lock keeps two from changing it at a time.
`,
	example: `
cookiesession rotate -file /etc/shop/keyring -init          # once
cookiesession rotate -file /etc/shop/keyring -every 30d     # in cron, once a day
cookiesession rotate -file /etc/shop/keyring -lifetime 90d  # sessions of 90 days
cookiesession rotate -file /etc/shop/keyring -dry-run
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := rotateOptions{schedule: defaultSchedule}
		fs.StringVar(&o.file, "file", "", "keyring `file`")
		o.schedule.flags(fs)
		fs.Var(&o.every, "every", "do nothing if the newest key was added less than this `duration` ago (0: always rotate)")
		fs.BoolVar(&o.init, "init", false, "begin a ring if the file does not exist, or has no key that could seal")
		fs.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and change nothing")
		fs.BoolVar(&o.json, "json", false, "print what was done as JSON")
		return func(c *console, args []string) error { return rotate(c, o, args) }
	},
}

type rotateOptions struct {
	schedule
	file               string
	every              duration
	init, dryRun, json bool
}

// A rotation holds the changes that rotate has made, or would make.
type rotation struct {
	File      string         `json:"file"`
	Changed   bool           `json:"changed"`
	DryRun    bool           `json:"dry_run,omitzero"`
	Created   bool           `json:"created,omitzero"`
	Added     *addedKey      `json:"added,omitempty"`
	Retiring  []retiringKey  `json:"retiring,omitempty"`
	Removed   []removedKey   `json:"removed,omitempty"`
	Forgotten []forgottenKey `json:"forgotten,omitempty"`
	Next      time.Time      `json:"next,omitzero"` // with -every, if nothing was due

	newest *fileKey // then
}

type addedKey struct {
	ID        string    `json:"id,omitempty"` // unless it is a dry run, which keeps no key
	Activates time.Time `json:"activates"`
	alone     bool      // no other key could seal
}

type retiringKey struct {
	ID      string    `json:"id"`
	Retires time.Time `json:"retires"`
	before  string    // its time counts from the activation of this key; "" if that is past
}

type removedKey struct {
	ID      string    `json:"id"`
	Retired time.Time `json:"retired"`
	// Sealed is the last time at which the key can have sealed. Cookies is the
	// last time at which its cookies could have lived, if no session lives
	// longer than -keep.
	Sealed  time.Time `json:"sealed_until"`
	Cookies time.Time `json:"cookies_until"`
}

type forgottenKey struct {
	ID    string    `json:"id"`
	Since time.Time `json:"revoked"`
}

func rotate(c *console, o rotateOptions, args []string) error {
	switch {
	case len(args) > 0:
		return misuse("unexpected argument %q", args[0])
	case o.file == "":
		return misuse("-file is missing")
	}
	if err := o.settle(); err != nil {
		return err
	}
	done, err := o.rotate()
	if err != nil {
		return err
	}
	if done.Added != nil && !done.Added.alone {
		o.warn(c)
	}
	if o.json {
		return writeJSON(c.stdout, done)
	}
	done.print(c, clock.Now(), o)
	return nil
}

func (o rotateOptions) rotate() (*rotation, error) {
	if o.dryRun {
		return o.rehearse()
	}
	if o.init {
		// The file is made without the lock, which Create may need for itself.
		if done, err := o.create(); !errors.Is(err, fs.ErrExist) {
			return done, err
		}
	}
	var done *rotation
	err := changeKeyFile(o.file, func(f *keyFile, mistake error) error {
		if err := cmp.Or(mistake, o.mayBegin(f)); err != nil {
			return err
		}
		done = o.plan(f)
		return nil
	})
	return done, o.explainMissing(err)
}

// mayBegin refuses a file without a key that could seal, unless the user asked
// for a new ring.
func (o rotateOptions) mayBegin(f *keyFile) error {
	if o.init || len(f.usable()) > 0 {
		return nil
	}
	return fmt.Errorf("%s has no key that could seal; nothing was changed: put the right file there, or, if everybody may be signed out, say rotate -init", f.path)
}

func (o rotateOptions) explainMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) && !o.init {
		return fmt.Errorf("%w: put the file there, or, if a new ring is to begin, say rotate -init", err)
	}
	return err
}

// create makes the file, or returns fs.ErrExist.
func (o rotateOptions) create() (*rotation, error) {
	if _, err := keyfile.Read(o.file); err == nil {
		return nil, fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k, err := createKeyFile(o.file, clock.Now())
	if err != nil {
		return nil, err
	}
	return &rotation{File: o.file, Changed: true, Created: true, Added: &addedKey{k.id, k.activates, true}}, nil
}

// rehearse makes the plan alone. It does not even take the lock, which would
// leave a file behind.
func (o rotateOptions) rehearse() (*rotation, error) {
	now := clock.Now()
	f, err := readKeyFile(o.file, now)
	if o.init && errors.Is(err, fs.ErrNotExist) {
		k := newFileKey(now)
		return &rotation{File: o.file, DryRun: true, Created: true, Added: &addedKey{"", k.activates, true}}, nil
	}
	if err != nil {
		return nil, o.explainMissing(err)
	}
	if err := o.mayBegin(f); err != nil {
		return nil, err
	}
	done := o.plan(f)
	if _, err := f.changed(); err != nil {
		return nil, err
	}
	done.DryRun, done.Changed = true, false
	if done.Added != nil { // it will be another one
		for i, k := range done.Retiring {
			if k.before == done.Added.ID {
				done.Retiring[i].before = "the new key"
			}
		}
		done.Added.ID = ""
	}
	return done, nil
}

// plan decides about the changes of the file, and makes them in f.
func (o rotateOptions) plan(f *keyFile) *rotation {
	done := &rotation{File: o.file}
	before := f.usable()
	if len(before) > 0 && o.every > 0 {
		if next := o.due(f); f.now.Before(next) {
			done.newest, done.Next = before[0], next
			return done
		}
	}
	done.Changed = true
	done.Removed = f.removeRetired(time.Duration(o.keep))
	done.Added = f.addKey(time.Duration(o.activateIn))
	done.Retiring = f.retireSuperseded(before, time.Duration(o.keep))
	done.Forgotten = f.forgetRevoked(time.Duration(o.keep))
	return done
}

// due returns when the next rotation is due. The newest key was added
// -activate-in before its activation, unless it is the first. Cron's runs are
// never exactly a day apart.
func (o rotateOptions) due(f *keyFile) time.Time {
	keys, every := f.byActivation(), time.Duration(o.every)
	added := keys[0].activates
	if len(keys) > 1 {
		added = added.Add(-time.Duration(o.activateIn))
	}
	return added.Add(every - min(every/24, time.Hour))
}

func (done *rotation) print(c *console, now time.Time, o rotateOptions) {
	p := func(format string, args ...any) { fmt.Fprintf(c.stdout, format+"\n", args...) }
	if done.newest != nil {
		p("nothing to do: the newest key, %s, %s; the next rotation is due at %s (%s)",
			done.newest.id, activation(now, done.newest.activates), stamp(done.Next), from(now, done.Next))
		return
	}
	if done.DryRun {
		p("%s would be changed so:", done.File)
	}
	a := done.Added
	switch name := orNew(a.ID); {
	case done.Created && done.DryRun:
		p("created  %s with a new key, which seals at once", done.File)
	case done.Created:
		p("created  %s with the key %s, which seals at once", done.File, name)
	case a.alone:
		p("added    %s, which seals at once: no other key could", name)
	case !a.Activates.After(now):
		p("added    %s, which seals at once", name)
	default:
		p("added    %s, which begins to seal at %s (%s): until then every replica must have read the file", name, stamp(a.Activates), from(now, a.Activates))
	}
	for _, k := range done.Retiring {
		if k.before == "" {
			p("retiring %s: opens until %s; it was superseded before, and had no date", k.ID, stamp(k.Retires))
		} else {
			p("retiring %s: opens until %s, %v after %s's activation", k.ID, stamp(k.Retires), &o.keep, k.before)
		}
	}
	for _, k := range done.Removed {
		p("removed  %s, retired since %s: it sealed until %s, so its cookies could have lived until %s, in sessions of at most %v",
			k.ID, stamp(k.Retired), stamp(k.Sealed), stamp(k.Cookies), &o.keep)
	}
	for _, k := range done.Forgotten {
		p("forgot   that %s was revoked, at %s: its cookies are over, too", k.ID, stamp(k.Since))
	}
}

func orNew(id string) string {
	if id == "" {
		return "a new one"
	}
	return id
}

// activation says in words since or from when a key is active.
func activation(now, t time.Time) string {
	switch {
	case t.IsZero():
		return "active since ever"
	case t.After(now):
		return "activates " + from(now, t)
	}
	return "active since " + stamp(t) + " (" + from(now, t) + ")"
}
