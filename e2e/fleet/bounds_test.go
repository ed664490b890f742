package fleet

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"example.com/cookiesession"
)

var large = flag.Bool("large", false, "run the simulations with many visitors and over years")

// TestModel has a real Manager decide about each request beside the model, in
// fleets that are within their bounds and in such that are not. They must agree
// about each: whether the cookie is accepted, why not, what the answer sets,
// under which key, until when.
func TestModel(t *testing.T) {
	tests := []struct {
		name   string
		change func(*scenario)
	}{
		{"within bounds", func(*scenario) {}},
		{"often", func(c *scenario) { c.every, c.keep = 7*day, 13*day }},
		{"late", func(c *scenario) {
			c.late = func(_ *rand.Rand, replica int) time.Duration { return time.Duration(replica) * 20 * time.Minute }
		}},
		{"clocks", func(c *scenario) {
			c.every = 5 * day
			c.skew = func(replica int) time.Duration { return time.Duration(replica-5) * 2 * time.Minute }
		}},
		{"at once", func(c *scenario) { c.kind, c.visitors, c.span, c.activateIn, c.every = busy, 5, 3*day, 0, day }},
		{"seldom read, and not early", func(c *scenario) { c.early, c.every, c.activateIn, c.interval = false, day, 0, time.Hour }},
	}
	compared, lost := 0, 0
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := base()
			c.seed, c.replicas, c.visitors, c.span, c.isManager = uint64(100+i), 10, 150, 100*day, true
			tt.change(&c)
			f := run(t, c)
			t.Logf("%d decisions agree: %v", f.compared, &f)
			compared, lost = compared+f.compared, lost+f.losses()
		})
	}
	if compared < 100_000 || lost < 100 {
		t.Errorf("%d decisions compared, %d visitors logged out, too few of one", compared, lost)
	}
	t.Logf("%d decisions in all", compared)
}

// TestBounds: within the bounds that ROTATION.md states nobody is logged out,
// and nobody is moved to a key twice. Just outside of each somebody is, else
// the simulation would prove nothing.
func TestBounds(t *testing.T) {
	tests := []struct {
		name   string
		change func(*scenario)
		lost   cookiesession.Reason // "": none
	}{
		{"base", func(*scenario) {}, ""},
		{"daily", func(c *scenario) { c.every, c.span = day, 40*day }, ""},
		{"clocks four minutes apart", func(c *scenario) {
			c.skew = func(replica int) time.Duration { return time.Duration(replica%3-1) * 2 * time.Minute }
			c.clocks = 4 * time.Minute
		}, ""},
		{"restarts", func(c *scenario) { c.restarts = 10 * day }, ""},
		{"late by less than -activate-in", func(c *scenario) {
			c.late = func(*rand.Rand, int) time.Duration { return 55 * time.Minute }
		}, ""},
		{"late by what -keep forgives", func(c *scenario) {
			c.sticky, c.kind, c.every = 1, returning, 20*day
			c.late = lateBy(25*time.Hour - 2*time.Minute)
		}, ""},

		{"late by more than -activate-in", func(c *scenario) {
			c.kind, c.visitors, c.span, c.every, c.sticky = busy, 40, 5*day, day, 0
			c.late = lateBy(2 * time.Hour)
		}, cookiesession.ReasonUnknownKey},
		{"late by more than -keep forgives", func(c *scenario) {
			c.sticky, c.kind, c.every, c.visitors = 1, returning, 20*day, 8000
			c.late = lateBy(3 * day)
		}, cookiesession.ReasonUnknownKey},
		{"-keep shorter than sessions live", func(c *scenario) { c.keep = 13 * day }, cookiesession.ReasonUnknownKey},
		{"clocks eight minutes apart", func(c *scenario) {
			c.sticky = 0
			c.skew = func(replica int) time.Duration { return time.Duration(replica%3-1) * 4 * time.Minute }
			c.clocks = 8 * time.Minute
		}, cookiesession.ReasonFuture},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := base()
			c.visitors = 1500
			tt.change(&c)
			f := run(t, c)
			t.Log(&f)
			if (f.losses() > 0) != (tt.lost != "") || tt.lost != "" && f.lost[tt.lost] == 0 {
				t.Errorf("lost %v, want %q", f.lost, tt.lost)
			}
			if tt.lost == "" && f.repeated > 0 {
				t.Errorf("%d visitors were moved to a key twice", f.repeated)
			}
			if f.rotations < 3 || f.resealed == 0 {
				t.Error("nothing was rotated")
			}
		})
	}
}

// lateBy has the file come late to one replica.
func lateBy(d time.Duration) func(*rand.Rand, int) time.Duration {
	return func(r *rand.Rand, replica int) time.Duration {
		if replica == 0 {
			return d
		}
		return rand64(r, 2*time.Minute)
	}
}

// TestLarge is the run whose sum README has. It takes minutes.
func TestLarge(t *testing.T) {
	if !*large {
		t.Skip("takes minutes: -large")
	}
	sum := figures{lost: make(map[cookiesession.Reason]int)}
	for _, c := range []struct {
		replicas, visitors            int
		span, every, activateIn, keep time.Duration
	}{
		{500, 1_000_000, 100 * day, 30 * day, time.Hour, 15 * day},
		{100, 20_000, 5 * 365 * day, day, time.Hour, 15 * day},
		{500, 20_000, 5 * 365 * day, 7 * day, time.Hour, 15 * day},
		{500, 20_000, 5 * 365 * day, 90 * day, time.Hour, 15 * day},
		{20, 20_000, 5 * 365 * day, 30 * day, day, 31 * day},
	} {
		s := base()
		s.replicas, s.visitors, s.span = c.replicas, c.visitors, c.span
		s.every, s.activateIn, s.keep = c.every, c.activateIn, c.keep
		s.restarts, s.clocks = 10*day, 4*time.Minute
		s.skew = func(replica int) time.Duration { return time.Duration(replica*37%5-2) * time.Minute }
		began := time.Now()
		f := run(t, s)
		t.Logf("%d replicas, %d visitors, %d days, a rotation each %d days, in %v:\n%v",
			c.replicas, c.visitors, c.span/day, c.every/day, time.Since(began).Round(time.Second), &f)
		if f.losses() > 0 || f.repeated > 0 {
			t.Errorf("%d visitors were logged out, %d moved twice", f.losses(), f.repeated)
		}
		sum.requests += f.requests
		sum.rotations += f.rotations
		sum.resealed += f.resealed
	}
	t.Logf("in all %v", &sum)
}
