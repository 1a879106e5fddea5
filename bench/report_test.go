package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	require.Equal(t, Spread{}, spreadOf(nil))
	require.Equal(t, Spread{5, 5, 5}, spreadOf([]float64{5}))
	require.Equal(t, Spread{2, 1, 9}, spreadOf([]float64{9, 1, 2}), "the middle one, not the mean")
	require.Equal(t, Spread{2.5, 1, 9}, spreadOf([]float64{9, 1, 2, 3}), "between the middle two")
	require.Equal(t, Spread{1235, 1235, 1235}, spreadOf([]float64{1234.567}), "four digits")
	require.Equal(t, Spread{0.01235, 0.01235, 0.01235}, spreadOf([]float64{0.01234567}))
}

// A ratio is of what was measured in the same round: a round in which the whole machine was slow is like any other.
func TestRatio(t *testing.T) {
	t.Parallel()
	require.Equal(t, &Spread{2, 2, 2}, ratio([]float64{200, 20, 100}, []float64{100, 10, 50}))
	require.Equal(t, &Spread{3, 3, 3}, ratio([]float64{3, 9}, []float64{1}), "what has no counterpart is left out")
	require.Nil(t, ratio([]float64{1}, nil))
	require.Nil(t, ratio([]float64{1}, []float64{0}))
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	raw := newHistogram()
	require.NoError(t, raw.RecordValues(1000, 99))
	require.NoError(t, raw.RecordValue(100_000)) // a pause, in which 99 more would have been sent
	full := corrected(raw, time.Millisecond)
	require.EqualValues(t, 100+99, full.TotalCount())
	require.InEpsilon(t, 1000, raw.ValueAtPercentile(99), 0.01)
	require.InEpsilon(t, 98_000, full.ValueAtPercentile(99), 0.01)
	require.InEpsilon(t, 1000, full.ValueAtPercentile(50), 0.05)
	require.EqualValues(t, 100, corrected(raw, time.Second).TotalCount(), "nothing was kept back")
}

// reportWith is a run in which our server's rate of unique at 32 connections is so many times pgbench's.
func reportWith(times float64) Report {
	return Report{Rows: []Row{
		{Server: pgbenchName, Mix: "unique", Connections: 32, Rates: []float64{100, 200}},
		{Server: oursName, Mix: "unique", Connections: 32, Rates: []float64{100 * times, 200 * times}},
	}}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	least := []goal{{"rate", "×", true, 0.75, rateOf("unique", pgbenchName, "unique", 32)}}
	require.Equal(t, reached, judge(reportWith(0.75), least)[0].Verdict, "the limit itself is reached")
	short := judge(reportWith(0.6), least)[0]
	require.Equal(t, missed, short.Verdict)
	require.Equal(t, "by 20 %", short.Comment)
	require.Equal(t, "missed by 20 %", short.verdictText())
	none := judge(Report{}, least)[0]
	require.Equal(t, notMeasured, none.Verdict, "no figure is neither")
	require.Nil(t, none.Figure)
	require.Contains(t, none.verdictText(), "not measured: ")

	most := []goal{{"memory", "MiB", false, 40, memoryOf}}
	server := func(resident float64, deliveries int64) Report {
		return Report{Servers: []Server{{Name: oursName, Resident: resident, Deliveries: deliveries}}}
	}
	require.Equal(t, reached, judge(server(40, many), most)[0].Verdict)
	require.Equal(t, "missed by 25 %", judge(server(50, many), most)[0].verdictText())
	require.Equal(t, notMeasured, judge(server(10, many-1), most)[0].Verdict, "too few deliveries")

	nothing := []goal{{"heard", "", false, 0, heardOf}}
	touched := func(n int) Report { return Report{Rows: []Row{{Server: oursName, Mix: "forged", Touched: &n}}} }
	require.Equal(t, reached, judge(touched(0), nothing)[0].Verdict)
	require.Equal(t, "missed by 2", judge(touched(2), nothing)[0].verdictText())

	for _, result := range judge(Report{}, goals) {
		require.Equal(t, notMeasured, result.Verdict, "%s: no evidence is not success", result.Goal)
	}
}

func TestTheEnginesGoals(t *testing.T) {
	t.Parallel()
	results := judgeEngine([]Slice{{Rate: 30_000, Resident: 20}, {Rate: 10_000, Resident: 20}, {Rate: 25_000, Resident: 22}})
	require.Equal(t, reached, results[0].Verdict, "the median counts")
	require.Equal(t, reached, results[1].Verdict)
	results = judgeEngine([]Slice{{Rate: 19_000, Resident: 20}, {Rate: 19_000, Resident: 200}})
	require.Equal(t, missed, results[0].Verdict)
	require.Equal(t, missed, results[1].Verdict)
}

// What is drawn and written of a fixed report is kept beside it. It is made anew, to be looked at before it is committed, by
//
//	go run ./bench -from bench/testdata/report.json -svg bench/testdata/picture.svg -page bench/testdata/page.md
func TestPictureAndTables(t *testing.T) {
	t.Parallel()
	documentsAgree(t, filepath.Join("testdata", "report.json"), filepath.Join("testdata", "picture.svg"), filepath.Join("testdata", "page.md"))
}

func documentsAgree(t *testing.T, report, svg, page string) {
	t.Helper()
	r, err := readReport(report)
	require.NoError(t, err)
	r.Goals = judge(r, goals)
	drawn, err := os.ReadFile(svg)
	require.NoError(t, err)
	require.Equal(t, string(drawn), string(picture(r)))
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	again, err := withTables(written, r)
	require.NoError(t, err)
	require.Equal(t, string(written), string(again))
}

func TestAPageWithoutAPlaceIsRefused(t *testing.T) {
	t.Parallel()
	_, err := withTables([]byte("# A page\n"), Report{})
	require.ErrorContains(t, err, "no place for tables")
	page, err := withTables([]byte("before\n"+pageBegin+"old\n"+pageEnd+"after\n"), Report{})
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(page, []byte("before\n")))
	require.True(t, bytes.HasSuffix(page, []byte(pageEnd+"after\n")))
	require.NotContains(t, string(page), "old\n")
}

func TestFigure(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]float64{"0.21": 0.2111, "4.7": 4.71, "99": 99.4, "100": 100, "3\u202f525": 3525, "1\u202f000\u202f000": 1e6} {
		require.Equal(t, want, figure(v))
	}
}
