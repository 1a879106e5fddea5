package report

import "strings"

// phaseWords say what is done in each phase of a run, by the name that the JSON report has of it.
var phaseWords = map[string]string{
	"calibrate":    "a first look",
	"direct":       "answers",
	"shared":       "effects",
	"crowded":      "overlapping copies",
	"exclusive":    "faults and restarts",
	"poisoned":     "after many failures",
	"overall":      "the whole run",
	"last reading": "all states once more",
}

// phaseText says what is done in a phase. Where a target has several lives, the name of one and a comma are before it.
func phaseText(name string) string {
	at := strings.LastIndex(name, ", ") + 1
	words, known := phaseWords[strings.TrimSpace(name[at:])]
	if !known {
		return clean(name)
	}
	if at == 0 {
		return words
	}
	return clean(name[:at]) + " " + words
}
