//go:build !windows

package pgserver

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// immediate is the signal for PostgreSQL's immediate shutdown:
// https://www.postgresql.org/docs/16/server-shutdown.html
const immediate = syscall.SIGQUIT

// account is who runs PostgreSQL, which refuses to run as root. The zero value is the user that we are.
type account struct {
	credential *syscall.Credential
	name       string
}

// unprivileged picks another user when the process is root, as it often is in a container.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, name}, nil
		}
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as; start this program as another user")
}

// run has a command run as this account, in a process group of its own: Ctrl-C in a terminal is for
// us, and we stop PostgreSQL when we are done with it.
func (a account) run(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.credential}
	dieWithParent(c.SysProcAttr)
}

// own gives files to the account.
func (a account) own(paths ...string) error {
	if a.credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// reaches tells whether the account can walk to the directories: root's home, for one, is closed.
func (a account) reaches(directories ...string) error {
	if a.credential == nil {
		return nil
	}
	for _, directory := range directories {
		try := exec.Command("/bin/sh", "-c", `cd "$1"`, "sh", directory)
		a.run(try)
		if try.Run() != nil {
			return fmt.Errorf("PostgreSQL runs as the user %s, who cannot reach %s; name a directory that everybody can reach", a.name, directory)
		}
	}
	return nil
}

// cacheDirectory is where downloads are kept: somewhere that the account can reach.
func (a account) cacheDirectory() (string, error) {
	if a.credential == nil {
		return os.UserCacheDir()
	}
	return filepath.Join("/var", "cache"), nil
}
