package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var shots = flag.String("shots", "", "write the screenshots of the page into this `directory`")

// openSite starts the preferences example and a browser that looks at it.
func openSite(t *testing.T) (b *tab, address string) {
	t.Helper()
	path := findBrowser(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, errors.New("it takes too long"))
	t.Cleanup(cancel)
	site := start(t, "guard", build(t, "./examples/preferences"), "-addr", "localhost:0", "-keys", filepath.Join(t.TempDir(), "keyring"))
	line, err := site.line()
	must(t, err)
	address, ok := strings.CutPrefix(line, "Listening on ")
	if !ok {
		t.Fatalf("the site says %q", line)
	}
	return openTab(t, ctx, path), address
}

// resize gives the tab the size of a window, in CSS pixels. Below 600 it is a
// phone.
func (b *tab) resize(width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
	}, nil)
}

// press presses a key and lets it go.
func (b *tab) press(key, text string, code int) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if kind == "keyDown" && text != "" {
			params["text"] = text
		}
		b.call("Input.dispatchKeyEvent", params, nil)
	}
}

func (b *tab) tabKey()   { b.t.Helper(); b.press("Tab", "", 9) }
func (b *tab) enterKey() { b.t.Helper(); b.turnPage(func() { b.press("Enter", "\r", 13) }) }

// choose clicks a choice of the page.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	b.run(`document.querySelector('[name=%s][value="%s"]').click()`, name, value)
}

// overflowing names what is wider than the window.
const overflowing = `(() => {
	const width = document.documentElement.clientWidth, out = [];
	if (document.documentElement.scrollWidth > width) out.push('the page, ' + document.documentElement.scrollWidth);
	for (const e of document.querySelectorAll('body *')) {
		const r = e.getBoundingClientRect();
		if (r.width > 0 && (r.left < -0.5 || r.right > width + 0.5)) out.push(e.tagName + '.' + e.className + ' ' + r.left + ' to ' + r.right);
	}
	return out.join('; ');
})()`

// faint names the texts whose contrast to what is behind them is below 4.5, and
// says how many texts there are.
const faint = `(() => {
	const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
	const light = c => rgb(c).slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const out = [];
	let n = 0;
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some(c => c.nodeType == 3 && c.data.trim()) || e.closest('svg')) continue;
		let behind = e;
		while (behind && (rgb(getComputedStyle(behind).backgroundColor)[3] === 0)) behind = behind.parentElement;
		const a = light(getComputedStyle(e).color), b = light(getComputedStyle(behind).backgroundColor);
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		n++;
		if (!(contrast >= 4.5)) out.push(e.tagName + '.' + e.className + ' ' + contrast.toFixed(2));
	}
	return n > 2 ? out.join('; ') : 'only ' + n + ' texts';
})()`

// TestPageFits looks at every page in every language, in light and dark: on the
// narrowest window that WCAG 2.1 asks for, 320 CSS pixels, nothing is wider
// than it, not even with the largest text, and each text has a contrast of 4.5.
func TestPageFits(t *testing.T) {
	b, address := openSite(t)
	b.resize(320, 640)
	b.open(address + "/")
	languages := strings.Split(b.eval(`[...document.querySelectorAll('[name=language]')].map(b => b.value).join(' ')`), " ")[1:]
	if len(languages) < 6 || !slices.Contains(languages, "ar") {
		t.Fatalf("the page offers the languages %q", languages)
	}
	look := func(what string) {
		t.Helper()
		wantEval(t, b, what+": too wide", overflowing, "")
		wantEval(t, b, what+": too faint", faint, "")
	}
	for _, language := range languages {
		for _, theme := range []string{"light", "dark"} {
			what := language + ", " + theme
			b.call("Network.clearBrowserCookies", nil, nil)
			b.open(address + "/")
			b.eval(`document.querySelector('#choices').insertAdjacentHTML('beforeend', '<input name=size value=huge><input name=theme value=` + theme + `>')`)
			b.choose("language", language)
			direction := "ltr"
			if language == "ar" {
				direction = "rtl"
			}
			wantEval(t, b, what, `[document.documentElement.lang, getComputedStyle(document.body).direction, document.documentElement.dataset.theme, document.documentElement.dataset.size].join(' ')`,
				strings.Join([]string{language, direction, theme, "huge"}, " "))
			look(what)
			b.eval(`document.querySelector('#note-text').value = 'w'.repeat(300)`)
			b.run(`document.querySelector('[formaction="/flip"]').click()`)
			look(what + ", flipped")
			for _, path := range []string{"/login", "/user", "/nowhere"} {
				b.open(address + path)
				look(what + ", " + path)
			}
			b.open(address + "/")
			b.choose("size", "medium")
			look(what + ", medium")
		}
	}
	// The controls: both do find something.
	b.eval(`document.body.insertAdjacentHTML('beforeend', '<p class="w">w</p>'); document.querySelector('.w').setAttribute('class', 'wide'); document.querySelector('p.wide').textContent = 'w'.repeat(300)`)
	if b.eval(overflowing) == "" {
		t.Error("a text of 300 letters is not too wide")
	}
	b.eval(`document.querySelector('p.wide').style.cssText = 'color: #888; background: #999'`)
	if b.eval(faint) == "" {
		t.Error("grey on grey is not too faint")
	}
}

