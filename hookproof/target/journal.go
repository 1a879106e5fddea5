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
	Sign      string // how it was signed; Genuine reports whether that is good
	Genuine   bool
	URL       string // where it went
	Header    string // Stripe-Signature as sent
	Body      []byte // as sent
	SentAt    time.Time
	Latency   time.Duration
	Status    int   // 0: no answer, see Err
	Err       error // why there is no answer
	Answer    string
	Location  string // where a redirect leads
	Fault     string // what befell the target while it was on its way; "" in calm

	Headers  map[string]string // that were sent beside Stripe's
	Software string            // that the answer names as its maker, by X-Powered-By

	Over   []byte // what was signed: the body, unless that was tampered with
	Inside string // what the whole answer shows of the target's inside, quoted; "" is nothing
	Unread bool   // the answer is longer than what was looked at
}

// Acknowledged reports whether the target took the delivery: any 2xx.
func (d Delivery) Acknowledged() bool { return d.Status/100 == 2 }

// Journal keeps every delivery of a run. It is safe for concurrent use; its zero value is empty.
type Journal struct {
	// Each is called with every delivery, one at a time, and then none is kept: what is made of a million
	// deliveries must be made of each as it is answered. nil keeps them all.
	Each func(Delivery)

	mu    sync.Mutex
	list  []Delivery
	count int
}

// Deliveries are all deliveries so far, in the order of their answers.
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

// Said is how a delivery was answered.
func Said(d Delivery) string {
	if d.Err != nil {
		return Plainly(d.Err)
	}
	return strconv.Itoa(d.Status)
}

// Plainly says why there was no answer, without what Go puts around it.
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
