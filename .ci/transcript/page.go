package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// block is one block of code of a page, fenced or indented.
type block struct {
	line     int // of the block's first line
	language string
	indented bool
	lines    []string
	notRun   string // why its commands cannot be run, by a comment before it
	file     string // that it shows, by a comment before it
}

// scripts are the languages whose blocks are commands, though no transcript.
var scripts = []string{"sh", "bash", "shell", "zsh", "powershell", "bat", "cmd"}

// quiet are the languages whose blocks hold no command.
var quiet = []string{"text", "json", "go", "sql", "yaml", "diff", "js", "http"}

var (
	mark    = regexp.MustCompile(`^<!-- (not run|file): (.+) -->$`)
	fence   = regexp.MustCompile("^ *```(.*)$")
	invokes = regexp.MustCompile(`^ *(\$ |(go|hookproof|bin/\S+|\./\S+|npm|npx|node|psql|curl|docker|cd|git|bash|sh|python3?|php|export) \S)`)
)

// blocksOf are the blocks of a page, in order.
func blocksOf(document string) (blocks []block) {
	lines := strings.Split(document, "\n")
	var marked []string // the comment before the next block
	var open *block
	for i, line := range lines {
		begins := fence.FindStringSubmatch(line)
		if open != nil && !open.indented {
			if begins != nil {
				blocks, open = append(blocks, *open), nil
			} else {
				open.lines = append(open.lines, line)
			}
			continue
		}
		if open != nil {
			if isIndented(line) {
				open.lines = append(open.lines, line)
				continue
			}
			blocks, open = append(blocks, *open), nil
		}
		switch {
		case begins != nil:
			open = marks(block{line: i + 1, language: begins[1]}, marked)
			marked = nil
		case isIndented(line) && (i == 0 || strings.TrimSpace(lines[i-1]) == "") && !continuesList(lines[:i]):
			open = marks(block{line: i + 1, indented: true, lines: []string{line}}, marked)
			marked = nil
		case mark.MatchString(line):
			marked = mark.FindStringSubmatch(line)
		case strings.TrimSpace(line) != "":
			marked = nil
		}
	}
	if open != nil {
		blocks = append(blocks, *open)
	}
	return blocks
}

func isIndented(line string) bool {
	return strings.TrimSpace(line) != "" && (strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"))
}

var item = regexp.MustCompile(`^ *([-*]|\d+\.) `)

// continuesList says whether an indented line belongs to a list's item: the paragraph before it is one.
func continuesList(before []string) bool {
	for _, line := range slices.Backward(before) {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, " ") {
			return item.MatchString(line)
		}
	}
	return false
}

func marks(b block, marked []string) *block {
	if len(marked) == 3 {
		if marked[1] == "file" {
			b.file = marked[2]
		} else {
			b.notRun = marked[2]
		}
	}
	return &b
}

// fault is what is wrong with a block, or nothing: each command of a page is run, or says why not.
func (b block) fault() string {
	shows := slices.ContainsFunc(b.lines, func(line string) bool { return strings.HasPrefix(line, "$ ") })
	switch {
	case b.file != "":
		return b.differs()
	case b.indented:
		return "an indented block; make it a ```console block with its output, or ```text where it has no command"
	case b.language == "console" && !shows:
		return "a ```console block without a command; a command begins with \"$ \""
	case b.language == "console", b.notRun != "":
		return ""
	case slices.Contains(scripts, b.language):
		return "a script that is not run; make it ```console, or write <!-- file: PATH --> or <!-- not run: REASON --> before it"
	case !slices.Contains(quiet, b.language):
		return fmt.Sprintf("a block in %q; there are console, %s, %s", b.language, strings.Join(scripts, ", "), strings.Join(quiet, ", "))
	}
	for _, line := range b.lines {
		if b.language == "text" && invokes.MatchString(line) || strings.HasPrefix(line, "$ ") {
			return "a command that is not run: " + strings.TrimSpace(line) + "; make the block ```console"
		}
	}
	return ""
}

// differs says how a block differs from the file that it shows.
func (b block) differs() string {
	text, err := os.ReadFile(b.file)
	if err != nil {
		return "it shows a file that there is not: " + err.Error()
	}
	if want := strings.TrimRight(string(text), "\n"); want != strings.Join(b.lines, "\n") {
		return "it is not what is in " + b.file + "; copy the file into it"
	}
	return ""
}

// commandsOf are the commands of blocks that are run, as one script.
func commandsOf(blocks []block) (commands []command) {
	for _, b := range blocks {
		if b.language == "console" && b.notRun == "" && b.file == "" {
			commands = append(commands, transcript(b)...)
		}
	}
	return commands
}

// transcript are the commands of one console block.
func transcript(b block) (commands []command) {
	for i, line := range b.lines {
		last := len(commands) - 1
		switch {
		case strings.HasPrefix(line, "$ "):
			commands = append(commands, command{line: b.line + 1 + i, shown: line[2:]})
		case last < 0:
		case strings.HasPrefix(line, "> ") && len(commands[last].want) == 0:
			commands[last].shown += "\n" + line[2:]
		default:
			commands[last].want = append(commands[last].want, strings.TrimRight(line, " "))
		}
	}
	for i := range commands {
		commands[i].text = commands[i].shown
	}
	return commands
}
