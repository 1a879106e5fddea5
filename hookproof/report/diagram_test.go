package report_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// TestADrawingFitsAPhone: on a screen of 360 points a card has 300 for a drawing. What is shrunk by more than a tenth for that
// cannot be read, and text that is cut off tells less than it must, so a long label has more lines.
func TestADrawingFitsAPhone(t *testing.T) {
	t.Parallel()
	const word, kind = "carrier by payment_intent.amount_capturable_updated", "checkout.session.async_payment_succeeded"
	const sign, trouble, fault = "several-v1-first", "nothing, read tcp 127.0.0.1:40000->127.0.0.1:3000: connection reset by peer", "cut before message 13 of 27, the database away until the answer"
	var crowd []result.Sent
	for i := range 30 { // no two alike
		crowd = append(crowd, result.Sent{Event: "paid", Type: kind, ID: "evt_9b41c07a22e8d3f15a604c7e", Sign: sign, Status: 200 + i, Latency: 90})
	}
	for name, timeline := range map[string][]result.Sent{
		"long labels": {{Event: word, Type: kind, ID: "evt_9b41c07a22e8d3f15a604c7e", Sign: sign, Error: trouble, Latency: 10000.1, Fault: fault}, {At: 20000, Fault: fault}},
		"a crowd":     crowd,
		"alike":       slices.Repeat([]result.Sent{{Event: "paid", Type: kind, ID: "evt_1", Sign: sign, Error: trouble, Latency: 123.4}}, 50),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := result.Report{Version: 1, Findings: []result.Finding{{Check: "a/b", Demand: "x", Verdict: result.Fail, Why: "y", Timeline: timeline}}}
			drawing := regexp.MustCompile(`(?s)<svg class="sequence".*?</svg>`).FindString(written(t, report.HTML, r))
			width, err := strconv.Atoi(regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(drawing)[1])
			require.NoError(t, err)
			require.LessOrEqual(t, width, 340)
			var all strings.Builder
			for _, text := range texts(t, drawing) {
				require.LessOrEqual(t, utf8.RuneCountInString(text), 34, text)
				all.WriteString(text)
			}
			told := squeezed(all.String())
			for _, s := range timeline {
				for _, whole := range []string{s.Event, s.Type, s.Sign, s.Error, s.Fault} {
					require.Contains(t, told, squeezed(whole), "it is all there")
				}
			}
		})
	}
}

// texts are a drawing's texts, without the times beside them, which would stand between the lines of one label.
func texts(t *testing.T, drawing string) (list []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(drawing))
	decoder.Entity = xml.HTMLEntity
	for inside := false; ; {
		token, err := decoder.Token()
		if err == io.EOF {
			return list
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local == "text"
			for _, a := range token.Attr {
				inside = inside && a.Value != "time" && a.Value != "nr"
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if inside {
				list = append(list, string(token))
			}
		}
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// What was done between two deliveries has its time and its place in every form, and is no fault.
func TestWhatWasDoneBetweenDeliveriesIsTold(t *testing.T) {
	t.Parallel()
	timeline := []result.Sent{{Event: "paid", ID: "evt_1", Sign: "genuine", Status: 500, Latency: 3}, {At: 1200, Done: "the object was made"},
		{At: 1300, Event: "paid", ID: "evt_1", Sign: "genuine", Status: 200, Latency: 3}}
	r := result.Report{Version: 1, Findings: []result.Finding{{Check: "a/b", Demand: "x", Verdict: result.Fail, Why: "y", Timeline: timeline}}}
	var text strings.Builder
	require.NoError(t, report.Text(&text, r, report.Style{Width: 100}))
	inOrder(t, text.String(), "→ 500", "1.200 s  • the object was made\n", "→ 200")
	page := written(t, report.HTML, r)
	inOrder(t, page, ">1: 500 after 3.0 ms<", ">• 1.200 s: the object was made<", ">2: 200 after 3.0 ms<")
	inOrder(t, page, `<td>500</td>`, `<tr><td></td><td class="number">1.200 s</td><td colspan="7">• the object was made</td></tr>`, `<td>200</td>`)
	require.NotContains(t, text.String(), "✕")
	require.NotContains(t, page, `class="struck"`)
	require.Contains(t, written(t, report.JSON, r), `"done": "the object was made"`)
}
