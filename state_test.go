package cookiesession

import (
	"reflect"
	"testing"
	"time"
)

// Each row is one situation, written as what is true in it.
func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		facts  facts
		want   action
		reason Reason
	}{
		{"new, empty", facts{zero: true}, leave, ""},
		{"new, changed", facts{changed: true}, store, ReasonChanged},
		{"new, empty, touched", facts{zero: true, touched: true}, leave, ""},
		{"new, changed, over", facts{changed: true, over: true}, remove, ""},
		{"new, empty, over", facts{zero: true, over: true}, leave, ""},
		{"new, empty, barred", facts{zero: true, barred: true}, leave, ""},
		{"new, changed, barred", facts{changed: true, barred: true}, reject, ""},
		{"new, changed, barred and over", facts{changed: true, barred: true, over: true}, reject, ""},

		{"destroyed, with nothing to delete", facts{zero: true, destroyed: true, touched: true}, leave, ""},
		{"destroyed, none opened", facts{zero: true, destroyed: true, touched: true, deletes: true}, remove, ""},
		{"destroyed, none opened, barred", facts{zero: true, destroyed: true, touched: true, deletes: true, barred: true}, remove, ""},
		{"destroyed, none opened, then Data", facts{destroyed: true, touched: true, deletes: true, changed: true}, store, ReasonChanged},
		{"destroyed, none opened, then Data, barred", facts{destroyed: true, touched: true, deletes: true, changed: true, barred: true}, reject, ""},
		{"destroyed", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, deletes: true}, remove, ""},
		{"destroyed, barred", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, deletes: true, barred: true}, remove, ""},
		{"destroyed, over", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, deletes: true, over: true, ended: true}, remove, ""},
		{"destroyed, then the same Data", facts{opened: true, destroyed: true, touched: true, deletes: true}, store, ReasonChanged},
		{"destroyed, then other Data", facts{opened: true, changed: true, destroyed: true, touched: true, deletes: true}, store, ReasonChanged},
		{"destroyed, then other Data, barred", facts{opened: true, changed: true, destroyed: true, touched: true, deletes: true, barred: true}, reject, ""},
		{"destroyed, refresh due", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, deletes: true, reseal: true, renewal: true}, remove, ""},

		{"read", facts{opened: true}, leave, ""},
		{"read, empty", facts{opened: true, zero: true}, leave, ""},
		{"read, over", facts{opened: true, over: true, ended: true}, leave, ""},
		{"read, barred", facts{opened: true, barred: true}, leave, ""},
		{"changed", facts{opened: true, changed: true}, store, ReasonChanged},
		{"changed and touched", facts{opened: true, changed: true, touched: true}, store, ReasonChanged},
		{"changed, refresh due", facts{opened: true, changed: true, reseal: true, renewal: true}, store, ReasonChanged},
		{"changed, ended", facts{opened: true, changed: true, ended: true}, store, ReasonChanged},
		{"changed, over", facts{opened: true, changed: true, over: true, ended: true}, remove, ""},
		{"changed, barred", facts{opened: true, changed: true, barred: true}, reject, ""},
		{"changed, barred, refresh due", facts{opened: true, changed: true, barred: true, reseal: true, renewal: true}, reject, ""},
		{"emptied", facts{opened: true, changed: true, zero: true}, remove, ""},
		{"emptied and touched", facts{opened: true, changed: true, zero: true, touched: true}, remove, ""},
		{"emptied, barred", facts{opened: true, changed: true, zero: true, barred: true}, remove, ""},

		{"touched", facts{opened: true, touched: true}, refresh, ReasonRequested},
		{"touched, ended", facts{opened: true, touched: true, ended: true}, refresh, ReasonRequested},
		{"touched, over", facts{opened: true, touched: true, over: true, ended: true}, remove, ""},
		{"touched, barred", facts{opened: true, touched: true, barred: true}, reject, ""},
		{"touched, refresh due", facts{opened: true, touched: true, renewal: true, reseal: true}, refresh, ReasonRequested},

		{"re-seal due", facts{opened: true, reseal: true}, refresh, ReasonResealed},
		{"re-seal due, barred", facts{opened: true, reseal: true, barred: true}, leave, ""},
		{"re-seal due, ended", facts{opened: true, reseal: true, ended: true}, leave, ""},
		{"renewal due", facts{opened: true, renewal: true}, refresh, ReasonRenewed},
		{"renewal due, barred", facts{opened: true, renewal: true, barred: true}, leave, ""},
		{"renewal due, ended", facts{opened: true, renewal: true, ended: true}, leave, ""},
		{"both due", facts{opened: true, reseal: true, renewal: true}, refresh, ReasonRenewed},
		{"both due, barred", facts{opened: true, reseal: true, renewal: true, barred: true}, leave, ""},
		{"both due, ended", facts{opened: true, reseal: true, renewal: true, ended: true}, leave, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if do, reason := decide(tt.facts); do != tt.want || reason != tt.reason {
				t.Errorf("action %d, reason %q; want %d, %q", do, reason, tt.want, tt.reason)
			}
		})
	}
}

