package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/target"
)

func (i *inquiry) proposeStop() proposal {
	u, err := url.Parse(i.file.URL)
	if i.offline || err != nil || i.process == nil {
		return proposal{}
	}
	if _, err := i.writtenStart(); err != nil && !i.isGiven("start") {
		i.say("%s, so neither stop nor start is proposed.", upper(err.Error()))
		return proposal{}
	} else if i.startOf() == nil && !i.isGiven("start") {
		return proposal{}
	}
	return propose("listener "+target.Address(u), "it ends "+i.process.String()+", or whatever listens there then")
}

// ofSession matches variables that are a shell's or a tool's own, and not the program's.
var ofSession = regexp.MustCompile(`^(_|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|LS_COLORS|LINES|COLUMNS|HOSTNAME|HOME|USER|LOGNAME|SHELL|MAIL|LANG|LANGUAGE|LC_.*|DISPLAY|WAYLAND.*|EDITOR|VISUAL|PAGER|LESS.*|WINDOWID|SSH_.*|XDG_.*|DBUS_.*|GPG_.*|GNOME_.*|npm_.*|INIT_CWD|NVM_.*|VSCODE_.*|TMUX.*|STY|INVOCATION_ID|JOURNAL_STREAM|MEMORY_PRESSURE_.*)$`)

// ofProgram matches variables that a program needs wherever it is started, even if hookproof itself has them now.
var ofProgram = regexp.MustCompile(`^(PG[A-Z]+|(DATABASE|DB|POSTGRES|MYSQL|REDIS|MONGO|STRIPE|APP|RAILS|DJANGO|FLASK)_.*|HOST|PORT|NODE_ENV)$`)

// startOf is how the process was started: its command, its directory, and what it needs of its environment. It is nil if that is not
// known, or if its command line is only a title.
func (i *inquiry) startOf() *process.Background {
	p := i.process
	if p == nil || len(p.Command) == 0 || p.Directory == "" {
		return nil
	}
	b := process.Background{Command: slices.Clone(p.Command), Directory: p.Directory, Environment: map[string]string{}}
	program := b.Command[0]
	switch _, missing := os.Stat(filepath.Join(p.Directory, program)); {
	case strings.ContainsRune(program, filepath.Separator) && (filepath.IsAbs(program) && exists(program) || !filepath.IsAbs(program) && missing == nil):
	case !strings.ContainsRune(program, filepath.Separator) && onPath(program):
	case p.Program != "" && filepath.Base(program) == filepath.Base(p.Program):
		b.Command[0] = p.Program
	default:
		return nil
	}
	for name, value := range p.Environment {
		if !ofSession.MatchString(name) && (i.getenv(name) != value || ofProgram.MatchString(name) || i.reads(name) != "") {
			b.Environment[name] = value
		}
	}
	return &b
}

// writtenStart is startOf as it may stand in a file: a secret of its command line is an environment variable that hookproof has, too.
// Everybody on a machine can see a command line, and files are copied.
func (i *inquiry) writtenStart() (*process.Background, error) {
	b := i.startOf()
	if b == nil {
		return nil, nil
	}
	unknown := 0
	b.Command = process.ReplaceSecrets(b.Command, func(secret string) string {
		for _, name := range slices.Sorted(maps.Keys(i.process.Environment)) {
			if i.process.Environment[name] == secret && i.getenv(name) == secret {
				return "{{env." + name + "}}"
			}
		}
		unknown++
		return "…"
	})
	if unknown > 0 {
		return nil, fmt.Errorf("the command line of process %d has a secret, which belongs into an environment variable (start it so, or give --stop, and --start with {{env.NAME}} in the secret's place)", i.process.PID)
	}
	return b, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// proposeStart proposes to start the process as it was, but for the address of its database.
func (i *inquiry) proposeStart() proposal {
	if i.offline {
		return proposal{}
	}
	b, err := i.writtenStart()
	if err != nil {
		return proposal{basis: err.Error()}
	}
	if b == nil {
		return proposal{}
	}
	basis := "it runs so now"
	if d := i.file.Database; d != nil {
		if i.base.moved == nil {
			return proposal{basis: "no variable of the process names its database, so it is not known how to tell it another address"}
		}
		basis += "; a run sets " + i.base.names + " to hookproof's proxy"
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return proposal{}
	}
	shown := process.Shown(b.Command) + " in " + b.Directory
	if names := slices.Sorted(maps.Keys(b.Environment)); len(names) > 0 {
		shown += ", with " + strings.Join(names, ", ")
	}
	return proposal{answer: string(raw), shown: shown, basis: basis, is: true}
}

// tryRestart stops and starts the target behind hookproof's proxy, and leaves it as it was.
func (i *inquiry) tryRestart() error {
	t, discard, err := loaded(i.target, i.file, i.getenv)
	if err != nil {
		return err
	}
	defer discard()
	i.say("Stopping it and starting it again …")
	if err = i.tryOpen(t); err != nil && i.bringBack(t) != nil {
		err = fmt.Errorf("%w; the endpoint could not be started again as it was, so it is down", err)
	}
	if i.ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return fmt.Errorf("stop or start does not work: %w", err)
	}
	i.say("It ended, and listened again after its start.")
	return nil
}

// tryOpen opens the target as a run does, and delivers to it.
func (i *inquiry) tryOpen(t *target.Target) error {
	closing, err := t.Open(i.ctx)
	if err == nil && t.Database == nil {
		if err = t.BringDown(i.ctx, "stop", nil); err == nil {
			err = t.BringUp(i.ctx)
		}
	}
	if err == nil {
		err = t.Reach(i.ctx)
	}
	return closing(context.WithoutCancel(i.ctx), err)
}

// bringBack starts the process as it was, if a start hook that does not work has left it stopped.
func (i *inquiry) bringBack(t *target.Target) error {
	b := i.startOf()
	if b == nil || t.Listens() {
		return nil
	}
	own := target.Target{URL: t.URL, Start: func(context.Context) error {
		_, err := b.Start(i.folder, nil) // it stays
		return err
	}}
	return own.BringUp(context.WithoutCancel(i.ctx))
}
