package target

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// programs returns an error that names the first hook whose program is missing, and that program: a run that needs it would end in
// the middle. What a script runs beyond its first command is not known before.
func (f *file) programs() error {
	hooks := f.hooks()
	for name, entry := range f.entries() {
		if entry.Subject == nil {
			continue
		}
		prefix := "lives." + name + "."
		if f.Lives[name] == nil {
			prefix = ""
		}
		hooks[prefix+"subject"], hooks[prefix+"state"] = &entry.Subject.Hook, entry.State
	}
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[name]
		if hook == nil {
			continue
		}
		command := hook.Command
		if hook.Background != nil {
			command = hook.Background.Command
		}
		if missing := missingProgram(f.directory, command); missing != "" {
			return HookFailed(name, fmt.Errorf("its command needs %s, which is not here; install it, or run hookproof where it is", missing))
		}
	}
	return nil
}

// missingProgram returns the program that a command cannot run without and that does not exist: its own, the interpreter in its
// file's first line, or the first command of a script that a shell is given. It returns "" if there is none.
func missingProgram(directory string, command []string) string {
	if len(command) == 0 || strings.Contains(command[0], "{{") {
		return ""
	}
	path, missing := programPath(directory, command[0])
	if missing {
		return result.Quoted(command[0])
	}
	for _, needed := range interpreter(path) {
		if _, missing := programPath(directory, needed); missing {
			return fmt.Sprintf("%s, by which %s runs", needed, result.Quoted(command[0]))
		}
	}
	if len(command) >= 3 && command[1] == "-c" && shell.MatchString(command[0]) {
		if first := strings.TrimSpace(firstWord.FindString(command[2])); first != "" {
			known := exec.Command(path, "-c", `command -v -- "$1"`, path, first)
			known.Dir = directory
			if errors.As(known.Run(), new(*exec.ExitError)) {
				return first
			}
		}
	}
	return ""
}

var (
	shell     = regexp.MustCompile(`(^|/)(ba|da|k|z|a)?sh$`)
	firstWord = regexp.MustCompile(`^[A-Za-z][\w.-]*(\s|$)`)
)

// programPath returns where a program is, and whether it is missing.
func programPath(directory, program string) (path string, missing bool) {
	if !strings.ContainsRune(program, filepath.Separator) {
		path, err := exec.LookPath(program)
		return path, errors.Is(err, exec.ErrNotFound)
	}
	if !filepath.IsAbs(program) {
		program = filepath.Join(directory, program)
	}
	_, err := os.Stat(program)
	return program, errors.Is(err, os.ErrNotExist)
}

// interpreter returns the programs that the first line of a script names.
func interpreter(path string) []string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	line, _ := bufio.NewReaderSize(file, 256).ReadSlice('\n')
	script, is := strings.CutPrefix(string(line), "#!")
	words := strings.Fields(script)
	if !is || len(words) == 0 {
		return nil
	}
	needed := words[:1]
	if filepath.Base(words[0]) == "env" {
		for _, word := range words[1:] {
			if !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
				return append(needed, word)
			}
		}
	}
	return needed
}
