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
		{"refused cookie, empty", facts{zero: true, carried: true}, leave, ""},
		{"refused cookie, changed", facts{changed: true, carried: true}, store, ReasonChanged},

		{"destroyed without a cookie", facts{zero: true, destroyed: true, touched: true}, leave, ""},
		{"destroyed with a refused cookie", facts{zero: true, destroyed: true, touched: true, carried: true}, remove, ""},
		{"destroyed", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, carried: true}, remove, ""},
		{"destroyed, then the same Data", facts{opened: true, destroyed: true, touched: true, carried: true}, store, ReasonChanged},
		{"destroyed, then other Data", facts{opened: true, changed: true, destroyed: true, touched: true, carried: true}, store, ReasonChanged},
		{"destroyed, refresh due", facts{opened: true, zero: true, changed: true, destroyed: true, touched: true, carried: true, superseded: true, renewal: true, mayRefresh: true}, remove, ""},

		{"read", facts{opened: true, mayRefresh: true}, leave, ""},
		{"read, empty", facts{opened: true, zero: true, mayRefresh: true}, leave, ""},
		{"read, over", facts{opened: true, over: true, mayRefresh: true}, leave, ""},
		{"changed", facts{opened: true, changed: true}, store, ReasonChanged},
		{"changed and touched", facts{opened: true, changed: true, touched: true}, store, ReasonChanged},
		{"changed, refresh due", facts{opened: true, changed: true, superseded: true, renewal: true, mayRefresh: true}, store, ReasonChanged},
		{"changed, over", facts{opened: true, changed: true, over: true}, remove, ""},
		{"emptied", facts{opened: true, changed: true, zero: true}, remove, ""},
		{"emptied and touched", facts{opened: true, changed: true, zero: true, touched: true}, remove, ""},

		{"touched", facts{opened: true, touched: true}, refresh, ReasonRequested},
		{"touched, over", facts{opened: true, touched: true, over: true}, remove, ""},

		{"old key", facts{opened: true, superseded: true, mayRefresh: true}, refresh, ReasonResealed},
		{"old key, no response to refresh with", facts{opened: true, superseded: true}, leave, ""},
		{"old key, over", facts{opened: true, superseded: true, over: true, mayRefresh: true}, remove, ""},
		{"idle", facts{opened: true, renewal: true, mayRefresh: true}, refresh, ReasonRenewed},
		{"idle, no response to refresh with", facts{opened: true, renewal: true}, leave, ""},
		{"idle, over", facts{opened: true, renewal: true, over: true, mayRefresh: true}, remove, ""},
		{"old key and idle", facts{opened: true, superseded: true, renewal: true, mayRefresh: true}, refresh, ReasonResealed},
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
	const bits = 10
	for n := range 1 << bits {
		is := func(bit int) bool { return n>>bit&1 != 0 }
		f := facts{
			opened: is(0), carried: is(1), destroyed: is(2), touched: is(3), zero: is(4), changed: is(5),
			over: is(6), mayRefresh: is(7), superseded: is(8), renewal: is(9),
		}
		do, reason := decide(f)
		sets := do == store || do == refresh
		switch {
		case sets != (reason != ""):
			t.Errorf("%+v: action %d has the reason %q", f, do, reason)
		case sets && f.over:
			t.Errorf("%+v: a session that is over is issued", f)
		case do == store && f.zero:
			t.Errorf("%+v: an empty session is stored", f)
		case do == refresh && (!f.opened || f.destroyed || f.changed):
			t.Errorf("%+v: what is refreshed is not what came", f)
		case do == refresh && !f.mayRefresh && reason != ReasonRequested:
			t.Errorf("%+v: refreshed where nobody asked for it", f)
		case f.destroyed && f.zero && f.carried && do != remove:
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
