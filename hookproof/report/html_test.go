package report_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// TestThePageNeedsNothingElse: no network, no font, no picture.
func TestThePageNeedsNothingElse(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		page := written(t, report.HTML, r)
		require.NotRegexp(t, `(?i)\ssrc(set)?\s*=|<link|<img|<iframe|<object|@import|@font-face|url\([^#]`, page, name)
		require.Contains(t, page, "default-src 'none'", name)
		for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			require.Regexp(t, `^(#[\w-]+|https://github\.com/[\w.-]+/[\w.-]+/issues/\d+|https://docs\.stripe\.com/.*)$`, href[1], name)
		}
	}
}

// TestThePageIsHarmless: what a target answers must stay text.
func TestThePageIsHarmless(t *testing.T) {
	t.Parallel()
	page := written(t, report.HTML, hostile())
	require.Equal(t, 1, strings.Count(page, "<script"), "ours alone")
	require.Equal(t, 1, strings.Count(page, "</script"))
	require.Equal(t, 1, strings.Count(page, "</style"))
	require.NotContains(t, page, "ZgotmplZ", "nothing had to be refused")
	require.NotContains(t, page, "\x00")
}

func TestThePageLeadsEverywhere(t *testing.T) {
	t.Parallel()
	page := written(t, report.HTML, sample())
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[id[1]], "%s is there twice", id[1])
		ids[id[1]] = true
	}
	for _, to := range regexp.MustCompile(`(?:href="#|url\(#|aria-labelledby=")([\w-]+)`).FindAllStringSubmatch(page, -1) {
		require.True(t, ids[to[1]], "%s is nowhere", to[1])
	}
	require.Equal(t, 5, strings.Count(page, `<svg class="sequence"`), "each failure is drawn")
	require.Equal(t, len(sample().Findings), strings.Count(page, "<tr data-family="))
	require.Contains(t, page, `<a href="https://github.com/frappe/press/issues/1175">frappe/press#1175</a>`)
	require.NotContains(t, page, "eventyay#4296</a>", "whose repository is not known")
	require.Contains(t, page, "✕ cut before message 3 of 7")
}

// TestContrast holds every colour of text against every ground it is on: WCAG 2's 4.5 to 1.
func TestContrast(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("page/page.css")
	require.NoError(t, err)
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	require.Len(t, schemes, 3, "light, dark, print")
	for _, scheme := range schemes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--([\w-]+): #(\w+);`).FindAllStringSubmatch(scheme[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for _, ground := range []string{"ground", "card"} {
			for _, ink := range []string{"ink", "soft", "fail", "pass", "info", "not-run", "accent"} {
				require.Contains(t, colours, ink)
				a, b := colours[ground], colours[ink]
				require.GreaterOrEqual(t, (max(a, b)+.05)/(min(a, b)+.05), 4.5, "%s on %s", ink, ground)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = hex[:1] + hex[:1] + hex[1:2] + hex[1:2] + hex[2:] + hex[2:]
	}
	channel := func(at int) float64 {
		n, err := strconv.ParseUint(hex[at:at+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= .04045 {
			return c / 12.92
		}
		return math.Pow((c+.055)/1.055, 2.4)
	}
	return .2126*channel(0) + .7152*channel(2) + .0722*channel(4)
}

// The page has the bodies of what it draws, one for many that differ in their event's id alone; the JSON report has them all.
func TestThePageHasOneBodyOfFiftyAlike(t *testing.T) {
	t.Parallel()
	f := result.Finding{Check: "a/b", Demand: "x", Verdict: result.Fail, Why: "y"}
	for i := range 50 {
		one := sent(0, "evt_"+strconv.Itoa(i), "genuine", 200, 1)
		one.Request = i + 1
		f.Timeline = append(f.Timeline, one)
		q := request("genuine")
		q.Name, q.Body = strconv.Itoa(i+1)+"-paid", "body "+strconv.Itoa(i)+strings.Repeat(" ", 5000)
		f.Requests = append(f.Requests, q)
	}
	r := result.Report{Version: 1, Findings: []result.Finding{f}}
	page := written(t, report.HTML, r)
	require.Equal(t, 1, strings.Count(page, `<pre class="body"`))
	require.Contains(t, page, "body 0\n… and 5000 spaces</code>")
	require.Contains(t, page, "49 others are in the JSON report.")
	require.Contains(t, page, "checkout.session.completed, signed as genuine")
	require.Equal(t, 50, strings.Count(written(t, report.JSON, r), `"body": "body `))
}
