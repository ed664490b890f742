package cookiesession

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"example.com/cookiesession/internal/wire"
)

// A policy says how long sessions live. It is configuration, not part of any
// cookie.
type policy struct {
	lifetime    int64 // seconds
	maxLifetime int64 // seconds
	idleTimeout int64 // seconds; 0: none
	notBefore   time.Time
}

// newPolicy applies the defaults. Its error joins all mistakes in the options.
func newPolicy(lifetime, longest, idle time.Duration, notBefore time.Time) (policy, error) {
	err := errors.Join(
		checkDuration("Lifetime", lifetime),
		checkDuration("MaxLifetime", longest),
		checkDuration("IdleTimeout", idle),
	)
	if err != nil {
		return policy{}, err // how they compare says nothing then
	}
	lifetime = cmp.Or(lifetime, wire.DefaultLifetime)
	longest = cmp.Or(longest, lifetime)
	if longest < lifetime {
		err = fmt.Errorf("option MaxLifetime (%v) is shorter than Lifetime (%v)", longest, lifetime)
	}
	if idle > lifetime {
		err = errors.Join(err, fmt.Errorf("option IdleTimeout (%v) is longer than Lifetime (%v), so it would never apply", idle, lifetime))
	}
	if err != nil {
		return policy{}, err
	}
	return policy{
		lifetime:    int64(lifetime / time.Second),
		maxLifetime: int64(longest / time.Second),
		idleTimeout: int64(idle / time.Second),
		notBefore:   notBefore,
	}, nil
}

// checkDuration refuses a duration that a session cannot have. 0 stands for a
// default.
func checkDuration(option string, d time.Duration) error {
	switch {
	case d == 0:
		return nil
	case 0 < d && d < time.Second:
		return fmt.Errorf("option %s is %v: a number alone counts nanoseconds; multiply it by time.Second, or by 24*time.Hour for days", option, d)
	case d < time.Second || d%time.Second != 0:
		return fmt.Errorf("option %s is %v: it has to be a positive number of whole seconds", option, d)
	case d > wire.MaxLifetime:
		return fmt.Errorf("option %s is %v: browsers keep no cookie for longer than 400 days (9600h)", option, d)
	}
	return nil
}

// cut returns a session's own lifetime as the policy allows it.
func (p *policy) cut(own int64) int64 { return min(own, p.maxLifetime) }

// end returns the Unix time at which a session ends, by its lifetime alone.
func (p *policy) end(rec *record) int64 {
	if rec.lifetime != 0 {
		return rec.created + p.cut(rec.lifetime)
	}
	return rec.created + p.lifetime
}

// expires returns the earlier of a session's absolute and idle end.
func (p *policy) expires(rec *record) int64 {
	if p.idleTimeout == 0 {
		return p.end(rec)
	}
	return min(p.end(rec), rec.issued+p.idleTimeout)
}

var (
	errFuture    = refused(ReasonFuture, ErrInvalid, "issued more than five minutes in the future")
	errIdle      = refused(ReasonIdle, ErrExpired, "past its idle timeout")
	errLifetime  = refused(ReasonLifetime, ErrExpired, "past its lifetime")
	errNotBefore = refused(ReasonNotBefore, ErrRevoked, "created before NotBefore")
)

func refused(reason Reason, sentinel error, cause string) error {
	return &codecError{class: classDecode, reason: reason, sentinel: sentinel, cause: errors.New(cause)}
}

// check refuses a session that is too old, or issued too far in the future. A
// negative age (the clock was set back) counts as zero.
func (p *policy) check(rec *record, now time.Time) error {
	switch unix := now.Unix(); {
	case rec.issued > unix+int64(wire.MaxSkew/time.Second):
		return errFuture
	case p.revokes(rec, now):
		return errNotBefore
	case unix >= p.end(rec):
		return errLifetime
	case unix >= p.expires(rec):
		return errIdle
	}
	return nil
}

// revokes compares with the creation, which no renewal moves: a stolen session
// that a replica without the new configuration renewed stays revoked. Before
// its time NotBefore does nothing, so that a fleet can be told of a general
// logout in advance.
func (p *policy) revokes(rec *record, now time.Time) bool {
	return !p.notBefore.IsZero() && !now.Before(p.notBefore) && time.Unix(rec.created, 0).Before(p.notBefore)
}
