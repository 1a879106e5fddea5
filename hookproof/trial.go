package hookproof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Trial is one schedule that was delivered to one subject, with all that came of it.
type Trial struct {
	Schedule   string
	Subject    Subject
	Deliveries []Delivery // word for word; those of one burst in no order
	Overlap    int        // how many copies were in flight at once
	State      canonical
	Unanswered []string // events that were never acknowledged

	timed    canonical // State with its times
	schedule Schedule
	events   map[string]Event
	pending  []string   // words not yet acknowledged
	items    [][]int    // the deliveries of each of the schedule's words
	place    int        // the message at which a fault strikes next
	last     int        // the last one at which it shall
	struck   int        // how often it did
	ends     int64      // of the process, when it began
	starts   int64      // of the target by us, when it began
	before   canonical  // a restart, the state
	between  []Delivery // what was done between deliveries: times and words
	overdue  bool       // an answer was not given in time while the database was bad
	done     bool       // what was never acknowledged has had its effect
	faulty   bool       // the target or its database was made to fail
}

// How long an event is redelivered until it is acknowledged: when nothing was wrong, and after a fault, when
// pools hold dead connections.
const (
	calm     = 1 * time.Second
	recovery = 15 * time.Second
)

// lastWord is for how long a target answers nothing but 4xx until that is its last word, also after a fault: what has
// not recovered answers 5xx, or nothing, or says that it is under way.
const lastWord = 3 * time.Second

// overtake is how long an event's object is made after the event: longer than an endpoint should wait for
// it inside a delivery. later is how long "later" is.
const (
	overtake = 2500 * time.Millisecond
	later    = 3 * time.Second
)

// gate is how many copies overlap where nothing forces them to.
const gate = 50

// least is how many copies are sent at least for some to overlap.
func (r *run) least() int {
	if r.target.Proxy != nil {
		return 2
	}
	return gate
}

// perform delivers a schedule to a fresh subject. The error is a hook's, or the context's.
func (r *run) perform(ctx context.Context, s Schedule) (*Trial, error) {
	t := &Trial{}
	var object func(context.Context) error
	var err error
	switch {
	case s.verb("make"):
		r.called()
		t.Subject, object, err = r.target.Announce(ctx)
	case r.target.Subject != nil:
		t.Subject, err = r.subject(ctx)
	default:
		t.Subject = stranger(nil, true)
	}
	if err != nil {
		return nil, hookFailed("subject", err)
	}
	t.Subject = t.Subject.completed()
	return t, r.deliver(ctx, t, s, object, fault{})
}

// deliver delivers a schedule to a trial's subject; object makes it, and a fault strikes at the last word.
func (r *run) deliver(ctx context.Context, t *Trial, s Schedule, object func(context.Context) error, f fault) error {
	s = s.crowded(r.least())
	t.Schedule, t.schedule, t.events, t.items = s.String(), s, map[string]Event{}, make([][]int, len(s))
	t.ends, t.starts = r.ends.Load(), r.starts.Load()
	t.faulty = f.strike != nil || s.verb("restart")
	born, tie := time.Now().Add(-time.Minute), s.verb("tie")
	for n, item := range s {
		var err error
		switch item.Verb {
		case "tie", "spread":
		case "make":
			if err = sleep(ctx, overtake); err == nil {
				r.called()
				err = hookFailed("subject", object(ctx))
			}
		case "later":
			err = sleep(ctx, later)
		case "restart":
			err = r.restart(ctx, t)
		case "again":
			for _, name := range t.genuineWords(n) {
				r.post(ctx, t, n, Item{Event: name, Copies: 1})
			}
		default:
			if _, known := t.events[item.Event]; !known {
				about := t.Subject
				w, _ := r.word(item.Event)
				if w.other {
					r.called()
					if about, err = r.target.Subject(ctx); err != nil {
						return hookFailed("subject", err)
					}
					about = about.completed()
				}
				t.events[item.Event], err = eventOf(w, about, r.target, born, tie)
			}
			switch {
			case err != nil:
			case f.strike != nil && n == len(s)-1:
				err = f.strike(ctx, r, t, n, item)
			default:
				r.post(ctx, t, n, item)
			}
		}
		if err != nil {
			return err
		}
	}
	if f.strike != nil {
		return r.redeliver(ctx, t, recovery)
	}
	return r.redeliver(ctx, t, calm)
}

