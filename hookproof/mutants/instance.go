package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/hookproof/hookproof/internal/program"
	"example.com/hookproof/pgserver"
)

// endpoint is a program of examples/targets that mutants are variants of.
type endpoint struct {
	name      string // and the directory of its mutants
	directory string // below the repository's root
	target    string // the name of its target file
	binary    string // in Go: the name of the program that its start script builds; the instance has it, and none of the sources
}

// compiled reports whether an endpoint is built before it runs.
func (e endpoint) compiled() bool { return e.binary != "" }

// targetFiles are the names that a target file may have.
var targetFiles = []string{"target.json", "hookproof.json"}

// builds matches what a start script names the program that it builds.
var builds = regexp.MustCompile(`go build -o "\$run/(\w+)"`)

// endpointsOf are the endpoints that there are mutants of.
func endpointsOf(files fs.FS, root string) ([]endpoint, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var all []endpoint
	for _, entry := range entries {
		e := endpoint{name: entry.Name(), directory: path.Join("examples", "targets", entry.Name())}
		for _, name := range targetFiles {
			if _, err := os.Stat(filepath.Join(root, e.directory, name)); err == nil {
				e.target = name
			}
		}
		if e.target == "" {
			continue // a suite of our own sources
		}
		start, err := os.ReadFile(filepath.Join(root, e.directory, "start"))
		if err != nil {
			return nil, err
		}
		if build := builds.FindSubmatch(start); build != nil {
			e.binary = string(build[1])
		}
		all = append(all, e)
	}
	return all, nil
}

// instance is one variant in a directory, with ports and a database, of its own. Its start and stop scripts
// are the endpoint's.
type instance struct {
	directory string
	endpoint  endpoint
	env       map[string]string // what the target file's {{env.NAME}} are
	ports     []string
}

// newInstance makes one. What it has made when it fails is removed again.
func newInstance(ctx context.Context, server *pgserver.Server, root string, e endpoint, m Mutant, binary string) (_ *instance, err error) {
	directory, err := os.MkdirTemp("", "hookproof-mutant-")
	if err != nil {
		return nil, err
	}
	i := &instance{directory: directory, endpoint: e}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.close())
		}
	}()
	for range 4 {
		port, err := pgserver.FreePort()
		if err != nil {
			return nil, err
		}
		i.ports = append(i.ports, strconv.Itoa(port))
	}
	port, replica, proxy, api := i.ports[0], i.ports[1], i.ports[2], i.ports[3]
	database := filepath.Base(directory)
	if err := server.CreateDatabase(ctx, database, ""); err != nil {
		return nil, err
	}
	dialled := strings.Replace(server.URL(database), fmt.Sprintf(":%d/", server.Port()), ":"+proxy+"/", 1)
	i.env = map[string]string{
		"PORT":              port,
		"REPLICA_PORT":      replica, // of a second process, where a variant's scripts start one
		"DATABASE_URL":      dialled,
		"DATABASE_LISTEN":   "127.0.0.1:" + proxy,
		"DATABASE_UPSTREAM": "127.0.0.1:" + strconv.Itoa(server.Port()),
		"STRIPE_API_LISTEN": "127.0.0.1:" + api,
	}
	if e.compiled() {
		return i, i.compiled(filepath.Join(root, e.directory), m, binary)
	}
	return i, i.interpreted(filepath.Join(root, e.directory), m)
}

// compiled is the scripts, as the mutant has them, and the binary where they expect it.
func (i *instance) compiled(source string, m Mutant, binary string) error {
	changed, err := m.Apply(os.DirFS(source))
	if err != nil {
		return err
	}
	for _, name := range []string{i.endpoint.target, "start", "stop"} {
		if err := i.copy(source, name, changed); err != nil {
			return err
		}
	}
	for _, port := range []string{i.env["PORT"], i.env["REPLICA_PORT"]} {
		run := filepath.Join(i.directory, ".run", port)
		if err := os.MkdirAll(run, 0o755); err != nil {
			return err
		}
		if err := os.Symlink(binary, filepath.Join(run, i.endpoint.binary)); err != nil {
			return err
		}
	}
	return nil
}

// interpreted is all of the endpoint's files, as the mutant has them, and its installed packages.
func (i *instance) interpreted(source string, m Mutant) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	changed, err := m.Apply(os.DirFS(source))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		switch {
		case entry.Name() == "node_modules":
			err = os.Symlink(filepath.Join(source, entry.Name()), filepath.Join(i.directory, entry.Name()))
		case entry.IsDir():
			continue
		default:
			err = i.copy(source, entry.Name(), changed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copy copies a file, or writes what it was changed to. The target file's hooks run scripts in an environment that the judge's process does not
// have, so it is written into the copy.
func (i *instance) copy(source, name string, changed map[string][]byte) error {
	text, is := changed[name]
	if !is {
		var err error
		if text, err = os.ReadFile(filepath.Join(source, name)); err != nil {
			return err
		}
	}
	if name == i.endpoint.target {
		for _, script := range []string{"start", "stop"} {
			arguments := []string{"env"}
			for _, key := range slices.Sorted(maps.Keys(i.env)) {
				arguments = append(arguments, key+"="+i.env[key])
			}
			vector, err := json.Marshal(append(arguments, filepath.Join(i.directory, script)))
			if err != nil {
				return err
			}
			text = bytes.ReplaceAll(text, []byte(`["./`+script+`"]`), vector)
		}
	}
	return program.Write(filepath.Join(i.directory, name), text, 0o755)
}

// target is its target file.
func (i *instance) target() string { return filepath.Join(i.directory, i.endpoint.target) }

func (i *instance) getenv(name string) string { return i.env[name] }

// script runs start or stop as the target file does.
func (i *instance) script(ctx context.Context, name string) error {
	command := exec.CommandContext(ctx, filepath.Join(i.directory, name))
	command.Dir = i.directory
	command.Env = os.Environ()
	for key, value := range i.env {
		command.Env = append(command.Env, key+"="+value)
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(said))
	}
	return nil
}

// leftovers says what a judge has left behind, when it is done and the grace is over, or "". It has ended the endpoint and its
// own proxy by then.
func (i *instance) leftovers(grace time.Duration) string {
	for _, port := range i.ports {
		if what := gone(grace, func() string { return listenerOn(port) }); what != "" {
			return what
		}
	}
	// Behind a proxy an endpoint has a socket. One that was killed leaves the file, and nobody behind it.
	sockets, _ := filepath.Glob(filepath.Join(i.directory, ".run", "*", "*.sock")) // only a bad pattern is an error
	for _, socket := range sockets {
		if conn, err := net.Dial("unix", socket); err == nil {
			_ = conn.Close()
			return "somebody still listens on " + filepath.Base(socket)
		}
	}
	return gone(grace, func() string { return processIn(i.directory) })
}

// closeTime is for ending a process.
const closeTime = 30 * time.Second

// close ends the endpoint and removes its directory. Its database goes with the server, which is the run's own:
// to drop one means a checkpoint. It may be called twice.
func (i *instance) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var stopped error
	if _, err := os.Stat(filepath.Join(i.directory, "stop")); err == nil {
		stopped = i.script(ctx, "stop")
	}
	return errors.Join(stopped, os.RemoveAll(i.directory))
}
