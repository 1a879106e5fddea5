package pgserver

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func start(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func open(t *testing.T, s *Server, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", s.URL(database))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestAnOutageLosesNothing(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	s := start(t, Config{Progress: &said})
	require.Contains(t, said.String(), "Started PostgreSQL "+s.Version())
	require.NoError(t, s.CreateDatabase(t.Context(), "first", ""))
	db := open(t, s, "first")
	_, err := db.Exec(`CREATE EXTENSION btree_gist; CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	require.NoError(t, err)

	pid, port := s.process.Process.Pid, s.Port()
	require.NoError(t, s.Stop(t.Context()))
	require.Error(t, db.Ping())
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "no process is left")
	require.NoError(t, s.StartAgain(t.Context()))
	require.Equal(t, port, s.Port())
	var n int
	require.NoError(t, db.QueryRow(`SELECT n FROM kept`).Scan(&n))
	require.Equal(t, 1, n)
	require.NoError(t, db.Close())

	require.NoError(t, s.CreateDatabase(t.Context(), "copy", "first"))
	require.NoError(t, open(t, s, "copy").QueryRow(`SELECT n FROM kept`).Scan(&n))

	directory := s.directory
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is no error")
	require.NoDirExists(t, directory)
}

func TestSettingsAndFiles(t *testing.T) {
	t.Parallel()
	s := start(t, Config{
		Settings: map[string]string{"full_page_writes": "on", "work_mem": "3MB"},
		Files:    map[string][]byte{"pg_hba.conf": []byte("host all postgres 127.0.0.1/32 scram-sha-256\n")},
	})
	db := open(t, s, "postgres")
	for query, want := range map[string]string{
		`SHOW full_page_writes`: "on", `SHOW work_mem`: "3MB", `SHOW fsync`: "off", `SELECT count(*)::text FROM pg_hba_file_rules`: "1",
	} {
		var got string
		require.NoError(t, db.QueryRow(query).Scan(&got))
		require.Equal(t, want, got, query)
	}
}

func TestAKeptDirectoryIsUsedAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(publicTemp(t), "kept")
	s := start(t, Config{Dir: dir})
	require.NoError(t, s.CreateDatabase(t.Context(), "mine", ""))
	require.NoError(t, s.Close())
	again := start(t, Config{Dir: dir})
	require.Equal(t, s.Password(), again.Password())
	found, err := again.HasDatabase(t.Context(), "mine")
	require.NoError(t, err)
	require.True(t, found)
	require.NoError(t, again.Close())
	require.DirExists(t, dir)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600))
	_, err = Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "PostgreSQL 9")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte(strings.Split(s.Version(), ".")[0]), 0o600))
	require.NoError(t, os.Remove(filepath.Join(dir, "password")))
	_, err = Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "not its password")
}

// A port that nobody listens on yet is not given to another as well.
func TestAPortIsGivenOnce(t *testing.T) {
	t.Parallel()
	given := map[int]bool{}
	for range 1000 {
		port, err := FreePort()
		require.NoError(t, err)
		require.False(t, given[port], port)
		given[port] = true
	}
}

// publicTemp is a temporary directory that another user can reach; t.TempDir is not, for root.
func publicTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestAFailedStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Binaries: "/nowhere"})
	require.ErrorContains(t, err, "/nowhere")

	s := start(t, Config{})
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(s.dataDirectory(), "postgresql.conf"), []byte("nonsense = 1\n"), 0o600))
	err = s.StartAgain(t.Context())
	require.ErrorContains(t, err, "nonsense", "the server's own log tells")
}

// The download is tried against a repository of our own: the binaries of this machine, packed as
// the public one packs them.
func TestDownload(t *testing.T) {
	t.Parallel()
	found := onMachine(t.Context())
	require.NotEmpty(t, found, "this test packs the machine's own PostgreSQL; install one")
	jar := packed(t, found)
	sum := sha256.Sum256(jar)
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".jar"):
			_, _ = w.Write(jar)
		case strings.HasSuffix(r.URL.Path, ".jar.sha256"):
			_, _ = w.Write([]byte(hex.EncodeToString(sum[:])))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(repository.Close)

	var said bytes.Buffer
	s := &Server{config: Config{Repository: repository.URL, CacheDir: publicTemp(t), Progress: &said}}
	bin, err := s.download()
	require.NoError(t, err)
	require.Contains(t, said.String(), "Downloading PostgreSQL")
	version, err := versionOf(bin)
	require.NoError(t, err)
	want, err := versionOf(found)
	require.NoError(t, err)
	require.Equal(t, want, version)

	repository.Close()
	again, err := s.download()
	require.NoError(t, err, "a second time nothing is fetched")
	require.Equal(t, bin, again)

	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)
	s.config.Repository, s.config.CacheDir = empty.URL, publicTemp(t)
	_, err = s.download()
	require.ErrorContains(t, err, "downloading version")
	require.ErrorContains(t, err, "no version found")
}

// packed makes a jar: a zip with a .txz that holds bin and the extension's control file.
func packed(t *testing.T, bin string) []byte {
	t.Helper()
	tree := t.TempDir()
	for _, dir := range []string{"bin", "share/extension"} {
		require.NoError(t, os.MkdirAll(filepath.Join(tree, dir), 0o755))
	}
	for _, program := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\nexec " + filepath.Join(bin, program) + " \"$@\"\n"
		require.NoError(t, os.WriteFile(filepath.Join(tree, "bin", program), []byte(script), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(tree, "share/extension/btree_gist.control"), nil, 0o644))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	txz, err := exec.CommandContext(ctx, "tar", "-cJf", "-", "-C", tree, "bin", "share").Output()
	require.NoError(t, err, "tar with xz is needed to pack the archive")
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	file, err := w.Create("postgres-linux-x86_64.txz")
	require.NoError(t, err)
	_, err = file.Write(txz)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return jar.Bytes()
}
