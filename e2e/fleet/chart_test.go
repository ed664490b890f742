package fleet

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A palette has the colours of a chart.
type palette struct {
	ground, ink, faint, line string
	good, goodInk            string
	bad                      [3]int // at its worst; the mildest is half way to the ground
	badInk                   string
	curves                   []string
}

var (
	light = palette{"#ffffff", "#1f2328", "#59636e", "#d1d9e0", "#dafbe1", "#116329", [3]int{207, 34, 46}, "#ffffff",
		[]string{"#1a7f37", "#0969da", "#9a6700", "#cf222e"}}
	dark = palette{"#0d1117", "#f0f6fc", "#9198a1", "#3d444d", "#12351d", "#7ee787", [3]int{218, 54, 51}, "#ffffff",
		[]string{"#3fb950", "#58a6ff", "#d29922", "#ff7b72"}}
)

// A drawing is an SVG in the making.
type drawing struct {
	strings.Builder
	palette
}

func draw(p palette, width, height int, title, about string) *drawing {
	d := &drawing{palette: p}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t a" font-family="Helvetica, Arial, sans-serif" font-size="13">`, width, height, width, height)
	d.add(`<title id="t">%s</title><desc id="a">%s</desc>`, title, about)
	d.add(`<rect width="%d" height="%d" fill="%s"/>`, width, height, p.ground)
	return d
}

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) end() string { return d.String() + "</svg>\n" }

// label writes text; anchor is start, middle or end.
func (d *drawing) label(x, y float64, anchor, colour, text string) {
	d.add(`<text x="%.0f" y="%.0f" text-anchor="%s" fill="%s">%s</text>`, x, y, anchor, colour, text)
}

func (d *drawing) heading(x, y float64, text string) {
	d.add(`<text x="%.0f" y="%.0f" font-weight="bold" fill="%s">%s</text>`, x, y, d.ink, text)
}

func (d *drawing) stroke(x1, y1, x2, y2 float64, colour string, width float64, dash string) {
	d.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f" stroke-dasharray="%s"/>`, x1, y1, x2, y2, colour, width, dash)
}

// shade returns the colour of a rate: the worse, the farther from the ground.
func (d *drawing) shade(perMillion float64) string {
	f := 0.45 + 0.55*min(1, math.Log10(perMillion+1)/4.5)
	var ground [3]int
	fmt.Sscanf(d.ground, "#%02x%02x%02x", &ground[0], &ground[1], &ground[2])
	mix := func(i int) int { return int(float64(ground[i])*(1-f) + float64(d.bad[i])*f) }
	return fmt.Sprintf("#%02x%02x%02x", mix(0), mix(1), mix(2))
}

