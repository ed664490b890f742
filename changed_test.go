package cookiesession_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// A flatData has fields of all the kinds that are compared without being
// encoded, two of which are not stored.
type flatData struct {
	Bool   bool
	Int    int16
	Uint   uint64
	Text   string
	List   [2]string
	Time   time.Time
	Inside struct{ Deep [2]struct{ N int } }

	Skipped string `cbor:"-"`
	private int
}

func storedFlat() flatData {
	d := flatData{Bool: true, Int: -3, Uint: 5, Text: "text", List: [2]string{"a", "b"}, Time: time.Unix(1_800_000_000, 0).UTC()}
	d.Inside.Deep[1].N = 7
	return d
}

// TestFlatChanges has each change of Data, and what is none, before the page,
// after it, and after a Save. None of them is lost without a word.
func TestFlatChanges(t *testing.T) {
	testChanges(t, storedFlat, []change[flatData]{
		{"nothing", func(*flatData) {}, false},
		{"a bool", func(d *flatData) { d.Bool = false }, true},
		{"an integer", func(d *flatData) { d.Int++ }, true},
		{"an unsigned integer", func(d *flatData) { d.Uint = math.MaxUint64 }, true},
		{"a text", func(d *flatData) { d.Text += "s" }, true},
		{"a text of the same length", func(d *flatData) { d.Text = "test" }, true},
		{"a copy of a text", func(d *flatData) { d.Text = strings.Clone(d.Text) }, false},
		{"an element", func(d *flatData) { d.List[1] = "" }, true},
		{"deep inside", func(d *flatData) { d.Inside.Deep[1].N = 0 }, true},
		{"a time", func(d *flatData) { d.Time = d.Time.Add(1) }, true},
		{"the offset of a time", func(d *flatData) { d.Time = d.Time.In(time.FixedZone("", 3600)) }, true},
		{"the name of an offset", func(d *flatData) { d.Time = d.Time.In(time.FixedZone("UTC", 0)) }, false},
		{"what is not stored", func(d *flatData) { d.Skipped, d.private = "x", 1 }, false},
		{"there and back", func(d *flatData) { d.Int++; d.Int-- }, false},
		{"an equal value", func(d *flatData) { *d = storedFlat() }, false},
		{"everything", func(d *flatData) { *d = flatData{Int: 1} }, true},
	})
}

// A deepData holds what Go's == cannot compare, or compares in another way than
// by what is stored.
type deepData struct {
	Floats  [2]float64
	Pointer *int
	Slice   []int
	Map     map[string]int
	Any     any
	Counter shared
}

// A shared has its content behind an equal pointer, and a method that stores
// it.
type shared struct{ n *int }

func (s shared) MarshalText() ([]byte, error) {
	if s.n == nil {
		return []byte("0"), nil
	}
	return fmt.Append(nil, *s.n), nil
}

func (s *shared) UnmarshalText(text []byte) error {
	s.n = new(int)
	_, err := fmt.Sscan(string(text), s.n)
	return err
}

func storedDeep() deepData {
	return deepData{Floats: [2]float64{1, 0}, Pointer: new(1), Slice: []int{1, 2}, Map: map[string]int{"a": 1}, Any: []any{1}, Counter: shared{new(4)}}
}

// TestDeepChanges is TestFlatChanges for the kinds that have to be encoded.
func TestDeepChanges(t *testing.T) {
	testChanges(t, storedDeep, []change[deepData]{
		{"nothing", func(*deepData) {}, false},
		{"0 to -0", func(d *deepData) { d.Floats[1] = math.Copysign(0, -1) }, true},
		{"behind a pointer", func(d *deepData) { *d.Pointer++ }, true},
		{"another pointer", func(d *deepData) { d.Pointer = new(*d.Pointer) }, false},
		{"in a slice", func(d *deepData) { d.Slice[1]++ }, true},
		{"in a map", func(d *deepData) { d.Map["a"]++ }, true},
		{"in an any", func(d *deepData) { d.Any.([]any)[0] = 2 }, true},
		{"behind a method", func(d *deepData) { *d.Counter.n++ }, true},
		{"there and back", func(d *deepData) { d.Slice[1]++; d.Slice[1]-- }, false},
	})
	testChanges(t, func() [1]float64 { return [1]float64{0} }, []change[[1]float64]{
		{"0 to -0", func(d *[1]float64) { d[0] = math.Copysign(0, -1) }, true},
	})
}

