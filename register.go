package cookiesession

import (
	"log/slog"
	"sync"

	"example.com/cookiesession/internal/value"
)

// Register gives a type a name, so that its values can be stored inside an any.
// zero is a value of the type, or a pointer to one. The name must never be
// reused for another type:
//
//	func init() { cookiesession.Register("shop.Item", Item{}) }
//
// Inside an any, these types need no registration and come back as they were:
// bool, all integers and floats, string, slices of all of these, time.Time,
// time.Duration, []any, and the maps from string to any, string and int and
// from any to any. Every other type does, defined ones such as "type Role
// string" included, and []*Item beside Item; without it, sealing fails with an
// error that has the line. The name there is made of the package's path, so
// that no other type has it. It is stored with each value: a short one of your
// own takes less space. A type that is declared in a function has to move out
// of it first.
//
// A type that is registered as a pointer comes back as a pointer, and one that
// is registered as a value comes back as a value. It does not matter which of
// the two was put in. Elsewhere than inside an any, types need no registration.
// A time.Time keeps its offset from UTC, and not the name of its Location.
//
// A struct field with the tag json:"-" is not stored, here and elsewhere. That
// is logged as a warning to slog.Default, once for each type. The tag cbor:"-"
// agrees, and silences it; cbor:"name" stores the field.
//
// Register panics if the name or the type is taken, if the name is empty or not
// UTF-8, or if the type cannot be stored. Call it in an init function.
func Register(name string, zero any) { warnLeftOut(value.Register(name, zero)) }

// leftOut has the types that warnLeftOut has warned of.
var leftOut sync.Map

// warnLeftOut warns once for each type that some of its fields are not stored,
// unless they have a cbor tag. gob does not look at tags, so a program that was
// written for it would lose these fields without notice.
func warnLeftOut(plan *value.Plan) {
	for _, l := range plan.LeftOut() {
		if _, warned := leftOut.LoadOrStore(l.Type, true); !warned {
			slog.Warn("cookiesession: fields with the tag json:\"-\" are not stored; "+
				"say cbor:\"-\" if that is meant, or cbor:\"name\" to store them", "type", l.Type.String(), "fields", l.Fields)
		}
	}
}

// Unknown stands for a value whose type name the program did not register: in
// an older release, during a deployment or after a rollback. It keeps the
// session alive, and is stored again unchanged.
type Unknown = value.Unknown

// Must returns v, or panics with err if it is not nil: for variables at package
// level, which a program cannot start without.
//
//	var keys = cookiesession.Must(cookiesession.LoadOrCreateKeyring(path))
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