// regionChart shows where a rotation logs nobody out.
func regionChart(heat, curves grid, p palette) string {
	d := draw(p, 940, 740, "Where a rotation logs nobody out",
		"Visitors logged out in a million requests: a table by -activate-in and by how late the file can be, and curves by -keep, for files that come late to one of 20 replicas.")
	d.heading(30, 34, "Visitors logged out in a million requests")

	d.heading(30, 70, "-activate-in, and how late the file can come to a replica")
	const left, top, width, height = 130.0, 104.0, 86.0, 32.0
	for j, late := range heat.columns {
		d.label(left+(float64(j)+0.5)*width, top-8, "middle", p.faint, short(late))
	}
	for i, in := range heat.rows {
		y := top + float64(i)*height
		d.label(left-10, y+21, "end", p.faint, short(in))
		for j, late := range heat.columns {
			v, fill, ink := heat.at(in, late), p.good, p.goodInk
			if v > 0 {
				fill, ink = d.shade(v), p.badInk
			}
			x := left + float64(j)*width
			d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="3" fill="%s"/>`, x+1, y+1, width-2, height-2, fill)
			d.label(x+width/2, y+21, "middle", ink, figure(v))
		}
	}

	bottom := top + float64(len(heat.rows))*height
	d.heading(30, bottom+50, "-keep, relative to the longest life of a session (14 d)")
	curveChart(d, curves, 90, bottom+80, 810, 300)
	return d.end()
}

// curveChart draws the rates of a grid over its columns, by a scale of tens.
func curveChart(d *drawing, g grid, left, top, width, height float64) {
	first, last := g.columns[0], g.columns[len(g.columns)-1]
	x := func(at time.Duration) float64 { return left + float64(at-first)/float64(last-first)*width }
	const decades = 4 // to 10,000
	y := func(v float64) float64 { return top + height*(1-min(1, math.Log10(v+1)/decades)) }
	for _, v := range []float64{0, 10, 100, 1000, 10_000} {
		d.stroke(left, y(v), left+width, y(v), d.line, 1, "none")
		d.label(left-8, y(v)+4, "end", d.faint, figure(v))
	}
	for _, c := range g.columns {
		d.stroke(x(c), top, x(c), top+height, d.line, 1, "none")
		name := "L"
		if c != 0 {
			name = fmt.Sprintf("%+d h", c/time.Hour)
		}
		d.label(x(c), top+height+18, "middle", d.faint, name)
	}
	d.stroke(x(day), top, x(day), top+height, d.faint, 1.5, "4 4")
	d.label(x(day)+6, top+14, "start", d.faint, "default")
	for i, r := range g.rows {
		var points []string
		for _, c := range g.columns {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(c), y(g.at(r, c))))
		}
		colour := d.curves[i]
		d.add(`<polyline points="%s" fill="none" stroke="%s" stroke-width="2.2"/>`, strings.Join(points, " "), colour)
		name := "each replica has the file in time"
		if r > 0 {
			name = fmt.Sprintf("one of 20 has it %s late", short(r))
		}
		at := top + 40 + 20*float64(i)
		d.stroke(left+width-250, at-4, left+width-226, at-4, colour, 3, "none")
		d.label(left+width-220, at, "start", d.ink, name)
	}
}

// lifeChart shows three keys over three months, with -every 30d.
func lifeChart(p palette) string {
	d := draw(p, 940, 250, "The life of a key",
		"Three keys, one each 30 days. Each is pending for an hour, seals until the next one is activated, opens for 15 days more, and retires.")
	const left, days, row = 90.0, 106.0, 44.0
	x := func(day float64) float64 { return left + day/days*820 }
	box := func(from, to, y float64, fill, ink, text string) {
		d.add(`<rect x="%.1f" y="%.0f" width="%.1f" height="26" rx="3" fill="%s"/>`, x(from), y, max(3, x(to)-x(from)), fill)
		d.label((x(from)+x(to))/2, y+18, "middle", ink, text)
	}
	for day := 0.0; day <= 105; day += 15 {
		d.stroke(x(day), 40, x(day), 180, d.line, 1, "none")
		d.label(x(day), 32, "middle", d.faint, fmt.Sprintf("day %.0f", day))
	}
	d.stroke(x(30), 40, x(30), 190, d.faint, 1.5, "3 3")
	d.stroke(x(45), 40, x(45), 226, d.faint, 1.5, "3 3")
	for i := range 3 {
		from, y := 30*float64(i), 50+row*float64(i)
		d.label(left-14, y+18, "end", d.ink, fmt.Sprintf("key %d", i+1))
		if i > 0 {
			box(from-0.6, from, y, d.curves[2], d.ink, "")
			d.label(x(from)-8, y+18, "end", d.curves[2], "pending 1h")
		}
		if i < 2 {
			box(from, from+30, y, d.curves[0], d.ground, "seals and opens")
			box(from+30, from+45, y, d.good, d.goodInk, "opens")
			d.label(x(from+45)+6, y+18, "start", d.faint, "retires")
		} else {
			box(from, days, y, d.curves[0], d.ground, "seals and opens")
		}
	}
	d.label(x(30), 204, "middle", d.faint, "key 2 activates: every replica")
	d.label(x(30), 220, "middle", d.faint, "seals with it from here on")
	d.label(x(45), 238, "start", d.faint, "15 days later (-keep) key 1 retires: no session lives for so long")
	return d.end()
}
