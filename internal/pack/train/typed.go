package main

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"example.com/cookiesession/internal/value"
)

// A kind of session that documents in JSON cannot show: Go's types inside of an
// any, maps with keys that are no text, and fields of types with methods.
type kind struct {
	name   string
	weight int    // how much of it there is, beside the others
	keys   string // where an any has it; "": make returns the whole session
	make   func(*random) any
}

// The two seeds: tables are made from one of them, and the sizes that
// cross-validation prints are those of the other's sessions.
const (
	trainingSeed = 1
	judgingSeed  = 2
)

// typedSessions is how many sessions there are of each kind.
const typedSessions = 20

// typed returns sessions of all kinds. The same seed gives the same sessions
// everywhere.
func typed(seed uint64) (docs []document, err error) {
	for i, k := range kinds {
		r := &random{source: rand.NewPCG(seed, uint64(i))}
		for r.number = range typedSessions {
			v := k.make(r)
			if k.keys != "" {
				v = map[string]any{pick(r, strings.Fields(k.keys)...): v}
			}
			item, err := value.Append(nil, v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			docs = append(docs, document{kind: k.name, origin: "typed", weight: k.weight * tune.typed / typedSessions, item: item})
		}
	}
	return docs, nil
}

// The keys of integers, lists, maps and times.
const (
	numberKeyNames = "user_id id uid account_id org_id count visits page step level"
	listKeyNames   = "roles ids permissions items scopes recent groups selected history tags"
	mapKeyNames    = "cart items settings preferences flags quantities filters form"
	timeKeyNames   = "created_at updated_at last_seen expires_at login_at lastActivity expiry LoginTime"
)

var kinds = []kind{
	{"int8", 2, numberKeyNames, func(r *random) any { return int8(r.signed(7)) }},
	{"int16", 2, numberKeyNames, func(r *random) any { return int16(r.signed(15)) }},
	{"int32", 6, numberKeyNames, func(r *random) any { return int32(r.signed(31)) }},
	{"int64", 30, numberKeyNames, func(r *random) any { return int64(r.upTo(34)) }},
	{"int64 time", 6, timeKeyNames, func(r *random) any { return r.seconds() }},
	{"int64 snowflake", 2, numberKeyNames, func(r *random) any { return int64(r.bits(19)<<40 | 1<<59 | r.bits(40)) }},
	{"int negative", 4, numberKeyNames, func(r *random) any { return -1 - int(r.upTo(20)) }},
	{"uint", 12, numberKeyNames, func(r *random) any { return uint(r.upTo(31)) }},
	{"uint8", 3, numberKeyNames, func(r *random) any { return uint8(r.upTo(8)) }},
	{"uint16", 2, numberKeyNames, func(r *random) any { return uint16(r.upTo(16)) }},
	{"uint32", 4, numberKeyNames, func(r *random) any { return uint32(r.upTo(32)) }},
	{"uint64", 6, numberKeyNames, func(r *random) any { return r.upTo(40) }},
	{"uintptr", 1, numberKeyNames, func(r *random) any { return uintptr(r.upTo(40)) }},
	{"float32", 2, "score rate price total ratio", func(r *random) any { return float32(r.upTo(12)) / 4 }},
	{"float64", 2, "score rate price total ratio lat lng", func(r *random) any { return float64(r.bits(30)) / (1 << 23) }},
	{"Duration", 3, "ttl timeout elapsed offset", func(r *random) any {
		return pick(r, time.Second, time.Minute, time.Hour, 24*time.Hour, time.Millisecond) * time.Duration(1+r.upTo(6))
	}},

	{"Time", 12, timeKeyNames, func(r *random) any { return time.Unix(r.seconds(), 0).UTC() }},
	{"Time nanoseconds", 12, timeKeyNames, func(r *random) any { return time.Unix(r.seconds(), int64(1+r.below(999_999_999))).UTC() }},
	{"Time microseconds", 4, timeKeyNames, func(r *random) any { return time.Unix(r.seconds(), int64(1+r.below(999_999))*1000).UTC() }},
	{"Time offset", 8, timeKeyNames, func(r *random) any { return r.local(int64(r.below(1_000_000_000))) }},
	{"Time offset, seconds", 4, timeKeyNames, func(r *random) any { return r.local(0) }},

	{"Time text", 1, timeKeyNames, func(r *random) any {
		return time.Unix(r.seconds(), int64(r.below(1000))*1e6).UTC().Format("2006-01-02T15:04:05.000Z")
	}},
	{"[]string", 16, listKeyNames, func(r *random) any { return list(r, 5, (*random).word) }},
	{"[]int", 6, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) int { return int(r.upTo(16)) }) }},
	{"[]int8", 1, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) int8 { return int8(r.signed(7)) }) }},
	{"[]int16", 1, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) int16 { return int16(r.signed(15)) }) }},
	{"[]int32", 2, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) int32 { return int32(r.upTo(24)) }) }},
	{"[]int64", 6, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) int64 { return int64(r.upTo(24)) }) }},
	{"[]uint", 2, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) uint { return uint(r.upTo(20)) }) }},
	{"[]uint16", 1, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) uint16 { return uint16(r.upTo(16)) }) }},
	{"[]uint32", 1, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) uint32 { return uint32(r.upTo(24)) }) }},
	{"[]uint64", 2, listKeyNames, func(r *random) any { return list(r, 6, func(r *random) uint64 { return r.upTo(34) }) }},
	{"[]uintptr", 1, listKeyNames, func(r *random) any { return list(r, 4, func(r *random) uintptr { return uintptr(r.upTo(24)) }) }},
	{"[]float32", 1, listKeyNames, func(r *random) any {
		return list(r, 5, func(r *random) float32 { return float32(r.upTo(12)) / 8 })
	}},
	{"[]float64", 2, listKeyNames, func(r *random) any {
		return list(r, 5, func(r *random) float64 { return float64(1+r.below(20_000)) / 100 })
	}},
	{"[]bool", 1, listKeyNames, func(r *random) any { return list(r, 8, func(r *random) bool { return r.below(2) == 0 }) }},
	{"[][]byte", 1, listKeyNames, func(r *random) any { return list(r, 3, func(r *random) any { return r.bytes(8 + r.below(24)) }) }},
	{"[]any", 3, listKeyNames, func(r *random) any { return list(r, 4, (*random).any) }},
	{"map[string]string", 8, mapKeyNames, func(r *random) any { return mapOf(r, 4, (*random).word, (*random).word) }},
	{"map[string]int", 3, mapKeyNames, func(r *random) any {
		return mapOf(r, 4, (*random).word, func(r *random) int { return int(r.upTo(8)) })
	}},
	{"map[any]any", 3, mapKeyNames, func(r *random) any {
		return mapOf(r, 4, func(r *random) any { return r.word() }, (*random).any)
	}},
	{"map[any]any keys", 2, mapKeyNames, func(r *random) any {
		return mapOf(r, 4, (*random).key, (*random).any)
	}},
	{"map[string]any", 3, mapKeyNames, func(r *random) any { return mapOf(r, 4, (*random).word, (*random).any) }},
	{"nil", 4, mapKeyNames, func(r *random) any {
		nils := []any{[]string(nil), []int(nil), map[string]string(nil), map[string]int(nil), map[any]any(nil), []byte(nil), []any(nil), map[string]any(nil),
			[]int8(nil), []int16(nil), []int32(nil), []int64(nil), []uint(nil), []uint16(nil), []uint32(nil), []uint64(nil), []uintptr(nil), []float32(nil), []float64(nil), []bool(nil)}
		return nils[r.number%len(nils)]
	}},

	{"registered struct", 10, "user flash profile token _flash", func(r *random) any { return r.flash() }},
	{"registered string", 6, "role theme status plan", func(r *random) any { return role(r.word()) }},
	{"registered list", 3, "cart items messages _flash", func(r *random) any { return list(r, 3, func(r *random) any { return r.flash() }) }},
	{"registered methods", 2, "amount ip next", func(r *random) any {
		return pick[any](r, bigInt(r), netip.AddrFrom4([4]byte(r.bytes(4))), pageURL(r))
	}},
	{"bytes", 4, "token nonce state key csrf secret", func(r *random) any { return r.bytes(pick(r, 16, 20, 32, 32, 64, 8+r.below(60))) }},
	{"bytes of JSON", 2, "state raw payload data", func(r *random) any { return fmt.Appendf(nil, `{"id":%d,"name":%q}`, r.upTo(20), r.word()) }},
	{"not UTF-8", 1, "state raw payload data", func(r *random) any { return "\xff" + string(r.bytes(4+r.below(20))) }},

	{"map[int]int dense", 6, "", func(r *random) any {
		from := int(r.upTo(12))
		return struct {
			Cart map[int]int `json:"cart"`
		}{mapOf(r, 8, func(r *random) int { from += 1 + r.below(2); return from }, func(r *random) int { return 1 + r.below(9) })}
	}},
	{"map[int64]bool sparse", 6, "", func(r *random) any {
		return struct {
			Seen map[int64]bool `json:"seen"`
		}{mapOf(r, 8, func(r *random) int64 { return int64(r.upTo(30)) }, func(r *random) bool { return r.below(8) > 0 })}
	}},
	{"map[int32]string", 2, "", func(r *random) any {
		return struct {
			Filters map[int32]string `json:"filters"`
		}{mapOf(r, 5, func(r *random) int32 { return int32(r.upTo(10)) }, (*random).word)}
	}},
	{"map[int] negative", 2, "", func(r *random) any {
		return struct {
			Votes map[int]int `json:"votes"`
		}{mapOf(r, 6, func(r *random) int { return int(r.signed(12)) }, func(r *random) int { return 1 - 2*r.below(2) })}
	}},
	{"map[uint64]time", 2, "", func(r *random) any {
		return struct {
			Seen map[uint64]time.Time `json:"last_seen"`
		}{mapOf(r, 5, func(r *random) uint64 { return r.upTo(40) }, func(r *random) time.Time { return time.Unix(r.seconds(), 0) })}
	}},
	{"map[time]", 1, "", func(r *random) any {
		return struct {
			Visits map[time.Time]int `json:"visits"`
		}{mapOf(r, 4, func(r *random) time.Time { return time.Unix(r.seconds(), 0) }, func(r *random) int { return 1 + r.below(30) })}
	}},
	{"map[[16]byte]", 1, "", func(r *random) any {
		return struct {
			Devices map[[16]byte]string `json:"devices"`
		}{mapOf(r, 3, func(r *random) [16]byte { return [16]byte(r.bytes(16)) }, (*random).word)}
	}},
	{"keyasint", 8, "", func(r *random) any {
		return numbered{r.upTo(24), r.word(), r.seconds(), list(r, 3, (*random).word), r.below(2) == 0, r.below(50), r.word(), int(r.upTo(16))}
	}},
	{"keyasint wide", 2, "", func(r *random) any {
		return wide{r.upTo(24), r.seconds(), r.word(), r.below(2) == 0, r.below(100)}
	}},
	{"struct", 8, "", func(r *random) any {
		return account{
			ID: int64(r.upTo(30)), Role: role(r.word()), Since: time.Unix(r.seconds(), int64(r.below(1_000_000_000))), Scopes: list(r, 3, (*random).word),
			Address: netip.AddrFrom4([4]byte(r.bytes(4))), Balance: bigInt(r), Next: pageURL(r), Device: uuid(r.bytes(16)), Extra: r.any(),
		}
	}},
}