// What holds in every situation, whether it can come about or not.
func TestDecideAlways(t *testing.T) {
	const bits = 11
	for n := range 1 << bits {
		is := func(bit int) bool { return n>>bit&1 != 0 }
		f := facts{
			opened: is(0), deletes: is(1), destroyed: is(2), touched: is(3), zero: is(4), changed: is(5),
			barred: is(6), over: is(7), ended: is(8), renewal: is(9), reseal: is(10),
		}
		do, reason := decide(f)
		sets := do == store || do == refresh
		switch {
		case sets != (reason != ""):
			t.Errorf("%+v: action %d has the reason %q", f, do, reason)
		case sets && f.over:
			t.Errorf("%+v: a session that is over is issued", f)
		case sets && f.barred:
			t.Errorf("%+v: sealed though it is barred", f)
		case do == store && f.zero:
			t.Errorf("%+v: an empty session is stored", f)
		case do == refresh && (!f.opened || f.destroyed || f.changed):
			t.Errorf("%+v: what is refreshed is not what came", f)
		case do == refresh && f.ended && reason != ReasonRequested:
			t.Errorf("%+v: a session that has ended is refreshed where nobody asked for it", f)
		case do == reject && (!f.barred || f.zero && f.destroyed || !f.changed && !f.touched && f.opened && !f.destroyed):
			t.Errorf("%+v: an error where nothing was to be stored", f)
		case f.destroyed && f.zero && f.deletes && do != remove:
			t.Errorf("%+v: a destroyed session keeps its cookie", f)
		}
	}
	if n := reflect.TypeFor[facts]().NumField(); n != bits {
		t.Errorf("there are %d facts, the test knows %d", n, bits)
	}
}

// fullRecord returns a record in which no field is zero.
func fullRecord() record {
	return record{
		hasID: true, packed: true, id: [idSize]byte{1}, created: 1, issued: 2, lifetime: 3,
		browserSession: true, binding: [bindingSize]byte{5}, pending: true, body: []byte{4},
	}
}

// A destroyed session leaves nothing to the next one but what is named here. A
// new field of record has to be filled in, and is forgotten unless restart
// names it.
func TestRestartForgets(t *testing.T) {
	old := fullRecord()
	for i := range reflect.TypeOf(old).NumField() {
		if reflect.ValueOf(old).Field(i).IsZero() {
			t.Fatalf("the test does not fill %s", reflect.TypeOf(old).Field(i).Name)
		}
	}
	next := old.restart(time.Unix(9, 0))
	if next.id == old.id || next.id == [idSize]byte{} {
		t.Errorf("the id is %x", next.id)
	}
	want := record{hasID: true, id: next.id, created: 9, issued: 2}
	if !reflect.DeepEqual(next, want) {
		t.Errorf("got %+v, want %+v", next, want)
	}
	if without := (&record{issued: 2, lifetime: 3}).restart(time.Unix(9, 0)); without.hasID {
		t.Error("a session without an id begins anew with one")
	}
}

// Renew changes the identity, and leaves all else of the session.
func TestRenewKeeps(t *testing.T) {
	old := fullRecord()
	next := old
	next.renew(time.Unix(9, 0))
	if next.id == old.id {
		t.Errorf("the id is %x", next.id)
	}
	want := old
	want.id, want.created = next.id, 9
	if !reflect.DeepEqual(next, want) {
		t.Errorf("got %+v, want %+v", next, want)
	}
}
