package life

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Short returns a text in which the words of phrases that stand one after the other, as a schedule has them, are replaced by the phrases'
// names. Only phrases that the life says to show are. It also returns those phrases, each with what it stands for.
func (l *Life) Short(text string) (short string, phrases []string) {
	tokens := strings.Split(text, " ")
	var out []string
	for n := 0; n < len(tokens); {
		phrase, rest := l.phraseAt(tokens[n:])
		if phrase == "" {
			out = append(out, tokens[n])
			n++
			continue
		}
		words := l.Phrases[phrase]
		first, last := tokenOf(tokens[n]), tokenOf(tokens[n+len(words)-1])
		out = append(out, first.before+strings.Replace(rest, words[0], phrase, 1)+last.after)
		if told := phrase + " is " + strings.Join(words, ", "); !slices.Contains(phrases, told) {
			phrases = append(phrases, told)
		}
		n += len(words)
	}
	return strings.Join(out, " "), phrases
}

// phraseAt returns the longest shown phrase with which some tokens begin, and its first word as it is written there: all of the phrase's
// words must be signed, copied and answered alike.
func (l *Life) phraseAt(tokens []string) (phrase, written string) {
	for _, name := range l.shownPhrases() {
		words := l.Phrases[name]
		if len(words) > len(tokens) {
			continue
		}
		first := tokenOf(tokens[0])
		before, after, has := cutWord(first.word, words[0])
		for n, word := range words {
			at := tokenOf(tokens[n])
			inside := (n == 0 || at.before == "") && (n == len(words)-1 || at.after == "")
			has = has && inside && at.word == before+word+after
		}
		if has {
			return name, first.word
		}
	}
	return "", ""
}

// shownPhrases returns the phrases to show, and their forms, the longest first.
func (l *Life) shownPhrases() []string {
	shown := slices.DeleteFunc(slices.Sorted(maps.Keys(l.Phrases)), func(name string) bool {
		if form := l.FormOf(name); form != "" {
			name = strings.TrimPrefix(name, form+"-")
		}
		return !slices.Contains(l.shown, name)
	})
	slices.SortStableFunc(shown, func(a, b string) int { return cmp.Compare(len(l.Phrases[b]), len(l.Phrases[a])) })
	return shown
}

// token is a word of a text with what a sentence writes around it.
type token struct{ before, word, after string }

func tokenOf(text string) token {
	word := strings.TrimLeft(text, "S(\"{")
	before := text[:len(text)-len(word)]
	word, after := strings.TrimRight(word, ").,:;\"}"), ""
	after = strings.TrimPrefix(text[len(before):], word)
	return token{before, word, after}
}

// cutWord cuts a schedule's word out of a step: wrong-secret:paid*3=ack is paid with what stands before and after it.
func cutWord(step, word string) (before, after string, found bool) {
	at := 0
	if colon := strings.IndexByte(step, ':'); colon >= 0 {
		at = colon + 1
	}
	after, found = strings.CutPrefix(step[at:], word)
	if after != "" && !strings.ContainsAny(after[:1], "*&+=") {
		return "", "", false
	}
	return step[:at], after, found
}
