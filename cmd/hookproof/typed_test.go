package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACommandIsToldAsItWasTyped(t *testing.T) {
	t.Parallel()
	installed := func(string) (string, error) { return "/usr/local/bin/hookproof", nil }
	nowhere := func(string) (string, error) { return "", errors.New("not found") }
	for program, row := range map[string]struct {
		look  func(string) (string, error)
		shown string
	}{
		"bin/hookproof":                                 {nowhere, "bin/hookproof"},
		"./hookproof":                                   {nowhere, "./hookproof"},
		`bin\hookproof.exe`:                             {nowhere, `bin\hookproof.exe`},
		"hookproof":                                     {installed, "hookproof"},
		"/opt/shop/bin/hookproof":                       {installed, "/opt/shop/bin/hookproof"},
		"/opt/my shop/hookproof":                        {nowhere, "'/opt/my shop/hookproof'"},
		"/usr/local/bin/hookproof":                      {installed, "hookproof"}, // as some shells write what they have found
		"/home/ann/go-build1/bin/hookproof":             {nowhere, "/home/ann/go-build1/bin/hookproof"},
		"/var/tmp/go-build1/b001/exe/hookproof":         {nowhere, "hookproof"}, // go run's own
		"/home/ann/.cache/go-build/73/73bc-d/hookproof": {nowhere, "hookproof"}, // and of one that it has kept
		"/hookproof":                                    {nowhere, "hookproof"}, // of an image, whose name is that
	} {
		require.Equal(t, row.shown+" check --target hookproof.json", asTyped(program, row.look, "hookproof check --target hookproof.json"), program)
	}
}
