package fleet

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

const (
	day     = 24 * time.Hour
	forever = 100_000 * time.Hour // between readings that nobody asks for
)

// A scenario is a fleet, its visitors and its operators.
type scenario struct {
	seed               uint64
	replicas, visitors int
	span               time.Duration
	schedule
	life      time.Duration // of a session
	cron      time.Duration // how often rotate runs
	interval  time.Duration // of Watch
	early     bool          // SetEarlyReload
	sticky    float64       // the share of visitors who always come to the same replica
	kind      func(visitor int) habit
	late      func(r *rand.Rand, replica int) time.Duration // until a replica's node has a changed file
	skew      func(replica int) time.Duration               // of a replica's clock
	restarts  time.Duration                                 // how often each replica is restarted; 0: never
	changes   int                                           // one request in so many changes the session; 0: none
	clocks    time.Duration                                 // an end that much too early is put down to the clocks
	isManager bool                                          // have a real Manager decide as well, and compare
}

// base is a fleet that keeps within all bounds.
func base() scenario {
	return scenario{
		seed: 1, replicas: 20, visitors: 4000, span: 120 * day,
		schedule: schedule{every: 30 * day, activateIn: time.Hour, keep: 15 * day},
		life:     14 * day, cron: day, interval: time.Minute, early: true, sticky: 0.5, kind: mixed, changes: 8,
		late: func(r *rand.Rand, _ int) time.Duration { return time.Minute + rand64(r, time.Minute) },
		skew: func(int) time.Duration { return 0 },
	}
}

// A habit says when a visitor comes back.
type habit uint8

const (
	daily   habit = iota
	weekly        // some minutes, then days
	monthly       // after 13 days
	rarely
	lately // in the last hours of a session
	always // every 20 seconds
)

func mixed(visitor int) habit {
	return []habit{daily, weekly, monthly, rarely, lately, weekly, rarely, weekly, rarely, monthly}[visitor%10]
}

func returning(visitor int) habit { return []habit{monthly, lately, lately, rarely, weekly}[visitor%5] }

func busy(int) habit { return always }

// pause returns how long a visitor stays away.
func (s *simulation) pause(h habit) time.Duration {
	often := func(share float64, then, else_ time.Duration) time.Duration {
		if s.rand.Float64() < share {
			return exponential(s.rand, then)
		}
		return else_
	}
	switch h {
	case daily:
		return often(0.8, 40*time.Second, exponential(s.rand, day))
	case weekly:
		return often(0.6, time.Minute, exponential(s.rand, 6*day))
	case monthly:
		return often(0.3, 30*time.Second, 13*day+time.Duration(s.rand.NormFloat64()*float64(8*time.Hour)))
	case rarely:
		return often(0.5, time.Minute, exponential(s.rand, 12*day))
	case lately:
		return often(0.2, 30*time.Second, s.life-min(exponential(s.rand, s.life/56), s.life*9/10))
	case always:
		return exponential(s.rand, 20*time.Second)
	default:
		panic(h)
	}
}

func exponential(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

func rand64(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most) + 1))
}

// A visitor is a browser with one cookie.
type visitor struct {
	cookie
	has   bool
	node  int32 // -1: any
	habit habit
	moved string // the last key that a request moved the session to without a change
	moves uint8  // how often it did
	value string // of the real cookie, if there are Managers
}

// figures are what a simulation counts.
type figures struct {
	requests, logins, expired, changed, resealed, rotations int
	repeated                                                int // visitors who were moved to one key twice
	earlyReadings                                           int // for a visitor
	refused                                                 int // files
	compared                                                int // decisions, with a Manager
	lost                                                    map[cookiesession.Reason]int
}

func (f *figures) losses() (sum int) {
	for _, n := range f.lost {
		sum += n
	}
	return sum
}

// perMillion is how many visitors are logged out in a million requests.
func (f *figures) perMillion() float64 {
	return 1e6 * float64(f.losses()) / float64(max(1, f.requests))
}

func (f *figures) String() string {
	var lost []string
	for _, reason := range slices.Sorted(maps.Keys(f.lost)) {
		lost = append(lost, fmt.Sprintf("%s %d", reason, f.lost[reason]))
	}
	return fmt.Sprintf("%d requests, %d logins, %d rotations, %d sealed anew (%d visitors twice for a key), %d early readings, %d files refused, %d lost %v",
		f.requests, f.logins, f.rotations, f.resealed, f.repeated, f.earlyReadings, f.refused, f.losses(), lost)
}

