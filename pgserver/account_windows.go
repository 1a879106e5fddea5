package pgserver

import (
	"os"
	"os/exec"
)

// immediate ends the server at once: Windows has no signals.
var immediate = os.Kill

// account is who runs PostgreSQL: on Windows always the user that we are.
type account struct{}

func unprivileged() (account, error) { return account{}, nil }

func (account) run(*exec.Cmd) {}

func (account) own(...string) error { return nil }

func (account) reaches(...string) error { return nil }

func (account) cacheDirectory() (string, error) { return os.UserCacheDir() }
