package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/record"
	"example.com/hookproof/hookproof/target"
)

// patience is how long a verification may take for one vector.
const patience = 30 * time.Second

// verifier is what vectors are run against. It answers each in its turn by a word: accept, refuse, or what
// it did instead. An error ends the run.
type verifier interface {
	verify(cmd *cobra.Command, vectors []fixtures.Vector, answer func(fixtures.Vector, string)) error
}

const (
	accept = "accept"
	refuse = "refuse"
)

// leftOut says why a vector of a group is not run, or "".
type leftOut func(group string, v fixtures.Vector) string

// runVectors gives each vector its verdict.
func runVectors(cmd *cobra.Command, suite fixtures.Suite, by verifier, leftOut leftOut, verbose bool) error {
	out := cmd.OutOrStdout()
	var run []fixtures.Vector
	not := map[string]int{}
	for _, group := range suite.Groups {
		for _, v := range group.Tests {
			why := leftOut(group.Name, v)
			if why == "" {
				run = append(run, v)
				continue
			}
			not[why]++
			if verbose {
				_, _ = fmt.Fprintf(out, "----  %3d  %-10s  %s (not run: %s)\n", v.ID, v.Result, v.Comment, why)
			}
		}
	}
	if len(run) == 0 {
		return errors.New("vectors: nothing ran: none of these can be tested so")
	}
	right, wrong, either := 0, 0, map[string]int{}
	err := by.verify(cmd, run, func(v fixtures.Vector, word string) {
		verdict := "PASS"
		switch {
		case word != accept && word != refuse, v.Result == fixtures.Valid && word != accept, v.Result == fixtures.Invalid && word != refuse:
			verdict = "FAIL"
			wrong++
		case v.Result == fixtures.Acceptable:
			either[word]++
		default:
			right++
		}
		if verdict == "FAIL" || verbose {
			_, _ = fmt.Fprintf(out, "%s  %3d  %-10s  %s: %s (%s)\n", verdict, v.ID, v.Result, told(word), v.Comment, strings.Join(v.Flags, " "))
		}
	})
	if err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	if wrong > 0 || verbose {
		_, _ = fmt.Fprintln(out)
	}
	_, _ = fmt.Fprintf(out, "%d right, %d wrong; of %d acceptable ones %d accepted, %d refused; %d not run\n",
		right, wrong, either[accept]+either[refuse], either[accept], either[refuse], suite.NumberOfTests-len(run))
	for _, why := range sortedByCount(not) {
		_, _ = fmt.Fprintf(out, "  not run, %d: %s\n", not[why], why)
	}
	if wrong > 0 {
		return errFailed
	}
	return nil
}

func told(word string) string {
	switch word {
	case accept:
		return "accepted"
	case refuse:
		return "refused"
	}
	return word
}