// A simulation is a scenario as it runs.
type simulation struct {
	scenario
	figures
	t        *testing.T
	dir      string
	rand     *rand.Rand
	now      time.Time // true
	queue    queue
	keys     []fileKey
	texts    []string // of the file, one for each rotation
	nodes    []node
	visits   []visitor
	managers []*manager
}

// A node is a replica, with the version of the file that has reached it.
type node struct {
	keys    *cookiesession.Keyring
	view    view
	file    string
	version int // of the file
	read    int // by the replica
	stop    func()
	unknown map[string]retry
}

// A retry says when a key that the file does not have is looked for again.
type retry struct {
	wait  time.Duration
	until time.Time
}

// begin is when simulations begin: in the bubble of synctest it is 2000.
var begin = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// run runs a scenario.
func run(t *testing.T, c scenario) (f figures) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &simulation{scenario: c, t: t, dir: dir, rand: rand.New(rand.NewPCG(c.seed, 77)), now: begin}
		s.lost = make(map[cookiesession.Reason]int)
		s.run()
		f = s.figures
	})
	return f
}

func (s *simulation) run() {
	defer clock.SetOffset(0)
	s.keys = []fileKey{{Key: cookiesession.NewKey(), activates: s.now.Add(-time.Hour)}}
	s.texts = []string{text(s.keys)}
	s.nodes, s.managers = make([]node, s.replicas), make([]*manager, s.replicas)
	for i := range s.nodes {
		s.nodes[i].file = filepath.Join(s.dir, fmt.Sprintf("node-%d", i))
		write(s.t, s.nodes[i].file, s.texts[0])
		s.start(i)
		if s.restarts > 0 {
			s.queue.push(event{s.now.Add(rand64(s.rand, s.restarts)), restart, int32(i), 0})
		}
	}
	defer func() {
		for i := range s.nodes {
			s.nodes[i].stop()
		}
	}()
	s.visits = make([]visitor, s.visitors)
	for i := range s.visits {
		v := &s.visits[i]
		v.node, v.habit = -1, s.kind(i)
		if s.rand.Float64() < s.sticky {
			v.node = int32(s.rand.IntN(s.replicas))
		}
		s.queue.push(event{s.now.Add(rand64(s.rand, min(10*day, s.span/10))), visit, int32(i), 0})
	}
	s.queue.push(event{s.now.Add(s.cron / 7), rotation, 0, 0})

	for end := s.now.Add(s.span); ; {
		e := s.queue.pop()
		if e.at.After(end) {
			return
		}
		s.now = e.at
		switch e.kind {
		case visit:
			s.visit(int(e.who))
			s.queue.push(event{s.now.Add(s.pause(s.visits[e.who].habit) + time.Second), visit, e.who, 0})
		case arrival:
			s.arrive(int(e.who), int(e.version))
		case reading:
			s.read(int(e.who))
		case rotation:
			s.rotate()
			s.queue.push(event{s.now.Add(s.cron), rotation, 0, 0})
		case restart:
			s.nodes[e.who].stop()
			s.start(int(e.who))
			s.queue.push(event{s.now.Add(s.restarts), restart, e.who, 0})
		default:
			panic(e.kind)
		}
	}
}

// on sets the clock to that of a replica, and returns its time.
func (s *simulation) on(i int) time.Time {
	now := s.now.Truncate(time.Second).Add(s.skew(i))
	clock.SetOffset(time.Until(now))
	return now
}

// start starts a replica.
func (s *simulation) start(i int) {
	n := &s.nodes[i]
	s.on(i)
	var err error
	if n.keys, err = cookiesession.OpenKeyring(n.file); err != nil {
		s.t.Fatal(err)
	}
	n.keys.SetEarlyReload(s.early)
	n.stop, n.unknown = func() {}, make(map[string]retry)
	n.read = n.version
	if s.isManager {
		s.managers[i] = newManager(s.t, n.keys, s.life)
	}
	s.read(i)
}

