package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The skill is in the form of Agent Skills, and each command and flag that it names is there.
func TestTheSkillNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/skills/hookproof/SKILL.md")
	require.NoError(t, err)
	parts := strings.SplitN(string(raw), "---\n", 3)
	require.Len(t, parts, 3, "front matter, then text")
	var front struct{ Name, Description string }
	require.NoError(t, yaml.Unmarshal([]byte(parts[1]), &front))
	require.Equal(t, "hookproof", front.Name, "as its folder")
	require.NotEmpty(t, front.Description)
	require.LessOrEqual(t, len(front.Description), 1024)
	page, err := os.ReadFile("../../docs/assistants.md")
	require.NoError(t, err)

	root := rootCommand(nil, nil)
	flags := map[string]bool{}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
	}
	for _, text := range []string{parts[2], string(page)} {
		for _, command := range regexp.MustCompile("`hookproof ([a-z]+)").FindAllStringSubmatch(text, -1) {
			found, _, err := root.Find([]string{command[1]})
			require.NoError(t, err, command[0])
			require.Equal(t, command[1], found.Name())
		}
		for _, flag := range regexp.MustCompile("[` ](--[a-z][a-z-]+)").FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(flag[1], "--no-audit") || strings.HasPrefix(flag[1], "--no-fund") || strings.HasPrefix(flag[1], "--re") || flag[1] == "--prefix" || flag[1] == "--help" {
				continue // npm's and curl's, and that of every command
			}
			require.True(t, flags[flag[1]], "no command has %s", flag[1])
		}
	}
}
