package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"example.com/hookproof/hookproof/result"
)

// The format that CI systems read: https://github.com/testmoapp/junitxml
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *message `xml:"failure"`
	Error     *message `xml:"error"`
	Skipped   *message `xml:"skipped"`
	Output    string   `xml:"system-out,omitempty"`
}

type message struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// JUnit writes a report for CI systems: a suite for each family and a case for each check. A check that was not run because of a
// missing hook is skipped, with the reason, and so is a failure that the baseline has. One without evidence or time is an error, as in the exit code. An info passes, with
// its reason.
func JUnit(w io.Writer, r result.Report) error {
	r = byLife(r)
	all := suites{Name: "hookproof", Time: seconds(r.Took)}
	for _, name := range families(r) {
		one := suiteOf(r, name)
		all.Tests += one.Tests
		all.Failures += one.Failures
		all.Errors += one.Errors
		all.Skipped += one.Skipped
		all.Suites = append(all.Suites, one)
	}
	raw, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte(xml.Header), raw...), '\n'))
	return err
}

func suiteOf(r result.Report, name string) suite {
	one := suite{Name: name, Timestamp: r.Began.UTC().Format(time.RFC3339), Properties: []property{
		{"headline", summaryOf(r).text()}, {"target", r.Target}, {"profile", r.Profile}, {"seed", fmt.Sprint(r.Seed)},
	}}
	for _, sentence := range baselineText(r) {
		one.Properties = append(one.Properties, property{"baseline", sentence})
	}
	var took result.Millis
	for _, f := range r.Findings {
		if family(f.Check) != name {
			continue
		}
		took += f.Took
		one.Tests++
		c := testcase{Name: f.Check, Classname: "hookproof." + name, Time: seconds(f.Took)}
		switch {
		case f.Verdict == result.Fail:
			one.Failures++
			t := &text{Style: Style{Width: 110}}
			t.failure(r, f)
			why := f.Why
			if explained(with(r, result.Fail), f) {
				why = "explained by " + f.Because + ": " + why
			}
			c.Failure = &message{Message: why, Type: "fail", Text: "\n" + t.String()}
		case f.Verdict == result.Known:
			one.Skipped++
			c.Skipped = &message{Message: "known to fail: " + f.Why}
		case f.Incomplete():
			one.Errors++
			c.Error = &message{Message: f.Why, Type: "incomplete"}
		case f.Verdict == result.NotRun:
			one.Skipped++
			c.Skipped = &message{Message: f.Why}
		case f.Verdict == result.Info:
			c.Output = "info: " + f.Why
		}
		one.Cases = append(one.Cases, c)
	}
	one.Time = seconds(took)
	return one
}

func seconds(m result.Millis) string { return fmt.Sprintf("%.3f", float64(m)/1000) }
