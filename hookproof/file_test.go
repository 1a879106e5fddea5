package hookproof

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A hook's program is found from the target file's directory, wherever hookproof was started.
func TestHooksOfATargetFileElsewhere(t *testing.T) {
	root := t.TempDir()
	directory := filepath.Join(root, "targets", "shop")
	require.NoError(t, os.MkdirAll(directory, 0o755))
	write := func(name, text string, mode os.FileMode) {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), mode))
	}
	write("targets/shop/target.json", `{"url": "http://127.0.0.1:1", "secret": "whsec_x",
		"subject": {"command": ["./subject"]}, "state": {"command": ["../state", "{{sessionId}}"]}}`, 0o644)
	write("targets/shop/subject", "#!/bin/sh\necho '{\"sessionId\": \"cs_1\"}'\n", 0o755)
	write("targets/state", "#!/bin/sh\necho \"{\\\"of\\\": \\\"$1\\\"}\"\n", 0o755)
	t.Chdir(root)

	for _, path := range []string{"targets/shop/target.json", filepath.Join(directory, "target.json")} {
		target, err := LoadTarget(path, nil)
		require.NoError(t, err)
		subject, err := target.Subject(context.Background())
		require.NoError(t, err, path)
		state, err := target.State(context.Background(), subject)
		require.NoError(t, err, path)
		require.Equal(t, map[string]any{"of": "cs_1"}, state)
	}
}
