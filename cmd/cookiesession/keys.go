package main

import (
	"flag"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/atomicfile"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keyfile"
)

var keysCommand = command{
	name:    "keys",
	args:    "-file FILE [flags]",
	summary: "show what each key is good for, what happens next, and what is wrong",
	about: `
Keys shows the keys of a file by their ids, never their secrets:

  pending   opens, and will seal once it is activated
  sealing   seals and opens
  old       opens the sessions that it has sealed before
  retired   opens nothing any more; the next rotate removes it
  revoked   opens nothing, and its cookies are reported as revoked

Then it says what happens next, and warns of faults: a key that has
sealed for too long, by -max-age or because no other has come for three times as
long as before; a key that waits for more than a month, as a wrong clock makes
one; a schedule with a gap; a date that comes before every replica has read the
file; a key that retires before the sessions are over that it has sealed, by
-lifetime; a file that others can read, or that -user cannot. With a warning the
exit code is 1.
`,
	example: `
cookiesession keys -file /etc/shop/keyring
cookiesession keys -file /etc/shop/keyring -user www-data -max-age 40d -lifetime 30d
cookiesession keys -file /etc/shop/keyring -json | jq -r '.keys[] | select(.state == "sealing").id'
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := keysOptions{reload: defaultSchedule.reload, maxAge: duration(180 * day)}
		fs.StringVar(&o.file, "file", "", "keyring `file`")
		fs.Var(&o.reload, "reload", "longest `duration` until a replica has read a changed file")
		fs.Var(&o.maxAge, "max-age", "warn of a key that has sealed for this `duration` (0: never); a third more than rotate's -every is a good one")
		fs.Var(&o.lifetime, "lifetime", "warn of a key that retires before sessions of this `duration` are over that it has sealed (0: do not check)")
		fs.StringVar(&o.user, "user", "", "warn if the system's user of this `name` cannot read the file")
		fs.BoolVar(&o.json, "json", false, "print one JSON object")
		return func(c *console, args []string) error { return keys(c, o, args) }
	},
}

type keysOptions struct {
	file                     string
	reload, maxAge, lifetime duration
	user                     string
	json                     bool
}

// A keysReport is the output of keys.
type keysReport struct {
	File     string                  `json:"file"`
	Keys     []cookiesession.KeyInfo `json:"keys"`
	Next     []keyEvent              `json:"next"`
	Warnings []string                `json:"warnings"`
}

// A keyEvent is a change that the schedule brings.
type keyEvent struct {
	At    time.Time `json:"at"`
	Key   string    `json:"key"`
	Event string    `json:"event"` // "activates" or "retires"
}

func keys(c *console, o keysOptions, args []string) error {
	switch {
	case len(args) > 0:
		return misuse("unexpected argument %q", args[0])
	case o.file == "":
		return misuse("-file is missing")
	}
	file, err := keyfile.Read(o.file)
	if err != nil {
		return err
	}
	ring, err := cookiesession.ParseKeyring(file.Text)
	if err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	user, err := o.keysUser(file)
	if err != nil {
		return err
	}
	now := clock.Now()
	report := keysReport{File: o.file, Keys: ring.Keys(), Next: []keyEvent{}}
	report.Next = append(report.Next, events(report.Keys, now)...)
	report.Warnings = append([]string{}, file.Warnings(user)...)
	report.Warnings = append(report.Warnings, o.scheduleWarnings(report.Keys, file.Info.ModTime(), now)...)
	if o.user != "" {
		readable, err := mayRead(o.user, o.file)
		if err != nil {
			return err
		}
		if !readable {
			report.Warnings = append(report.Warnings, fmt.Sprintf("the user %s cannot read %s: give the file to it, or to a group of it with mode 0640", o.user, o.file))
		}
	}
	if o.json {
		err = writeJSON(c.stdout, report)
	} else {
		report.print(c, now)
	}
	if err == nil && len(report.Warnings) > 0 {
		err = no("")
	}
	return err
}

// keysUser returns the user that owns the keys in a file: -user if that is
// given, else the caller, or the file's owner if the caller is root.
func (o keysOptions) keysUser(file *keyfile.File) (keyfile.User, error) {
	if o.user != "" {
		return lookupUser(o.user)
	}
	self := keyfile.Self()
	if uid, gid, ok := atomicfile.Owner(file.Info); ok && self.UID == 0 {
		return keyfile.User{UID: uid, GID: gid}, nil
	}
	return self, nil
}

// events returns the changes to come, in order.
func events(keys []cookiesession.KeyInfo, now time.Time) (next []keyEvent) {
	for _, k := range keys {
		if k.Activates.After(now) {
			next = append(next, keyEvent{k.Activates, k.ID, "activates"})
		}
		if k.Retires.After(now) {
			next = append(next, keyEvent{k.Retires, k.ID, "retires"})
		}
	}
	slices.SortStableFunc(next, func(a, b keyEvent) int { return a.At.Compare(b.At) })
	return next
}

// scheduleWarnings returns the faults of dates. The keys come with the latest
// activation first.
func (o keysOptions) scheduleWarnings(keys []cookiesession.KeyInfo, changed, now time.Time) (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	var next cookiesession.KeyInfo // the one that activates after the key at hand
	for i, k := range keys {
		// A key was added when the file was changed last, or before.
		if k.State == cookiesession.KeyPending && k.Activates.Sub(changed) < time.Duration(o.reload) {
			warn("%s activates sooner than every replica has read the file, which was changed at %s (-reload %v)", k.ID, stamp(changed), &o.reload)
		}
		if k.State == cookiesession.KeyPending && k.Activates.After(now.Add(farAhead)) {
			warn("%s activates only at %s (%s): until then nothing is rotated; was a clock wrong?", k.ID, stamp(k.Activates), from(now, k.Activates))
		}
		if k.State == cookiesession.KeySealing {
			o.warnOfSealing(k, next, now, warn)
			if age, gap := now.Sub(k.Activates), longestGap(keys); next.ID == "" && gap > 0 && age > 3*gap {
				warn("%s has sealed for %s, where keys came %s apart at most: does rotate still run?", k.ID, about(age), about(gap))
			}
		}
		if i > 0 && o.lifetime > 0 && k.Retires.After(now) && !keys[i-1].Activates.IsZero() {
			if opens := duration(k.Retires.Sub(keys[i-1].Activates)); opens < o.lifetime {
				warn("%s retires %v after %s's activation, before sessions of %v are over: rotate with -lifetime %[4]v", k.ID, &opens, keys[i-1].ID, &o.lifetime)
			}
		}
		if k.State == cookiesession.KeyPending || k.State == cookiesession.KeySealing {
			next = k
		}
	}
	return warnings
}

// farAhead is the limit above which a key's activation is most likely a
// mistake.
const farAhead = 31 * day

// longestGap returns the longest time between the activations of two successive
// keys, or 0 if there are not two.
func longestGap(keys []cookiesession.KeyInfo) (gap time.Duration) {
	for i, k := range keys {
		if i > 0 && k.State != cookiesession.KeyRevoked && k.Activates.After(sinceEver) {
			gap = max(gap, keys[i-1].Activates.Sub(k.Activates))
		}
	}
	return gap
}

func (o keysOptions) warnOfSealing(k, next cookiesession.KeyInfo, now time.Time, warn func(string, ...any)) {
	if k.Activates.After(now) {
		warn("no key is active yet, and %s seals before its time: a clock or a date is wrong", k.ID)
	}
	if age := now.Sub(k.Activates); o.maxAge > 0 && !k.Activates.IsZero() && age > time.Duration(o.maxAge) && next.ID == "" {
		warn("%s has sealed for %s: rotate (-max-age %v)", k.ID, about(age), &o.maxAge)
	}
	if k.Retires.IsZero() {
		return
	}
	switch {
	case next.ID == "":
		warn("%s retires at %s, and no key is to seal after it: rotate", k.ID, stamp(k.Retires))
	case next.Activates.After(k.Retires):
		warn("%s retires at %s, before %s activates", k.ID, stamp(k.Retires), next.ID)
	}
}

func (r *keysReport) print(c *console, now time.Time) {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "key\tstate\tactivates\tretires")
	for _, k := range r.Keys {
		activates, retires := "since ever", "never"
		if !k.Activates.IsZero() {
			activates = stamp(k.Activates)
		}
		if !k.Retires.IsZero() {
			retires = stamp(k.Retires)
		}
		if k.State == cookiesession.KeyRevoked {
			activates, retires = "-", "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", k.ID, k.State, activates, retires)
	}
	table.Flush()
	fmt.Fprintln(c.stdout, "\nnext:")
	if len(r.Next) == 0 {
		fmt.Fprintln(c.stdout, "  nothing, until the file is changed")
	}
	for _, e := range r.Next {
		what := "opens nothing any more"
		if e.Event == "activates" {
			what = "begins to seal"
		}
		fmt.Fprintf(c.stdout, "  %s (%s): %s %s\n", stamp(e.At), from(now, e.At), e.Key, what)
	}
	if len(r.Warnings) > 0 {
		fmt.Fprintln(c.stdout)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(c.stdout, "warning: %s\n", w)
	}
}
