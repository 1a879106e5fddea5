package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACommandIsToldAsItWasTyped(t *testing.T) {
	t.Parallel()
	for program, shown := range map[string]string{
		"bin/hookproof":                   "bin/hookproof check --target hookproof.json",
		"./hookproof":                     "./hookproof check --target hookproof.json",
		`bin\hookproof.exe`:               `bin\hookproof.exe check --target hookproof.json`,
		"hookproof":                       "hookproof check --target hookproof.json",
		"/tmp/go-build1/b001/exe/program": "hookproof check --target hookproof.json",
	} {
		require.Equal(t, shown, asTyped(program, "hookproof check --target hookproof.json"))
	}
}
