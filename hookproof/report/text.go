package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"example.com/hookproof/hookproof/result"
)

// Text writes a report for people: the verdict in one line, then each failure with its evidence and the command that reruns it,
// then infos, what was not run, and where the time went.
func Text(w io.Writer, r result.Report, s Style) error {
	r = byLife(r)
	t := &text{Style: s}
	t.verdict(r)
	t.notes(r)
	for i, f := range faults(r) {
		t.line("")
		t.line("%s %s", s.paint(bold, fmt.Sprintf("%d.", i+1)), s.paint(bold+";"+red, clean(f.Check)))
		t.failure(r, f.Finding)
		t.explained(f.Explains)
	}
	t.bodies(r)
	t.brief("Known to fail", with(r, result.Known))
	t.brief("Worth knowing", infos(r))
	evidence, hooks, ignored := splitNotRun(r)
	t.brief("Not run: no evidence, or no time", evidence)
	t.brief("Not run: a hook is missing", hooks)
	t.brief("Not run in part: nothing to test", inPart(r))
	t.brief("Not run: nothing to test", ignored)
	t.timeSpent(r)
	if r.Afterwards != "" {
		t.line("")
		t.WriteString(t.wrap("", "  ", r.Afterwards))
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// text is a report being written.
type text struct {
	Style
	strings.Builder
}

func (t *text) line(format string, args ...any) { t.WriteString(fmt.Sprintf(format, args...) + "\n") }

func (t *text) verdict(r result.Report) {
	s := summaryOf(r)
	hue := map[Outcome]string{Passed: green, Failed: red, Incomplete: yellow}[s.outcome]
	word := strings.ToUpper(string(s.outcome))
	t.WriteString(strings.Replace(t.wrap("", "  ", s.text()), word, t.paint(bold+";"+hue, word), 1))
	t.WriteString(t.wrap("", "  ", tally(r)))
	t.WriteString(t.wrap("", "  ", fmt.Sprintf("%s, profile %s, seed %d, %s", r.Target, r.Profile, r.Seed, formatDuration(r.Took))))
	if s.outcome == Failed && r.Incomplete() {
		t.WriteString(t.wrap("", "  ", "The run is also incomplete: some checks had no evidence or no time."))
	}
	for _, sentence := range baselineText(r) {
		t.WriteString(t.wrap("", "  ", sentence))
	}
	if advice := s.advice(); advice != "" {
		t.WriteString(t.wrap("", "  ", advice))
	}
	t.WriteString(t.wrap("", "  ", s.covered()))
}

// failure writes a failed check, and the command that reruns it.
func (t *text) failure(r result.Report, f result.Finding) {
	t.evidence(f)
	t.line("   %s", t.paint(faint, "Run only this again"+secretSource(r)+":"))
	t.line("     %s", clean(rerun(r, f))) // not wrapped, so that it can be copied
}

func (t *text) evidence(f result.Finding) {
	t.field("Demanded", f.Demand+sourced(f))
	t.field("But", f.Why)
	t.field("Broken", f.Relation)
	t.field("Where", strings.Join(f.Phrases, "; "))
	t.field("Shown by", shown(f))
	t.timeline(f.Timeline)
	t.states(f)
	t.field("Why it matters", f.Importance)
	t.field("Seen in public", strings.Join(f.Reports, ", "))
	t.field("Fix", f.Fix)
}

// bodies writes where the sent bodies can be found.
func (t *text) bodies(r result.Report) {
	if slices.ContainsFunc(with(r, result.Fail), func(f result.Finding) bool { return len(f.Requests) > 0 }) {
		t.line("")
		t.WriteString(t.wrap("", "  ", "What was sent, byte for byte, with a curl command that sends it again: --bodies DIR, --html FILE or --json FILE."))
	}
}

// secretSource returns where a command without a target file takes the secret from. A report has no secret.
func secretSource(r result.Report) string {
	if !strings.Contains(r.Command, " --url ") {
		return ""
	}
	return " (it asks for the secret, unless " + result.SecretVariable + " has it)"
}

// explained writes the failures that the one above explains.
func (t *text) explained(others []result.Finding) {
	if len(others) == 0 {
		return
	}
	t.line("   %s", t.paint(faint, "It also explains these failures:"))
	for _, f := range others {
		t.WriteString(t.wrap("     ", "       ", f.Check+": "+f.Why))
	}
}

// shown returns the schedule that shows a failure, and why a shorter one may exist.
func shown(f result.Finding) string {
	if f.ShrinkStopped == "" {
		return f.Schedule
	}
	return f.Schedule + " (there may be a shorter one: " + f.ShrinkStopped + ")"
}

func sourced(f result.Finding) string {
	if f.Source == "" {
		return ""
	}
	return " (" + f.Source + ")"
}

// field writes a name and its value, unless the value is empty.
func (t *text) field(name, value string) {
	if value == "" {
		return
	}
	const indent = 20
	label := pad("   "+name+":", indent)
	wrapped := t.wrap(label, strings.Repeat(" ", indent), value)
	t.WriteString(t.paint(faint, label) + strings.TrimPrefix(wrapped, label))
}

func (t *text) timeline(timeline []result.Sent) {
	if len(timeline) == 0 {
		return
	}
	t.line("   %s", t.paint(faint, "Sent:"))
	var event, id, sign int
	all := result.Rows(timeline)
	for _, r := range all {
		event = max(event, ansi.StringWidth(clean(r.Name())))
		id = max(id, ansi.StringWidth(clean(idOf(r))))
		sign = max(sign, ansi.StringWidth(clean(r.Sign)))
	}
	for _, r := range all {
		at := fmt.Sprintf("     %9s  ", instant(r.At))
		after := strings.Repeat(" ", len(at))
		switch {
		case r.More > 0:
			t.WriteString(t.wrap(after, after, "… "+r.Gap()))
		case r.Done != "":
			t.WriteString(t.wrap(at, after, "• "+r.Done))
		case r.Event == "":
			t.WriteString(t.warned(t.wrap(at, after, "✕ "+r.Fault), r.Fault))
		default:
			sent := pad(clean(r.Name()), event) + "  " + pad(clean(idOf(r)), id) + "  " + pad(clean(r.Sign), sign) + "  "
			came := fmt.Sprintf("→ %s, %s", clean(r.Answer()), took(r))
			if r.Meets > 0 {
				came += fmt.Sprintf(", ∥ %s", counted(r.Meets, "other"))
			}
			t.delivery(at, sent, came)
			if r.Fault != "" {
				t.WriteString(t.warned(t.wrap(after, after, "✕ "+r.Fault), r.Fault))
			}
		}
	}
}

// delivery writes one line if the width allows it, else two.
func (t *text) delivery(at, sent, came string) {
	if ansi.StringWidth(at+sent+came) <= t.width() {
		t.line("%s", at+sent+came)
		return
	}
	after := strings.Repeat(" ", len(at))
	if ansi.StringWidth(at+sent) > t.width() {
		sent = strings.Join(strings.Fields(sent), " ")
	}
	t.WriteString(t.wrap(at, after, strings.TrimRight(sent, " ")))
	t.WriteString(t.wrap(after, after+"  ", came))
}

func (t *text) warned(text, what string) string {
	return strings.Replace(text, what, t.paint(red, what), 1)
}

func (t *text) states(f result.Finding) {
	all := differences(f)
	if len(all) == 0 {
		return
	}
	t.line("   %s", t.paint(faint, "State:"))
	for _, d := range all {
		told := fmt.Sprintf("%s: expected %s, seen %s", d.Pointer, d.Expected, d.Actual)
		if d.Same() {
			told = fmt.Sprintf("%s: the same in both, %s", d.Pointer, d.Actual)
		}
		t.WriteString(t.wrap("     ", "       ", told))
	}
}

// brief writes findings in a line or two for each reason.
func (t *text) brief(title string, findings []result.Finding) {
	if len(findings) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.paint(bold, title))
	for _, group := range byReason(findings) {
		t.WriteString(t.wrap("    ", "      ", strings.Join(group.checks, ", ")+": "+group.why))
	}
}

// timeSpent writes where the time went, and what was done in it.
func (t *text) timeSpent(r result.Report) {
	t.line("")
	t.line("%s", t.paint(bold, "Where the time went"))
	names := 12
	for _, p := range r.Phases {
		names = max(names, min(ansi.StringWidth(phaseText(p.Phase)), 28, max(12, t.width()-38)))
	}
	for _, p := range r.Phases {
		t.line("    %s %9s  %s", pad(ansi.Truncate(phaseText(p.Phase), names, "…"), names), formatDuration(p.Took), t.paint(faint, bar(p.Took, r.Took, max(0, min(t.width()-names-18, 20)))))
	}
	t.WriteString(t.wrap("    ", "    ", effort(r)))
}

// effort returns what a run did in its time.
func effort(r result.Report) string {
	overlap := "no copies overlapped"
	if r.Overlap > 1 {
		overlap = fmt.Sprintf("up to %d copies overlapped", r.Overlap)
	}
	return fmt.Sprintf("%s, %s, %s, effects %s behind their ACK",
		counted(r.Deliveries, "delivery"), counted(r.HookCalls, "hook call"), overlap, formatDuration(r.Lag))
}

// bar draws a share of a whole, which has that many columns.
func bar(part, whole result.Millis, columns int) string {
	if whole <= 0 {
		return ""
	}
	return strings.Repeat("▪", int(float64(min(part/whole, 1))*float64(columns)+0.5))
}
