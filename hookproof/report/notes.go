package report

import "example.com/hookproof/hookproof/result"

// notes writes what the run assumed.
func (t *text) notes(r result.Report) {
	for _, note := range r.Notes {
		t.WriteString(t.wrap("", "  ", "Assumed: "+note+"."))
	}
}
