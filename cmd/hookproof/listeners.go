package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/target"
)

// usualURL is proposed where nothing was looked at.
const usualURL = "http://127.0.0.1:3000/webhooks/stripe"

// mostListeners is how many processes are offered.
const mostListeners = 9

// noEndpoints are programs that listen and take no webhooks.
var noEndpoints = regexp.MustCompile(`^(postgres|mysqld|mariadbd|mongod|redis-server|memcached|sshd|systemd.*|dnsmasq|cupsd|containerd|dockerd|docker-proxy|chrome|chromium|firefox|code|Code Helper.*)$`)

// listeners offers the processes that may be the endpoint.
func (i *inquiry) listeners() string {
	i.findProcesses()
	if len(i.processes) == 0 {
		return ""
	}
	lines := []string{"These listen on this machine:"}
	for n, p := range i.processes {
		lines = append(lines, fmt.Sprintf("  %d  %s  %s", n+1, p.Listens[0], p))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (i *inquiry) findProcesses() {
	if i.processes != nil {
		return
	}
	all, _ := process.Listening(i.ctx) // what cannot be listed can be told
	all = slices.DeleteFunc(all, func(p process.Process) bool {
		return p.PID == os.Getpid() || len(p.Command) == 0 || p.Directory == "" || noEndpoints.MatchString(p.Name)
	})
	i.processes = all[:min(len(all), mostListeners)]
}

// proposeURL proposes the only process that there is, or the usual address where nothing is looked at.
func (i *inquiry) proposeURL() proposal {
	if i.offline {
		return propose(usualURL, "")
	}
	i.findProcesses()
	switch len(i.processes) {
	case 0:
		return proposal{basis: "no process of yours listens on this machine; start the endpoint first, or write the file without looking at it, by --offline"}
	case 1:
		return propose(i.processes[0].Listens[0], i.processes[0].String()+" listens there, and nothing else of yours does")
	}
	var all []string
	for _, p := range i.processes {
		all = append(all, p.Listens[0])
	}
	return proposal{basis: "several processes listen: " + strings.Join(all, ", ")}
}

// takeURL takes a URL, or the number, the port or the address of a process. Where it has no path, the usual ones are tried.
func (i *inquiry) takeURL(answer string) error {
	if method, address := request(answer); method == http.MethodPost { // which every delivery is
		answer = address
	}
	if i.offline {
		i.file.URL = answer
		return checkURL(answer)
	}
	u, err := i.urlOf(answer)
	if err != nil {
		return err
	}
	t := target.Target{URL: u.String(), Secret: "not asked yet"}
	if err := t.Reach(i.ctx); err != nil {
		return fmt.Errorf("%s Start it first, or write the file without looking at it, by --offline", strings.TrimSuffix(strings.Replace(err.Error(), "; is the target running?", ".", 1), ";"))
	}
	if err := i.takeProcess(target.Address(u)); err != nil {
		return err
	}
	if err := i.takePath(u); err != nil {
		return err
	}
	i.file.URL = u.String()
	return nil
}

// urlOf returns the URL of an answer, which may be the number of a process that listens, a port or an address. It is on this machine.
func (i *inquiry) urlOf(answer string) (*url.URL, error) {
	if n, err := strconv.Atoi(answer); err == nil && n > 0 && n <= len(i.processes) {
		answer = i.processes[n-1].Listens[0]
	} else if err == nil {
		answer = "127.0.0.1:" + answer
	}
	if checkAddress(answer, false) == nil {
		answer = "http://" + answer
	}
	if err := checkURL(answer); err != nil {
		return nil, err
	}
	u, err := url.Parse(answer)
	if err != nil {
		return nil, err
	}
	if !process.IsLoopback(target.Address(u)) {
		return nil, fmt.Errorf("init looks only at endpoints of this machine, and %s is another host; --offline writes the file without looking", u.Hostname())
	}
	return u, nil
}

// takeProcess finds the process that listens at an address.
func (i *inquiry) takeProcess(address string) error {
	at, err := process.At(i.ctx, address)
	if err != nil || len(at) == 0 {
		return nil // its stop and start are not proposed
	}
	p := at[len(at)-1] // the oldest: others of the same socket are its workers
	if err := ofLiveKey(p); err != nil {
		return err
	}
	i.say("%s listens at %s.", p, address)
	if i.process = &p; noEndpoints.MatchString(p.Name) {
		i.say("That is not the endpoint itself, so its stop and start cannot be proposed.")
		i.process = nil
	}
	return nil
}

// takePath looks for the webhook's path if the URL has none, and for a mistake if nothing takes a POST there.
func (i *inquiry) takePath(u *url.URL) (err error) {
	if u.Path == "" || u.Path == "/" && u.RawQuery == "" {
		if u.Path, err = i.path(u); err != nil {
			return err
		}
		i.say("A POST without a signature to %s is refused as a webhook's route does it, so deliveries go to %s.", u.Path, u)
		return nil
	}
	status, text, err := post(i.ctx, u)
	if err != nil || status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
		return nil // what else is wrong, its first delivery tells
	}
	told := fmt.Sprintf("it answers %d to a POST%s; is the path right?", status, quoted(text))
	if path, err := i.path(u); err == nil {
		told += " " + path + " answers as a webhook's route does"
	}
	return errors.New(told)
}

// ofLiveKey returns an error if a process has a live API key: with it, what init makes and pays could cost money.
func ofLiveKey(p process.Process) error {
	for _, name := range slices.Sorted(maps.Keys(p.Environment)) {
		if target.RefuseLiveKeys(p.Environment[name]) != nil {
			return fmt.Errorf("%s of process %d is a live API key of Stripe's; start the endpoint with a test key (sk_test_…)", name, p.PID)
		}
	}
	return nil
}

// usualPaths are the paths of Stripe's documentation and of what many endpoints have.
var usualPaths = []string{
	"/webhooks/stripe", "/webhook", "/stripe/webhook", "/stripe/webhooks", "/webhooks", "/webhook/stripe", "/api/webhook", "/api/webhooks/stripe",
	"/api/stripe/webhook", "/api/webhooks", "/stripe_webhooks", "/stripe-webhook", "/payments/webhook", "/stripe/webhook/", "/stripe",
}

// path finds the usual path that does not answer as an unknown one does.
func (i *inquiry) path(u *url.URL) (string, error) {
	at := func(path string) (int, string, error) {
		one := *u
		one.Path = path
		return post(i.ctx, &one)
	}
	unknown, _, err := at("/hookproof-asks-whether-this-path-is-unknown")
	if err != nil {
		return "", fmt.Errorf("it does not answer: %w", err)
	}
	for _, path := range usualPaths {
		status, _, err := at(path)
		if err == nil && status != unknown && status != http.StatusNotFound && status != http.StatusMethodNotAllowed && status/100 != 3 {
			return path, nil
		}
	}
	return "", fmt.Errorf("at which path does it take deliveries? None of the usual ones is there (%s); give the whole URL", strings.Join(usualPaths[:4], ", "))
}

// post sends an unsigned body, and returns the answer.
func post(ctx context.Context, u *url.URL) (status int, text string, err error) {
	t := target.Target{URL: u.String()}
	transport := t.Transport()
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, target.DefaultTimings.Hook)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader("{}"))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", target.ContentType)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 200))
	return response.StatusCode, strings.TrimSpace(string(body)), err
}

// quoted puts an answer behind a sentence.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(", saying %.200q", text)
}
