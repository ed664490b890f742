package cookiesession

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests go over all fields, flags, kinds and options that there are, so
// that none which is added later is forgotten in one of its places.

// A record with all fields is the same after it was sealed and opened.
func TestRecordKeepsItsFields(t *testing.T) {
	want := fullRecord()
	data, err := want.append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := record{body: []byte("old")}
	if err := got.read(data, want.issued); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, error %v, want %+v", got, err, want)
	}
	if flags := data[0] | flagPadded; flags != knownFlags {
		t.Errorf("it has the flags %#x, and %#x are known", flags, knownFlags)
	}
}

// Meta has a field for each field of a record, and carries it both ways.
func TestMetaKeepsTheRecord(t *testing.T) {
	want := fullRecord()
	meta := want.meta(&ringKey{idText: "a1b2c3"}, true)
	for field, v := range reflect.ValueOf(meta).Fields() {
		if v.IsZero() {
			t.Errorf("Meta.%s is not filled in", field.Name)
		}
	}
	got, err := meta.record(time.Unix(want.issued, 0))
	got.body, got.packed = want.body, want.packed
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, error %v, want %+v", got, err, want)
	}
}

// docs/FORMAT.md has a row for each bit of the flags.
func TestFormatHasTheFlags(t *testing.T) {
	_, table, found := strings.Cut(readText(t, "docs/FORMAT.md"), "| bit of flags | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile(`(?m)^\| (\d) \| (.+) \|$`).FindAllStringSubmatch(table, -1)
	if !found || len(rows) != 8 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		n, err := strconv.Atoi(row[1])
		if known := knownFlags>>n&1 != 0; err != nil || known != (row[2] != "0") {
			t.Errorf("bit %s: FORMAT.md says %q, known is %t", row[1], row[2], known)
		}
	}
}

// An event of a new kind is either logged or named here as one that is not, and
// the doc of Options.OnEvent names those that are.
func TestLogHasEachKind(t *testing.T) {
	silent := []EventKind{
		EventOpened, EventDuplicate, EventIssued, EventReplaced, EventDeleted, EventIDLost, EventLongHeader, EventKeysReloaded,
	}
	_, doc, _ := strings.Cut(readText(t, "cookiesession.go"), "// OnEvent is called")
	doc, _, found := strings.Cut(doc, "OnEvent func")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`\[Event(\w+)\]`).FindAllStringSubmatch(doc, -1) {
		documented[strings.ToLower(m[1])] = true
	}
	if !found || len(documented) < 10 {
		t.Fatalf("the doc of OnEvent names %v", documented)
	}
	for k := EventKind(1); k < endOfEventKinds; k++ {
		logged := logLines[k].text != ""
		if logged == slices.Contains(silent, k) {
			t.Errorf("%v: logged is %t", k, logged)
		}
		if name := strings.ReplaceAll(k.String(), "-", ""); documented[name] != logged {
			t.Errorf("%v: logged is %t, the doc of OnEvent names it: %t", k, logged, documented[name])
		}
	}
}

// A Codec takes each of its options.
func TestCodecTakesItsOptions(t *testing.T) {
	keys, err := NewKeyring(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	usual, err := NewCodec(keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[reflect.Type][]any{ // one of these, in each option of the type
		reflect.TypeFor[string]():        {"filled"},
		reflect.TypeFor[int]():           {2, 1000},
		reflect.TypeFor[bool]():          {true},
		reflect.TypeFor[time.Duration](): {time.Hour, 400 * 24 * time.Hour},
		reflect.TypeFor[time.Time]():     {time.Unix(7, 0)},
	}
	for field := range reflect.TypeFor[CodecOptions]().Fields() {
		var c *Codec
		err := error(nil)
		for _, value := range allowed[field.Type] {
			var opts CodecOptions
			reflect.ValueOf(&opts).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(value))
			if c, err = NewCodec(keys, &opts); err == nil {
				break
			}
		}
		if c == nil {
			t.Errorf("no value for option %s of type %v: %v", field.Name, field.Type, err)
		} else if reflect.DeepEqual(c, usual) {
			t.Errorf("option %s changes nothing", field.Name)
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
