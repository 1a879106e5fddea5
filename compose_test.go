package hookproof_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// No service of docker-compose.yml can fill the disk, the memory or the process table, and each has the rights that
// are listed here and no others.
func TestComposeBoundsEveryService(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	var compose struct {
		Services map[string]struct {
			Logging struct {
				Driver  string
				Options map[string]string
			}
			MemLimit    string            `yaml:"mem_limit"`
			PidsLimit   int               `yaml:"pids_limit"`
			CapDrop     []string          `yaml:"cap_drop"`
			CapAdd      []string          `yaml:"cap_add"`
			SecurityOpt []string          `yaml:"security_opt"`
			Environment map[string]string `yaml:"environment"`
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &compose))
	added := map[string][]string{"db": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, "backend": nil, "stripe-mock": nil}
	require.Len(t, compose.Services, len(added))
	for name, service := range compose.Services {
		require.Equal(t, "json-file", service.Logging.Driver, name)
		require.NotEmpty(t, service.Logging.Options["max-size"], name)
		require.NotEmpty(t, service.Logging.Options["max-file"], name)
		require.NotEmpty(t, service.MemLimit, name)
		require.Positive(t, service.PidsLimit, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Equal(t, added[name], service.CapAdd, name)
		require.Equal(t, []string{"no-new-privileges:true"}, service.SecurityOpt, name)
	}
	backend := compose.Services["backend"]
	require.Equal(t, "256m", backend.MemLimit)
	require.Equal(t, "200MiB", backend.Environment["GOMEMLIMIT"], "below mem_limit")
	require.NotContains(t, backend.Environment, "LISTEN_ADDRESS", "a container that listens on its loopback address alone cannot be reached")
}
