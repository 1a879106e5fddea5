package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

type checkInput struct {
	Target  string   `json:"target,omitempty" jsonschema:"the path of a target file, which 'hookproof init' writes; instead of url and secret"`
	URL     string   `json:"url,omitempty" jsonschema:"where deliveries go, such as http://127.0.0.1:3000/webhooks/stripe; only addresses of this machine"`
	Secret  string   `json:"secret,omitempty" jsonschema:"the signing secret (whsec_…) that the endpoint verifies with; else the server's environment variable HOOKPROOF_SECRET"`
	Checks  []string `json:"checks,omitempty" jsonschema:"run only these checks or families; all, if there are none"`
	Life    []string `json:"life,omitempty" jsonschema:"judge only these lives of the target file, by their names"`
	Seed    uint64   `json:"seed,omitempty" jsonschema:"the seed of random choices; a report has its own, to be given here when its finding is run again"`
	Profile string   `json:"profile,omitempty" jsonschema:"strict (the default), or stripe: demand only what Stripe's documentation does"`
	Seconds int      `json:"seconds,omitempty" jsonschema:"how long the run may take; 60, if it is not given"`
}

// mostSeconds is a day.
const mostSeconds = 24 * 60 * 60

// checker judges endpoints, one at a time: two runs would disturb each other's processes and databases.
type checker struct {
	getenv func(string) string
	turn   chan struct{}
}

func (c *checker) check(ctx context.Context, request *mcp.CallToolRequest, in checkInput) (*mcp.CallToolResult, json.RawMessage, error) {
	t, err := c.target(in)
	if err != nil {
		return nil, nil, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	told := progress{ctx: ctx, session: request.Session, token: request.Params.GetProgressToken()}
	r, err := run.Judge(ctx, t, run.Options{
		Only: in.Checks, Lives: in.Life, Seed: in.Seed, Profile: in.Profile, Budget: time.Duration(in.Seconds) * time.Second,
		Phase: told.phase, Progress: told.finding,
	})
	if err != nil && len(r.Findings) == 0 {
		if r.Afterwards != "" {
			err = fmt.Errorf("%w\n%s", err, r.Afterwards)
		}
		return nil, nil, err
	}
	var short strings.Builder
	if err != nil {
		fmt.Fprintf(&short, "The run ended early: %v\n", err)
	}
	var whole bytes.Buffer
	err = errors.Join(report.Brief(&short, r), report.JSON(&whole, shortened(r)))
	return text(short.String()), whole.Bytes(), err
}

// target is what may be judged of what is asked for.
func (c *checker) target(in checkInput) (t *target.Target, err error) {
	switch {
	case in.Target != "" && (in.URL != "" || in.Secret != ""):
		return nil, errors.New("the target file has the URL and the secret: give target alone, or url and secret without it")
	case in.Target == "" && in.URL == "":
		return nil, errors.New("name the endpoint by target, the path of a target file, or by url and secret; 'hookproof init' writes such a file")
	case in.Seconds < 0 || in.Seconds > mostSeconds:
		return nil, fmt.Errorf("seconds must be from 1 to %d; without it a run may take 60", mostSeconds)
	case in.Target != "":
		if _, err := os.Stat(in.Target); errors.Is(err, fs.ErrNotExist) { // and not a file that it names
			here, _ := os.Getwd() // "" where it is not known
			return nil, fmt.Errorf("there is no file %s in %s, where this server runs; give its absolute path", in.Target, filepath.Clean(here))
		}
		if t, err = target.Load(in.Target, c.getenv); err != nil {
			return nil, err
		}
	default:
		t = &target.Target{URL: in.URL, Secret: in.Secret}
		if t.Secret == "" {
			t.Secret = c.getenv(result.SecretVariable)
		}
	}
	t.OnlyLoopback = true
	return t, t.Check()
}

// longBody is how much of a body a report for a model has. The command that sends the request again has all of it.
const longBody = 4 << 10

// shortened is the report with the beginning of bodies that are long.
func shortened(r result.Report) result.Report {
	r.Findings = slices.Clone(r.Findings)
	for n, f := range r.Findings {
		r.Findings[n].Requests = slices.Clone(f.Requests)
		for i, q := range f.Requests {
			if len(q.Body) <= longBody {
				continue
			}
			end := longBody
			for !utf8.RuneStart(q.Body[end]) {
				end--
			}
			q.Body, q.Shortened = q.Body[:end], true
			r.Findings[n].Requests[i] = q
		}
	}
	return r
}

// progress tells the client how a run goes on, if it has asked.
type progress struct {
	ctx     context.Context
	session *mcp.ServerSession
	token   any
	steps   int
	failed  int
	decided int
	doing   string
}

func (p *progress) phase(name string) {
	p.doing = name
	p.tell()
}

func (p *progress) finding(f result.Finding) {
	p.decided++
	if f.Verdict == result.Fail {
		p.failed++
	}
	p.tell()
}

func (p *progress) tell() {
	if p.token == nil {
		return
	}
	p.steps++
	_ = p.session.NotifyProgress(p.ctx, &mcp.ProgressNotificationParams{ // a client that has gone needs no progress
		ProgressToken: p.token, Progress: float64(p.steps),
		Message: fmt.Sprintf("%s: %d decided, %d failed", p.doing, p.decided, p.failed),
	})
}