// Types that sessions have, and those of them that an any holds.
type (
	flash struct {
		Level   string `json:"level"`
		Message string `json:"message"`
		Count   int    `json:"count,omitempty"`
	}
	role     string
	uuid     [16]byte
	numbered struct {
		ID    uint64   `cbor:"1,keyasint"`
		Name  string   `cbor:"2,keyasint"`
		At    int64    `cbor:"3,keyasint"`
		Roles []string `cbor:"4,keyasint"`
		Admin bool     `cbor:"5,keyasint"`
		Step  int      `cbor:"6,keyasint"`
		Theme string   `cbor:"7,keyasint"`
		Org   int      `cbor:"8,keyasint"`
	}
	wide struct { // with gaps, as fields that went leave them
		ID    uint64 `cbor:"1,keyasint"`
		At    int64  `cbor:"4,keyasint"`
		Lang  string `cbor:"10,keyasint"`
		Admin bool   `cbor:"20,keyasint"`
		Step  int    `cbor:"100,keyasint"`
	}
	account struct {
		ID      int64      `json:"id"`
		Role    role       `json:"role"`
		Since   time.Time  `json:"since"`
		Scopes  []string   `json:"scopes"`
		Address netip.Addr `json:"ip"`
		Balance *big.Int   `json:"balance"`
		Next    *url.URL   `json:"next"`
		Device  uuid       `json:"device"`
		Extra   any        `json:"extra"`
	}
)

