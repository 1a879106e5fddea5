package report

import "example.com/hookproof/hookproof"

// notes are what the run took for granted.
func (t *text) notes(r hookproof.Report) {
	for _, note := range r.Notes {
		t.WriteString(t.wrap("", "  ", "Assumed: "+note+"."))
	}
}
