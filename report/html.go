package report

import (
	"io"

	"example.com/hookproof/hookproof"
)

func HTML(w io.Writer, r hookproof.Report) error { return nil }