// genuineWords are the events before a word that must have their effect.
func (t *Trial) genuineWords(before int) []string {
	var names []string
	for _, item := range t.schedule[:before] {
		if item.genuine() && !slices.Contains(names, item.Event) {
			names = append(names, item.Event)
		}
	}
	return names
}

// post delivers the copies of one word.
func (r *run) post(ctx context.Context, t *Trial, n int, item Item) {
	copies := make([]shipment, item.Copies)
	for i := range copies {
		event := t.events[item.Event]
		if item.Fresh && i > 0 {
			if again, err := event.withID(newEventID()); err == nil {
				event = again
			}
		}
		_, label := r.word(item.Event)
		copies[i] = shipment{event: event, label: label, sign: orGenuine(item.Sign), url: r.url(t.schedule, i)}
	}
	var deliveries []Delivery
	if item.Together {
		if deliveries = r.crowd(ctx, copies); item.overlaps() {
			t.Overlap = max(t.Overlap, overlap(deliveries))
		}
	} else {
		for _, what := range copies {
			deliveries = append(deliveries, r.sender.send(ctx, what))
		}
	}
	acknowledged := false
	for _, d := range deliveries {
		t.items[n] = append(t.items[n], len(t.Deliveries))
		t.Deliveries = append(t.Deliveries, d)
		acknowledged = acknowledged || d.Acknowledged()
	}
	if !item.genuine() || item.Want != "" { // one whose answer is demanded is judged by its answer
		return
	}
	t.pending = slices.DeleteFunc(t.pending, func(name string) bool { return name == item.Event })
	if !acknowledged && (t.faulty || !t.taken(item.Event)) { // what was taken before is not sent again because a copy was refused
		t.pending = append(t.pending, item.Event)
	}
}

// url is where the nth copy goes.
func (r *run) url(s Schedule, n int) string {
	if !s.verb("spread") {
		return r.target.URL
	}
	urls := append([]string{r.target.URL}, r.target.Replicas...)
	return urls[n%len(urls)]
}

