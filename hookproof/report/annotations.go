package report

import (
	"fmt"
	"io"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// inMessage escapes what a workflow command of GitHub's takes as its message, and inProperty what it takes as a property.
var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Annotations returns what writes a failure for each failed check as GitHub's workflows show them, each after its cause: a line that
// GitHub reads in a step's output. They stand at the first line of file, such as the target file; "" is nowhere.
func Annotations(file string) func(io.Writer, result.Report) error {
	at := ""
	if file != "" {
		at = fmt.Sprintf(",file=%s,line=1", inProperty.Replace(file))
	}
	return func(w io.Writer, r result.Report) error {
		var lines strings.Builder
		for _, f := range byCause(byLife(r)) {
			text := clean(f.Why)
			if f.Because != "" {
				text = "explained by " + clean(f.Because) + ", so fix that first: " + text
			}
			if f.Fix != "" {
				text += "\nFix: " + clean(f.Fix)
			}
			fmt.Fprintf(&lines, "::error title=%s%s::%s\n", inProperty.Replace("hookproof: "+clean(f.Check)), at, inMessage.Replace(text))
		}
		_, err := io.WriteString(w, lines.String())
		return err
	}
}
