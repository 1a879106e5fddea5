// Package record keeps what Stripe really sends to an endpoint, so that it can be sent again: a proxy that
// passes everything on as it is, and stores a copy without secrets and personal data.
package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// maxBody is the longest request that is passed on, in bytes. Stripe's events are far below it.
const maxBody = 8 << 20

// Options are what a recorder is to do.
type Options struct {
	Forward string   // the URL that every request is passed on to
	Folder  string   // where the recording is stored; must not hold one yet
	Keep    []string // fields that are not scrubbed
	// Told is called after each delivery, one at a time: with what was stored, or why it was not. It may be nil.
	Told func(Entry, error)
}

// Recorder is a reverse proxy for one endpoint. Requests are passed on byte for byte with their headers,
// and answers are passed back as they are.
type Recorder struct {
	options Options
	proxy   httputil.ReverseProxy
	flight  sync.WaitGroup

	mu       sync.Mutex
	scrubber *Scrubber
	began    time.Time // when the first delivery came
	came     int       // deliveries so far
	entries  []numbered
}

type numbered struct {
	number int
	Entry
}

// errNotPost is what came in another way than Stripe delivers.
var errNotPost = errors.New("it is no POST")

// New makes a recorder and the folder of its recording.
func New(o Options) (*Recorder, error) {
	to, err := url.Parse(o.Forward)
	if err != nil || (to.Scheme != "http" && to.Scheme != "https") || to.Hostname() == "" {
		return nil, errors.New("the URL to forward to must be an http or https URL, such as http://127.0.0.1:3000/webhooks/stripe")
	}
	scrubber, err := NewScrubber(o.Keep)
	if err != nil {
		return nil, err
	}
	if err := create(o.Folder); err != nil {
		return nil, err
	}
	r := &Recorder{options: o, scrubber: scrubber}
	r.proxy = httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL, p.Out.Host = to, "" // the host is what Stripe would name, were it to deliver there itself
			// ReverseProxy drops these; they were the sender's.
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values := p.In.Header[name]; values != nil {
					p.Out.Header[name] = values
				}
			}
		},
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32},
		ModifyResponse: func(response *http.Response) error {
			*response.Request.Context().Value(statusKey{}).(*int) = response.StatusCode
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "hookproof record: the endpoint gave no answer: "+err.Error(), http.StatusBadGateway)
		},
	}
	return r, nil
}

type statusKey struct{}

// ServeHTTP passes a request on, its answer back, and stores the delivery.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.flight.Add(1)
	defer r.flight.Done()
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	if err != nil {
		http.Error(w, fmt.Sprintf("hookproof record: the body cannot be read, or is longer than %d bytes", maxBody), http.StatusRequestEntityTooLarge)
		return
	}
	number, at := r.arrive()
	status := 0
	defer func() { // also when the sender went away, which ends the proxy with a panic
		r.store(body, request.Method, numbered{number, Entry{
			AtMs: at.Milliseconds(), TookMs: (r.since() - at).Milliseconds(), Status: status,
		}})
	}()
	request = request.WithContext(context.WithValue(request.Context(), statusKey{}, &status))
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength, request.TransferEncoding = int64(len(body)), nil
	r.proxy.ServeHTTP(w, request)
}

// arrive gives a delivery its number, and the time since the first one.
func (r *Recorder) arrive() (number int, at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.came == 0 {
		r.began = time.Now()
	}
	r.came++
	return r.came, time.Since(r.began)
}

func (r *Recorder) since() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.began)
}

// store keeps a delivery, and tells.
func (r *Recorder) store(body []byte, method string, entry numbered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry, err := r.keep(body, method, entry)
	if r.options.Told != nil {
		r.options.Told(entry.Entry, err)
	}
}

func (r *Recorder) keep(body []byte, method string, entry numbered) (numbered, error) {
	if method != http.MethodPost {
		return entry, errNotPost
	}
	if _, err := Event(body); err != nil {
		return entry, err
	}
	scrubbed, err := r.scrubber.Scrub(body)
	if err != nil {
		return entry, err
	}
	event, err := Event(scrubbed)
	if err != nil {
		return entry, err
	}
	entry.ID, entry.Type = event.ID, event.Type
	entry.File = fmt.Sprintf("%04d-%s.json", entry.number, event.Type) // a scrubbed type is a word
	if err := write(filepath.Join(r.options.Folder, entry.File), scrubbed); err != nil {
		return entry, WriteError{err}
	}
	r.entries = append(r.entries, entry)
	slices.SortFunc(r.entries, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	list := make([]Entry, len(r.entries))
	for i, one := range r.entries {
		list[i] = one.Entry
	}
	if err := writeIndex(r.options.Folder, list); err != nil {
		return entry, WriteError{err}
	}
	return entry, nil
}

// WriteError is a recording that cannot go on, for want of space or rights.
type WriteError struct{ error }

// Wait returns when nothing is in flight; the server must take no more requests.
func (r *Recorder) Wait() { r.flight.Wait() }

// Stored is how many deliveries are stored.
func (r *Recorder) Stored() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}