func storedMap() map[string]any {
	return map[string]any{"n": 1, "text": "a", "list": []any{1, "b"}, "map": map[string]any{"deep": 1.5}}
}

// TestMapChanges is TestFlatChanges for maps, which are compared without being
// encoded unless they hold something unusual.
func TestMapChanges(t *testing.T) {
	changes := []change[map[string]any]{
		{"nothing", func(*map[string]any) {}, false},
		{"a value", func(d *map[string]any) { (*d)["n"] = 2 }, true},
		{"a type", func(d *map[string]any) { (*d)["n"] = int64(1) }, true},
		{"another key", func(d *map[string]any) { (*d)["new"] = nil }, true},
		{"one key less", func(d *map[string]any) { delete(*d, "n") }, true},
		{"in a list", func(d *map[string]any) { (*d)["list"].([]any)[0] = 2 }, true},
		{"in a map", func(d *map[string]any) { (*d)["map"].(map[string]any)["deep"] = 2.5 }, true},
		{"something unusual", func(d *map[string]any) { (*d)["n"] = []int(nil) }, true},
		{"there and back", func(d *map[string]any) { (*d)["n"] = 2; (*d)["n"] = 1 }, false},
		{"everything", func(d *map[string]any) { *d = nil }, true},
	}
	testChanges(t, storedMap, append(changes, change[map[string]any]{"an equal value", func(d *map[string]any) { *d = storedMap() }, false}))
	unusual := func() map[string]any {
		d := storedMap()
		d["unusual"] = []int{1}
		return d
	}
	testChanges(t, unusual, append(changes, change[map[string]any]{"in what is unusual", func(d *map[string]any) { (*d)["unusual"].([]int)[0]++ }, true}))
}

// A change is one that a handler makes in Data, and whether it has to be
// stored.
type change[T any] struct {
	name   string
	do     func(*T)
	stored bool
}

func testChanges[T any](t *testing.T, start func() T, changes []change[T]) {
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			site := newWebSite(t, nil, cookiesession.Options[T]{})
			b := new(webBrowser)
			site.visit(b, func(c *webCall[T]) { c.S.Data = start() })

			page := site.visit(b.copy(), func(c *webCall[T]) { tt.do(&c.S.Data) })
			if stored := len(page.cookies()) > 0; stored != tt.stored {
				t.Errorf("before the page: Set-Cookie is %q", page.cookies())
			}
			page = site.visit(b.copy(), func(c *webCall[T]) { fmt.Fprint(c.W, "page"); tt.do(&c.S.Data) })
			if late := len(page.reasons(cookiesession.EventLate)) > 0; late != tt.stored {
				t.Errorf("after the page: events %v", page.Events)
			}
			page = site.visit(b.copy(), func(c *webCall[T]) {
				mustDo(t, site.Save(c.W, c.S))
				tt.do(&c.S.Data)
			})
			if stored := len(page.cookies()) > 0; stored != tt.stored {
				t.Errorf("after a Save: Set-Cookie is %q", page.cookies())
			}
			page = site.visit(b.copy(), func(c *webCall[T]) {
				tt.do(&c.S.Data)
				mustDo(t, site.Save(c.W, c.S))
				c.S.Data = start()
			})
			if len(page.cookies()) > 0 {
				t.Errorf("taken back after a Save: Set-Cookie is %q", page.cookies())
			}
		})
	}
}