func init() {
	value.Register("flash.Message", flash{})
	value.Register("role", role(""))
	value.Register("big.Int", &big.Int{})
	value.Register("netip.Addr", netip.Addr{})
	value.Register("url.URL", &url.URL{})
}

// A random makes values. It takes nothing of math/rand/v2 but a source, of
// which every number is defined.
type random struct {
	source *rand.PCG
	number int // of the session of this kind
}

func (r *random) below(n int) int { return int(r.source.Uint64() % uint64(n)) }

func (r *random) bits(n int) uint64 { return r.source.Uint64() & (1<<n - 1) }

// upTo returns a number of at most n bits; each length is as likely as the
// next.
func (r *random) upTo(n int) uint64 { return r.bits(1 + r.below(n)) }

// signed is upTo, but negative in one of four.
func (r *random) signed(n int) int64 {
	if r.below(4) == 0 {
		return -1 - int64(r.upTo(n))
	}
	return int64(r.upTo(n))
}

// seconds returns a time of the years from 2024 on.
func (r *random) seconds() int64 { return 1_704_000_000 + int64(r.below(150_000_000)) }

// local returns a time in a zone that has an offset.
func (r *random) local(nanoseconds int64) time.Time {
	hours := pick(r, 2, 4, 4, 16, 20, -10, -14, -16, -20, -28, 22, 36, 32) // quarters
	return time.Unix(r.seconds(), nanoseconds).In(time.FixedZone("", hours*900))
}

