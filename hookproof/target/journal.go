package target

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Delivery is one signed POST and its answer.
type Delivery struct {
	Label     string // the step's, or the event's name
	Subject   string // whose event it is
	EventID   string // "" if the body has none
	EventType string
	Sign      string // how it was signed; Genuine is whether it must be accepted
	Genuine   bool
	URL       string // where it was sent
	Header    string // Stripe-Signature as sent
	Body      []byte // as sent
	SentAt    time.Time
	Latency   time.Duration
	Status    int   // 0: no answer, see Err
	Err       error // why there is no answer
	Answer    string
	Location  string // of a redirect
	Fault     string // the fault that struck while it was in flight; "" if none
	Done      string // what was done instead of a delivery, and is no fault; "" if it is one
	Asked     int    // how many requests had come to Stripe's API before it

	Headers  map[string]string // sent in addition to Stripe's
	Software string            // the server software that the answer names, by X-Powered-By

	Over   []byte // what was signed, if it is not the body
	Inside string // what the whole answer shows of the target's internals, quoted; "" is nothing
	Unread bool   // the answer was longer than what was searched
}

// Acknowledged reports whether the target acknowledged the delivery with a 2xx.
func (d Delivery) Acknowledged() bool { return d.Status/100 == 2 }

// Journal records every delivery of a run. It is safe for concurrent use; its zero value is empty.
type Journal struct {
	// Each receives every delivery, one at a time, and then none is kept: a million deliveries have to be evaluated one by one.
	// nil keeps them all.
	Each func(Delivery)

	mu    sync.Mutex
	list  []Delivery
	count int
}

// Deliveries returns all deliveries so far, in the order of their answers.
func (j *Journal) Deliveries() []Delivery {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Delivery(nil), j.list...)
}

func (j *Journal) Add(d Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count++
	if j.Each != nil {
		j.Each(d)
		return
	}
	j.list = append(j.list, d)
}

func (j *Journal) Length() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.count
}

// Said describes how a delivery was answered.
func Said(d Delivery) string {
	if d.Err != nil {
		return Plainly(d.Err)
	}
	return strconv.Itoa(d.Status)
}

// Plainly returns why there was no answer, without the wrapping of Go's errors.
func Plainly(err error) string {
	var network *net.OpError
	switch {
	case err == nil:
		return "nothing"
	case errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "deadline exceeded"):
		return "nothing in time"
	case errors.As(err, &network):
		return "nothing, " + network.Err.Error()
	case strings.HasSuffix(err.Error(), "EOF"):
		return "nothing, the connection was closed"
	}
	return "nothing, " + err.Error()
}