func sortedByCount(counts map[string]int) []string {
	var all []string
	for what := range counts {
		all = append(all, what)
	}
	slices.SortFunc(all, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return all
}

// timed are the flags of vectors outside the group time that need a clock; docs/vectors.md says so.
var timed = []string{"Stale", "Future", "Replay", "NoTime"}

func needsClock(group string, v fixtures.Vector) string {
	if group == "time" || flagged(v, timed) {
		return "needs a clock that can be set"
	}
	return ""
}

// program is a verifier that is started once and asked about every vector.
type program struct{ argv []string }

// question is a vector as a program gets it.
type question struct {
	ID        int      `json:"tcId"`
	Secrets   []string `json:"secrets"`
	Header    *string  `json:"header"`
	Body      []byte   `json:"body"` // base64
	Now       int64    `json:"now"`
	NowMillis int64    `json:"nowMillis"`
	Tolerance int64    `json:"tolerance"`
}

func (p program) verify(cmd *cobra.Command, vectors []fixtures.Vector, answer func(fixtures.Vector, string)) error {
	var questions bytes.Buffer
	encoder := json.NewEncoder(&questions)
	for _, v := range vectors {
		body, err := v.Body.Bytes()
		if err != nil {
			return err
		}
		if err := encoder.Encode(question{v.ID, v.Secrets, v.Header, body, v.Now, v.NowMillis, v.Tolerance}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	child := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	child.Stdin, child.Stderr = &questions, cmd.ErrOrStderr()
	child.WaitDelay = time.Second
	stdout, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("%s cannot be started: %w", p.argv[0], cmp.Or(errors.Unwrap(err), err))
	}
	impatience := time.AfterFunc(patience, func() {
		cancel(fmt.Errorf("%s gave no answer for %s", p.argv[0], patience))
	})
	defer impatience.Stop()
	lines, n := bufio.NewScanner(stdout), 0
	for ; n < len(vectors) && lines.Scan(); n++ {
		impatience.Reset(patience)
		word := strings.TrimSpace(lines.Text())
		if word != accept && word != refuse {
			cancel(nil)
			_ = child.Wait()
			return fmt.Errorf("%s answered %q to vector %d; it must answer accept or refuse, and nothing else", p.argv[0], word, vectors[n].ID)
		}
		answer(vectors[n], word)
	}
	extra := n == len(vectors) && lines.Scan()
	ended := errors.Join(lines.Err(), child.Wait())
	switch {
	case cmd.Context().Err() != nil:
		return errors.New("interrupted")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case n < len(vectors):
		return fmt.Errorf("%s ended after %d of %d answers%s", p.argv[0], n, len(vectors), because(ended))
	case extra:
		return fmt.Errorf("%s answered more than the %d vectors that it was asked about", p.argv[0], len(vectors))
	}
	return nil // how it ends after its last answer is its own business
}

// because is an error behind a sentence, if there is one.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// live is an endpoint as a verifier: any 2xx accepts, any 4xx refuses.
type live struct {
	target  *target.Target
	client  *http.Client
	genuine fixtures.Vector // that it must accept for the others to tell anything
}

// newLive fails when no vector is about an endpoint with these secrets.
func newLive(t *target.Target, suite fixtures.Suite) (live, error) {
	l := live{target: t, client: &http.Client{
		Timeout:       patience,
		Transport:     t.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, group := range suite.Groups {
		for _, v := range group.Tests {
			if v.Result == fixtures.Valid && l.leftOut(group.Name, v) == "" {
				l.genuine = v
				return l, nil
			}
		}
	}
	return l, fmt.Errorf("no vector can test an endpoint with the secret %s; most need %s", shown(t.Secret), shown(usualSecret(suite)))
}

// secrets are those that the endpoint has, sorted.
func (l live) secrets() []string {
	secrets := []string{l.target.Secret}
	if l.target.PreviousSecret != "" {
		secrets = append(secrets, l.target.PreviousSecret)
	}
	slices.Sort(secrets)
	return secrets
}

// about tells whether a vector is about an endpoint with these secrets and no others.
func (l live) about(v fixtures.Vector) bool {
	return slices.Equal(slices.Sorted(slices.Values(v.Secrets)), l.secrets())
}

// leftOut says why a vector cannot be judged by an endpoint's answer, or "".
func (l live) leftOut(group string, v fixtures.Vector) string {
	if !l.about(v) {
		return "needs other secrets than the endpoint's"
	}
	if why := needsClock(group, v); why != "" {
		return why
	}
	if v.Header != nil && !carried(*v.Header) {
		return "has a header that HTTP changes"
	}
	body, err := v.Body.Bytes()
	if err == nil {
		_, err = record.Event(body)
	}
	if err != nil {
		return "has a body that is not an event, so a refusal may have another reason"
	}
	return ""
}

// carried tells whether a header's value arrives as it was sent: spaces around it do not, and of letters
// beyond ASCII each server thinks its own.
func carried(value string) bool {
	return value == strings.Trim(value, " \t") && !strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') })
}

func (l live) verify(cmd *cobra.Command, vectors []fixtures.Vector, answer func(fixtures.Vector, string)) error {
	defer l.client.CloseIdleConnections()
	word, err := l.post(cmd.Context(), l.genuine)
	if err != nil {
		return err
	}
	if word != accept {
		return fmt.Errorf("the endpoint cannot be tested: it has not accepted vector %d, which is valid (%s); it must have the secret %s, tolerate a signature of %s, and acknowledge an event about an object that it does not know",
			l.genuine.ID, told(word), shown(l.target.Secret), l.genuine.Clock().UTC().Format(time.DateOnly))
	}
	for _, v := range vectors {
		if word, err = l.post(cmd.Context(), v); err != nil {
			return err
		}
		answer(v, word)
	}
	return nil
}

func (l live) post(ctx context.Context, v fixtures.Vector) (word string, err error) {
	body, err := v.Body.Bytes()
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.target.URL, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if v.Header != nil {
		request.Header["Stripe-Signature"] = []string{*v.Header}
	}
	response, err := l.client.Do(request)
	switch {
	case ctx.Err() != nil:
		return "", errors.New("interrupted")
	case err != nil:
		return "no answer: " + err.Error(), nil
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection can be used again
	_ = response.Body.Close()
	switch response.StatusCode / 100 {
	case 2:
		return accept, nil
	case 4:
		return refuse, nil
	}
	return fmt.Sprintf("answered %d, neither an ACK nor a refusal", response.StatusCode), nil
}