// TestPageByKeyboard goes through the page by the keyboard alone.
func TestPageByKeyboard(t *testing.T) {
	b, address := openSite(t)
	b.resize(390, 844)
	b.open(address + "/")
	b.choose("theme", "light")
	b.open(address + "/")

	// Tab reaches everything once, from top to bottom, and shows where it is.
	const reached = `(() => {
		const e = document.activeElement, style = getComputedStyle(e);
		return [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea')].indexOf(e) + ' ' + (style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2);
	})()`
	n := b.eval(`document.querySelectorAll('a, button, input:not([type=hidden]), textarea').length`)
	var got []string
	for range 40 {
		b.tabKey()
		at := b.eval(reached)
		if strings.HasPrefix(at, "-1 ") || slices.Contains(got, at) {
			break
		}
		if !strings.HasSuffix(at, " true") {
			t.Errorf("at control %s no outline shows the focus", at)
		}
		got = append(got, at)
	}
	for i, at := range got {
		if want := strings.Split(at, " ")[0]; want != strconv.Itoa(i) {
			t.Errorf("Tab %d reaches control %s", i+1, want)
		}
	}
	if strconv.Itoa(len(got)) != n {
		t.Errorf("Tab reaches %d controls of %s", len(got), n)
	}

	tabTo := func(selector string) {
		t.Helper()
		for range 40 {
			if b.eval(`document.activeElement.matches('`+selector+`')`) == "true" {
				return
			}
			b.tabKey()
		}
		t.Fatalf("Tab does not reach %s", selector)
	}
	b.open(address + "/")
	tabTo("#note-text")
	b.call("Input.insertText", map[string]any{"text": "Two eggs, a little salt."}, nil)

	// It is not saved, and yet survives other choices, and the way back.
	b.call("Runtime.evaluate", map[string]any{"expression": `document.querySelector('[name=theme][value=dark]').focus()`}, nil)
	b.enterKey()
	wantEval(t, b, "the theme", `document.documentElement.dataset.theme`, "dark")
	wantEval(t, b, "the note", `document.querySelector('#note-text').value`, "Two eggs, a little salt.")
	wantEval(t, b, "what is said of it", `document.querySelector('#note-unsaved').textContent`, "Not saved yet.")
	tabTo(".options button") // from where the choice was made
	wantEval(t, b, "where Tab goes on", `document.activeElement.name`, "theme")

	before := b.eval(`document.querySelector('.figure strong').textContent`)
	tabTo("[name=save]")
	b.enterKey()
	after := b.eval(`document.querySelector('.figure strong').textContent`)
	wantEval(t, b, "the notice", `document.querySelector('[role=status]').textContent`, "Saved. "+before+" → "+after+" characters.")
	wantEval(t, b, "the notice is in the phone's window", `(() => {
		const r = document.querySelector('[role=status]').getBoundingClientRect();
		return r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth;
	})()`, "true")
	wantEval(t, b, "what is said of the saved note", `document.querySelector('#note-unsaved')`, "")

	kept := theCookie(t, b)
	wantEval(t, b, "the cookie that the page shows", `document.querySelector('.sealed').textContent`, kept.Name+"="+kept.Value)
	tabTo(`[formaction="/flip"]`)
	b.enterKey()
	wantEval(t, b, "the unchanged cookie and the changed one", `document.querySelectorAll('.good').length + ' ' + document.querySelectorAll('.bad').length`, "1 1")
	wantEval(t, b, "the changed character", `document.querySelector('mark').textContent.length`, "1")
	// Taking the notice out has set it anew, and nothing since.
	if theCookie(t, b).Value != kept.Value {
		t.Error("the flip has changed the session")
	}
}

// TestScreenshots makes pictures of the page. With -shots they are written, for
// a look at them and for README:
//
//	go test -run TestScreenshots . -args -shots ../docs/page
func TestScreenshots(t *testing.T) {
	b, address := openSite(t)
	b.call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true}, nil)
	for _, shot := range []struct {
		name            string
		width, height   int
		theme, language string
		note            bool // is to be seen, else the top of the page
	}{
		{"light", 1200, 1210, "light", "en", false},
		{"dark", 1200, 1210, "dark", "en", false},
		{"phone", 390, 844, "light", "en", true},
		{"right-to-left", 1200, 1210, "light", "ar", false},
		{"right-to-left-phone", 390, 844, "dark", "ar", true},
	} {
		b.call("Network.clearBrowserCookies", nil, nil)
		b.resize(shot.width, shot.height)
		b.open(address + "/")
		b.choose("theme", shot.theme)
		b.choose("size", "large")
		b.choose("size", "medium")
		b.choose("language", shot.language)
		b.eval(`document.querySelector('#note-text').value = 'Two eggs, a little salt.'`)
		b.choose("save", "note")
		if !shot.note {
			b.open(address + "/?flip=37")
		}
		// The notice fades in.
		b.eval(`document.getAnimations().forEach(a => { a.pause(); a.currentTime = 2000 })`)
		var result struct{ Data string }
		b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &result)
		text, err := base64.StdEncoding.DecodeString(result.Data)
		must(t, err)
		small := quantise(t, text)
		if len(small) > 60_000 || len(small) < 5_000 {
			t.Errorf("%s: %d bytes", shot.name, len(small))
		}
		if *shots != "" {
			must(t, os.MkdirAll(*shots, 0o755))
			must(t, os.WriteFile(filepath.Join(*shots, shot.name+".png"), small, 0o644))
		}
	}
}

// quantise returns a PNG with the 128 colours that are there most. A page of
// text has few, and shades between them.
func quantise(t *testing.T, text []byte) []byte {
	t.Helper()
	whole, err := png.Decode(bytes.NewReader(text))
	must(t, err)
	count := make(map[color.Color]int)
	for y := range whole.Bounds().Dy() {
		for x := range whole.Bounds().Dx() {
			count[whole.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	small := image.NewPaletted(whole.Bounds(), palette[:min(len(palette), 128)])
	draw.Draw(small, small.Bounds(), whole, image.Point{}, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	must(t, encoder.Encode(&out, small))
	return out.Bytes()
}
