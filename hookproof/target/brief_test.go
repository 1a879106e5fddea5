package target

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerIsToldOnOneLine(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                                  "",
		"{\"error\":\n  \"no such order\"}": `{"error": "no such order"}`,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Error</title></head>\n<body><pre>Cannot GET /orders</pre></body></html>\n": "Cannot GET /orders",
	} {
		require.Equal(t, want, brief([]byte(body)))
	}
}