// overlap is the largest number of deliveries that were in flight at the same time.
func overlap(deliveries []Delivery) int {
	most := 0
	for _, d := range deliveries {
		n := 0
		for _, other := range deliveries {
			if !other.SentAt.After(d.SentAt) && other.SentAt.Add(other.Latency).After(d.SentAt) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// redeliver sends what has not been acknowledged again and again, as Stripe does: the same event with a
// fresh timestamp, on a compressed clock.
func (r *run) redeliver(ctx context.Context, t *Trial, patience time.Duration) error {
	var refused time.Time // since when all is refused
	var absent absence
	var last Delivery
	began := time.Now()
	for deadline := began.Add(patience); len(t.pending) > 0 && time.Now().Before(deadline); {
		if !refused.IsZero() && time.Since(refused) > lastWord {
			if !r.underWay(ctx, last) {
				break
			}
			refused = time.Time{}
		}
		if time.Since(began) > 2*healed && !slices.ContainsFunc(t.pending, func(name string) bool { return !t.taken(name) }) {
			break
		}
		if nobodyListens(last) && absent.lasts(r) { // a process that has ended takes nothing, however long it is tried
			break
		}
		if err := sleep(ctx, r.sender.timings.Retry); err != nil {
			return err
		}
		for _, name := range slices.Clone(t.pending) {
			d := r.sender.send(ctx, shipment{event: t.events[name], label: name, sign: "genuine"})
			t.Deliveries, last = append(t.Deliveries, d), d
			switch {
			case d.Status/100 != 4:
				refused = time.Time{}
			case refused.IsZero():
				refused = d.SentAt
			}
			if d.Acknowledged() {
				t.pending = slices.DeleteFunc(t.pending, func(other string) bool { return other == name })
			}
		}
	}
	t.Unanswered = slices.DeleteFunc(slices.Clone(t.pending), t.taken)
	return ctx.Err()
}

// taken tells whether an event was acknowledged: of one that fails when it comes again nothing is lost.
func (t *Trial) taken(name string) bool {
	return slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.Acknowledged() && d.EventID == t.events[name].ID })
}

// notNow are refusals of what may be taken later.
var notNow = []int{http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests}

// underWay tells whether an event that is refused may be another copy's at work, which a fault has ended and whose lease
// has not. A target that refuses whatever it has done already, refuses for good.
func (r *run) underWay(ctx context.Context, refused Delivery) bool {
	return slices.Contains(notNow, refused.Status) && r.good.event.Body != nil && r.sender.send(ctx, r.good).Acknowledged()
}

// read asks for a trial's state.
func (r *run) read(ctx context.Context, t *Trial) (canonical, error) {
	var state any
	err := r.patiently(ctx, func() (err error) {
		state, err = r.target.State(ctx, t.Subject)
		return err
	})
	if err != nil {
		t.State = nil
		return nil, hookFailed("state", r.lost(ctx, t, err))
	}
	t.timed, err = canonicalOf(state, t.Subject, r.target.Ignore)
	t.timed = r.ids.mask(t.timed, t.Subject)
	t.State = t.timed.timeless()
	return t.State, err
}

// subject asks for a fresh one.
func (r *run) subject(ctx context.Context) (s Subject, err error) {
	err = r.patiently(ctx, func() (err error) {
		s, err = r.target.Subject(ctx)
		return err
	})
	return s, err
}

// patiently calls a hook, again for a while where a fault has just been healed: the hook goes through the
// target, whose connections may be dead.
func (r *run) patiently(ctx context.Context, hook func() error) error {
	var absent absence
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		r.called()
		err := hook()
		r.mu.Lock()
		recovering := !r.wound.IsZero() && time.Since(r.wound) < 2*healed
		r.mu.Unlock()
		if err == nil || !recovering || ctx.Err() != nil || absent.lasts(r) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// rests waits until effects must have come, and answers the state when two readings agree.
func (r *run) rests(ctx context.Context, t *Trial) (canonical, error) {
	if err := sleep(ctx, r.stillness()); err != nil {
		return nil, err
	}
	before, err := r.read(ctx, t)
	for deadline := time.Now().Add(r.patience()); err == nil; {
		if err = sleep(ctx, r.stillness()); err != nil {
			return nil, err
		}
		var after canonical
		if after, err = r.read(ctx, t); err != nil || after.equal(before) {
			return after, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: the state never comes to rest: %s", errEvidence, after.tells(before))
		}
		before = after
	}
	return nil, err
}

// patience is how long an effect may take after its ACK, and stillness how long to wait for one that must
// not come.
func (r *run) patience() time.Duration  { return 1500*time.Millisecond + 8*r.lag }
func (r *run) stillness() time.Duration { return 100*time.Millisecond + 2*r.lag }

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errEvidence is a check that cannot be decided.
var errEvidence = errors.New("no evidence")

// errNotOffered is a hook that turns out not to offer what a check needs.
var errNotOffered = errors.New("not offered")

// errNothing is a relation that there is nothing to ask about of this target.
var errNothing = errors.New("nothing to ask")

// HookError is a hook of the target's that did not do its part. It is never a verdict on the target.
type HookError struct {
	Hook string // its name in the target file
	Err  error
}

func (e *HookError) Error() string { return "the hook " + e.Hook + ": " + e.Err.Error() }
func (e *HookError) Unwrap() error { return e.Err }

func hookFailed(hook string, err error) error {
	if err == nil || errors.Is(err, errEvidence) || errors.Is(err, errNotOffered) {
		return err
	}
	var already *HookError
	if errors.As(err, &already) {
		return err
	}
	return &HookError{hook, err}
}

// each runs f for every element, some at a time, and stops taking elements when it has failed.
func each[T any](list []T, atOnce int, f func(T) error) error {
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, element := range list {
		slots <- struct{}{}
		mu.Lock()
		stop := failed != nil
		mu.Unlock()
		if stop {
			<-slots
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			if err := f(element); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = cmp.Or(failed, err)
			}
		})
	}
	group.Wait()
	return failed
}
