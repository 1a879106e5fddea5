package report

import "example.com/hookproof/hookproof/result"

// notes are what the run took for granted.
func (t *text) notes(r result.Report) {
	for _, note := range r.Notes {
		t.WriteString(t.wrap("", "  ", "Assumed: "+note+"."))
	}
}
