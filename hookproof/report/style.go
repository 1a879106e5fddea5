package report

import (
	"os"
	"regexp"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"example.com/hookproof/hookproof/result"
)

// Style is how text is written.
type Style struct {
	Color    bool // with ANSI colours
	Terminal bool // lines can be rewritten in place
	Width    int  // in columns; 0 is 80, and the least is 40
}

// StyleOf returns the style that suits a file: a terminal's if it is one. noColor is for a caller that wants no colour, as with
// NO_COLOR.
func StyleOf(f *os.File, noColor bool) Style {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return Style{}
	}
	width, _, err := term.GetSize(fd)
	if err != nil {
		width = 0
	}
	return Style{Color: !noColor, Terminal: true, Width: width}
}

func (s Style) width() int {
	if s.Width == 0 {
		return 80
	}
	return max(s.Width, 40)
}

// paint colours text by an ANSI code.
func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// hues are the verdicts' colours.
var hues = map[result.Verdict]string{
	result.Fail: red, result.Known: yellow, result.Pass: green, result.Info: cyan, result.NotRun: yellow,
}

// clean removes characters that could control a terminal or break XML: the target's answers are printed here.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
			return -1
		}
		return r
	}, ansi.Strip(text))
}

// hyphen replaces a hyphen while text is wrapped: a flag or a check's name must stay in one piece, to be copied.
const hyphen = "\ue000"

var inOnePiece = regexp.MustCompile(`\S*-\S*`)

// wrap breaks text into lines that fit the width, with an indent for the first line and one for the others. It breaks at spaces,
// unless a word is longer than a line.
func (s Style) wrap(first, after, text string) string {
	room := max(s.width()-ansi.StringWidth(after), 20)
	text = ansi.Wrap(inOnePiece.ReplaceAllStringFunc(clean(text), func(word string) string {
		if ansi.StringWidth(word) > room {
			return word
		}
		return strings.ReplaceAll(word, "-", hyphen)
	}), room, "")
	lines := strings.Split(strings.ReplaceAll(text, hyphen, "-"), "\n")
	for i, line := range lines {
		lines[i] = after + strings.TrimRight(line, " ")
	}
	lines[0] = first + strings.TrimPrefix(lines[0], after)
	return strings.Join(lines, "\n") + "\n"
}

// pad fills text with spaces up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}
