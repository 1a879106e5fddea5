package main

import (
	"path/filepath"
	"strings"
)

// asTyped is a command line of hookproof with the program as the user has typed it, such as bin/hookproof: the shell
// finds it there and not by its name. An absolute path is a shell's, or of go run, and is not shown.
func asTyped(program, command string) string {
	if filepath.IsAbs(program) || !strings.ContainsAny(program, `/\`) {
		return command
	}
	return program + strings.TrimPrefix(command, "hookproof")
}
