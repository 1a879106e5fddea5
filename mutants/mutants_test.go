package mutants

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"encoding/json"

	"github.com/stretchr/testify/require"
)

func TestScratch(t *testing.T) {
	all, err := Load(Files, "go")
	require.NoError(t, err)
	dir := t.TempDir()
	replace := map[string]string{}
	for _, m := range all {
		changed, err := m.Apply(os.DirFS("../examples/targets/go"))
		require.NoError(t, err)
		for _, f := range []string{"main.go", "orders.go", "payments.go", "webhook.go", "schema.sql"} {
			at := filepath.Join("/w/mutants/mutants/virtual", m.Short(), f)
			if text, is := changed[f]; is {
				file := filepath.Join(dir, m.Short()+"-"+f)
				require.NoError(t, os.WriteFile(file, text, 0o600))
				replace[at] = file
			} else {
				replace[at] = filepath.Join("/w/mutants/examples/targets/go", f)
			}
		}
	}
	raw, _ := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), raw, 0o600))
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", "/tmp/mutants/bin/", "-overlay", filepath.Join(dir, "overlay.json"), "./virtual/...").CombinedOutput()
	require.NoError(t, err, "%s", out)
}
