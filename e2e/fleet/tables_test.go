package fleet

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	tables = flag.Bool("tables", false, "simulate the tables and charts of docs/ROTATION.md")
	update = flag.Bool("update", false, "write the charts in docs")
)

var (
	activations = []time.Duration{0, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, day}
	delays      = []time.Duration{0, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, day}
	latenesses  = []time.Duration{0, 12 * time.Hour, 25 * time.Hour, 3 * day}
)

// TestTables simulates what ROTATION.md has to say about -activate-in and
// -keep. It takes a minute.
func TestTables(t *testing.T) {
	if !*tables {
		t.Skip("takes a minute: -tables")
	}
	heat := activationTable(t)
	t.Log("visitors logged out in a million requests, by -activate-in and how late the file can be\n" + heat.text())
	curves := keepTable(t)
	t.Log("visitors logged out in a million requests, by -keep and how late the file comes to one of 20 replicas\n" + curves.text())
	for name, colours := range map[string]palette{"light": light, "dark": dark} {
		checkFile(t, filepath.Join("..", "..", "docs", "rotation-region-"+name+".svg"), regionChart(heat, curves, colours))
	}
}

// TestLifeChart checks the picture of the life of a key.
func TestLifeChart(t *testing.T) {
	for name, colours := range map[string]palette{"light": light, "dark": dark} {
		checkFile(t, filepath.Join("..", "..", "docs", "rotation-life-"+name+".svg"), lifeChart(colours))
	}
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is another one (-update writes it): %v", path, err)
	}
}

// A grid has figures in rows and columns.
type grid struct {
	rows, columns []time.Duration
	perMillion    map[[2]time.Duration]float64
}

func simulateGrid(t *testing.T, rows, columns []time.Duration, scenario func(row, column time.Duration) scenario) grid {
	g := grid{rows, columns, make(map[[2]time.Duration]float64)}
	for _, row := range rows {
		for _, column := range columns {
			f := run(t, scenario(row, column))
			g.perMillion[[2]time.Duration{row, column}] = f.perMillion()
		}
	}
	return g
}

func (g grid) at(row, column time.Duration) float64 {
	return g.perMillion[[2]time.Duration{row, column}]
}

func (g grid) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8s", "")
	for _, c := range g.columns {
		fmt.Fprintf(&b, "%10s", short(c))
	}
	for _, r := range g.rows {
		fmt.Fprintf(&b, "\n%8s", short(r))
		for _, c := range g.columns {
			fmt.Fprintf(&b, "%10s", figure(g.at(r, c)))
		}
	}
	return b.String()
}

// figure writes a rate, and 0 only for none.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// short writes a duration in one unit.
func short(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d == 0:
		return "0"
	case d%day == 0:
		return fmt.Sprintf("%s%d d", sign, d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%s%d h", sign, d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%s%d min", sign, d/time.Minute)
	}
	return fmt.Sprintf("%s%d s", sign, d/time.Second)
}

// activationTable: 20 replicas, visitors who are always there, a rotation each
// day, early reload on. The file comes to each replica's node at a moment up to
// the column's after it was changed, and is read within a minute.
func activationTable(t *testing.T) grid {
	return simulateGrid(t, activations, delays, func(activateIn, late time.Duration) scenario {
		c := base()
		c.kind, c.visitors, c.span, c.every, c.activateIn = busy, 150, 6*day, day, activateIn
		c.late = func(r *rand.Rand, _ int) time.Duration { return rand64(r, late) }
		return c
	})
}

// keepTable: sessions of 14 days, visitors who come back after 13 days and in
// the last hours, each always to one replica. One of 20 replicas gets the file
// late by the row.
func keepTable(t *testing.T) grid {
	var beyond []time.Duration
	for d := -48 * time.Hour; d <= 96*time.Hour; d += 12 * time.Hour {
		beyond = append(beyond, d)
	}
	return simulateGrid(t, latenesses, beyond, func(late, beyond time.Duration) scenario {
		c := base()
		c.keep, c.visitors, c.span, c.every, c.sticky, c.kind = c.life+beyond, 20_000, 100*day, 20*day, 1, returning
		c.late = lateBy(late)
		return c
	})
}