// read has a replica read its file.
func (s *simulation) read(i int) {
	n := &s.nodes[i]
	n.stop()
	s.on(i)
	ctx, cancel := context.WithCancel(context.Background())
	before, refused := n.keys.Loaded(), false
	go n.keys.Watch(ctx, forever, func(err error) {
		refused = refused || strings.Contains(err.Error(), "not reloaded")
	})
	synctest.Wait()
	if !refused && n.keys.Loaded().Equal(before) {
		time.Sleep(1100 * time.Millisecond) // it looks twice at a file that has lost keys
		synctest.Wait()
	}
	n.stop = func() {
		cancel()
		synctest.Wait()
	}
	if !s.isManager {
		n.stop() // only a Manager reads early by itself
		n.stop = func() {}
	}
	if refused {
		s.refused++
	} else {
		n.read = n.version
	}
	s.look(i)
}

// look takes over what a replica knows.
func (s *simulation) look(i int) {
	s.on(i)
	n := &s.nodes[i]
	n.view = viewOf(n.keys.Keys())
}

// rotate is cron's job.
func (s *simulation) rotate() {
	keys, ok := s.schedule.rotate(s.keys, s.now.Truncate(time.Second))
	if !ok {
		return
	}
	s.rotations++
	s.keys = keys
	s.texts = append(s.texts, text(keys))
	for i := range s.nodes {
		s.queue.push(event{s.now.Add(s.late(s.rand, i)), arrival, int32(i), int32(len(s.texts) - 1)})
	}
}

// arrive puts a version of the file on a replica's node.
func (s *simulation) arrive(i, version int) {
	n := &s.nodes[i]
	if version <= n.version {
		return // an older one that was late
	}
	n.version = version
	write(s.t, n.file, s.texts[version])
	s.queue.push(event{s.now.Add(rand64(s.rand, s.interval)), reading, int32(i), 0})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// visit is one request.
func (s *simulation) visit(who int) {
	v := &s.visits[who]
	i := int(v.node)
	if i < 0 {
		i = s.rand.IntN(s.replicas)
	}
	s.requests++
	truth := s.now.Unix()
	if v.has && (truth >= v.end || truth >= v.created+seconds(s.life)) {
		v.has = false // as it should be
		s.expired++
	}
	if !v.has {
		s.login(who, i)
		return
	}
	change := s.changes > 0 && s.rand.IntN(s.changes) == 0
	done, refusal := s.request(who, i, change)
	switch {
	case refusal == cookiesession.ReasonLifetime && v.created+seconds(s.life-s.clocks) <= truth:
		v.has = false // by a clock that is ahead
		s.expired++
	case refusal != "":
		s.lost[refusal]++
		s.login(who, i)
	case done == changed:
		s.changed++
	case done == resealed:
		s.resealed++
		if v.moved != v.key {
			v.moved, v.moves = v.key, 0
		}
		if v.moves++; v.moves == 2 {
			s.repeated++
		}
	}
}

// login begins a session, in place of whatever the visitor has.
func (s *simulation) login(who, i int) {
	v, n := &s.visits[who], &s.nodes[i]
	now := s.on(i)
	v.cookie, v.has = n.view.login(s.life, now, s.now.Unix())
	if s.isManager {
		s.managers[i].login(s, who, v)
	}
	if v.has {
		s.logins++
	}
}

// request has a replica answer.
func (s *simulation) request(who, i int, change bool) (act, cookiesession.Reason) {
	v, n := &s.visits[who], &s.nodes[i]
	now := s.on(i)
	if s.isManager {
		return s.managers[i].request(s, who, i, change)
	}
	if n.view.find(v.key, now) < 0 && s.early && n.mayLook(v.key, now) {
		s.earlyReadings++
		s.read(i)
		if now = s.on(i); n.view.find(v.key, now) < 0 {
			n.note(v.key, now)
		} else {
			clear(n.unknown)
		}
	}
	return n.view.request(&v.cookie, change, s.life, now, s.now.Unix())
}

// mayLook reports whether the file is read for a key that the ring lacks: at
// once, and then again after 1, 2, 4 ... seconds.
func (n *node) mayLook(id string, now time.Time) bool { return !now.Before(n.unknown[id].until) }

func (n *node) note(id string, now time.Time) {
	wait := min(max(time.Second, 2*n.unknown[id].wait), time.Minute)
	n.unknown[id] = retry{wait, now.Add(wait)}
}
