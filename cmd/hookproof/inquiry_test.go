package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestYesTakesAProposal(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"y": "whsec_x", "Y": "whsec_x", "yes": "whsec_x", "": "whsec_x", "whsec_y": "whsec_y"} {
		for _, proposes := range []bool{true, false} {
			wanted, lines := make(chan struct{}), make(chan string)
			go func() {
				<-wanted
				lines <- typed
			}()
			var out bytes.Buffer
			i := &inquiry{asker: &asker{ctx: t.Context(), wanted: wanted, lines: lines, out: &out}}
			taken := ""
			q := initQuestion{
				name: "secret",
				asks: func(*inquiry) string { return "The secret:" },
				proposes: func(*inquiry) proposal {
					return map[bool]proposal{true: {answer: "whsec_x", shown: "whsec_…", is: true}}[proposes]
				},
				takes: func(_ *inquiry, answer string) error { taken = answer; return nil },
			}
			require.NoError(t, i.answer(q))
			if !proposes {
				require.Equal(t, typed, taken)
				require.Equal(t, "\nThe secret:\n> ", out.String())
				continue
			}
			require.Equal(t, want, taken)
			require.Equal(t, "\nThe secret: [Enter takes whsec_…]\n> ", out.String())
		}
	}
}

func TestTheNameOfAFileIsNotCapitalised(t *testing.T) {
	t.Parallel()
	require.Equal(t, "server.js:20 names it", upper("server.js:20 names it"))
	require.Equal(t, "It ends", upper("it ends"))
	require.Empty(t, upper(""))
}
