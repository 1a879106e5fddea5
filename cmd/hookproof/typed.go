package main

import (
	"path/filepath"
	"regexp"
	"strings"
)

// goRun is where 'go run' puts a program that it builds, or keeps it: nobody has typed that.
var goRun = regexp.MustCompile(`[/\\](go-build\d+[/\\]b\d+[/\\]exe|go-build[/\\][0-9a-f]{2}[/\\][^/\\]+)[/\\][^/\\]+$`)

// plainPath is a path that a shell takes as it is.
var plainPath = regexp.MustCompile(`^[\w@%+=:,./\\~-]+$`)

// asTyped is a command line of hookproof with the program as the user has typed it, such as bin/hookproof: the shell finds it
// there and not by its name. look finds a program by its name: some shells write the path of what they have found so.
func asTyped(program string, look func(name string) (string, error), command string) string {
	arguments := strings.TrimPrefix(command, "hookproof")
	found, err := look("hookproof")
	switch {
	case program == "npx hookproof": // which the npm package's launcher calls it
		return program + arguments
	case !strings.ContainsAny(program, `/\`), err == nil && found == program, goRun.MatchString(program):
		return command
	case filepath.Dir(program) == "/": // of an image, which is called by its name
		return command
	case !plainPath.MatchString(program):
		program = "'" + strings.ReplaceAll(program, "'", `'\''`) + "'"
	}
	return program + arguments
}