func (r *random) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.source.Uint64() >> 32)
	}
	return b
}

func (r *random) word() string {
	return pick(r, "admin", "editor", "user", "dark", "en", "read", "write", "profile", "email", "red", "large", "newest", "Berlin", "pending", "b2-17", "")
}

func (r *random) flash() flash {
	return flash{pick(r, "success", "error", "info"), pick(r, "Saved.", "Please sign in.", "That did not work."), r.below(2)}
}

// key returns a key that is no text, most often an integer.
func (r *random) key() any {
	switch r.below(12) {
	case 0:
		return r.below(2) == 0
	case 1:
		return float64(r.below(100)) / 4
	}
	return int(r.signed(8))
}

// any returns a value of a kind that is simple.
func (r *random) any() any {
	switch r.below(8) {
	case 0:
		return int64(r.upTo(20))
	case 1:
		return int(r.upTo(12))
	case 2:
		return r.below(2) == 0
	case 3:
		return float64(r.below(20_000)) / 100
	case 4:
		return time.Unix(r.seconds(), 0).UTC()
	case 5:
		return []any{r.word(), int(r.upTo(6))}
	case 6:
		return map[string]any{r.word(): r.word()}
	}
	return r.word()
}

func bigInt(r *random) *big.Int {
	n := new(big.Int).SetBytes(r.bytes(1 + r.below(16)))
	if r.below(8) == 0 {
		n.Neg(n)
	}
	return n
}

func pageURL(r *random) *url.URL {
	return &url.URL{Scheme: "https", Host: "shop.example", Path: "/" + r.word(), RawQuery: fmt.Sprintf("page=%d", r.below(40))}
}

func pick[T any](r *random, list ...T) T { return list[r.below(len(list))] }

// list returns up to n elements; one list in ten is empty, and one is nil.
func list[T any](r *random, n int, elem func(*random) T) []T {
	switch r.below(10) {
	case 0:
		return nil
	case 1:
		return []T{}
	}
	l := make([]T, 1+r.below(n))
	for i := range l {
		l[i] = elem(r)
	}
	return l
}

// mapOf returns a map of up to n entries.
func mapOf[K comparable, V any](r *random, n int, key func(*random) K, elem func(*random) V) map[K]V {
	m := make(map[K]V)
	for range 1 + r.below(n) {
		m[key(r)] = elem(r)
	}
	return m
}
