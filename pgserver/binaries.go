package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// oldest is the first major version that the schema is tested on.
const oldest = 15

// downloaded is the version that is fetched where the machine has none.
const downloaded = embedded.V16

// places are where packages put PostgreSQL's programs, as patterns.
var places = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // PostgreSQL's own RPMs
	"/usr/libexec/postgresql*",           // Alpine
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// findBinaries answers a directory with initdb and postgres: the configured one, the newest on the
// machine, or a downloaded one.
func (s *Server) findBinaries(ctx context.Context) (string, error) {
	if s.config.Binaries != "" {
		if !usable(s.config.Binaries) {
			return "", fmt.Errorf("%s has no PostgreSQL %d or newer with the extension btree_gist", s.config.Binaries, oldest)
		}
		return s.config.Binaries, nil
	}
	s.say("Looking for PostgreSQL")
	if found := onMachine(ctx); found != "" {
		return found, nil
	}
	return s.download()
}

func onMachine(ctx context.Context) string {
	var candidates []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	for _, place := range places {
		found, _ := filepath.Glob(place) // the patterns are constants and well formed
		candidates = append(candidates, found...)
	}
	candidates = slices.DeleteFunc(candidates, func(dir string) bool { return !usable(dir) })
	if len(candidates) == 0 {
		return ""
	}
	return slices.MaxFunc(candidates, func(a, b string) int { return majorOf(a) - majorOf(b) })
}

// usable tells whether a directory has what we need, in a version that we support.
func usable(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return majorOf(dir) >= oldest && hasExtension(dir)
}

// hasExtension looks for btree_gist, which distributions may package apart.
func hasExtension(dir string) bool {
	for _, share := range []string{"../share", "../share/postgresql", "../../../../share/postgresql/" + strconv.Itoa(majorOf(dir)), "../../share/postgresql" + strconv.Itoa(majorOf(dir))} {
		if _, err := os.Stat(filepath.Join(dir, share, "extension", "btree_gist.control")); err == nil {
			return true
		}
	}
	return false
}

// versionOf asks postgres itself.
func versionOf(dir string) (string, error) {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s does not run: %w", filepath.Join(dir, "postgres"), err)
	}
	// "postgres (PostgreSQL) 16.4 (Debian 16.4-1)"
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return "", fmt.Errorf("%s has an unknown version", filepath.Join(dir, "postgres"))
	}
	return fields[2], nil
}

func majorOf(dir string) int {
	version, err := versionOf(dir)
	if err != nil {
		return 0
	}
	digits, _, _ := strings.Cut(version, ".")
	major, _ := strconv.Atoi(digits)
	return major
}

// download fetches PostgreSQL with fergusstrange/embedded-postgres. We run initdb and postgres
// ourselves, since that library cannot do it as root; and it has no call for the download alone. But it
// unpacks before it looks at its data directory, so a data directory that cannot be, below a file,
// makes its Start do exactly the part that we want and then stop, always.
func (s *Server) download() (string, error) {
	cache := s.config.CacheDir
	if cache == "" {
		base, err := s.account.cacheDirectory()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(base, "booking-server-postgres")
	}
	target := filepath.Join(cache, string(downloaded))
	bin := filepath.Join(target, "bin")
	if usable(bin) {
		return bin, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(cache, "fetch")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	file := filepath.Join(scratch, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return "", err
	}
	port, err := FreePort()
	if err != nil {
		return "", err
	}
	s.say("Downloading PostgreSQL %s (about 10 MB, once)", downloaded)
	var said bytes.Buffer
	config := embedded.DefaultConfig().Version(downloaded).Port(uint32(port)).
		CachePath(cache).BinariesPath(target).RuntimePath(filepath.Join(scratch, "run")).
		DataPath(filepath.Join(file, "data")).Logger(&said)
	if s.config.Repository != "" {
		config = config.BinaryRepositoryURL(s.config.Repository)
	}
	stopped := embedded.NewDatabase(config).Start()
	if !usable(bin) {
		return "", errors.Join(
			fmt.Errorf("this machine has no PostgreSQL %d or newer, and downloading version %s failed; install PostgreSQL with its contrib extensions", oldest, downloaded),
			stopped)
	}
	return bin, nil
}
