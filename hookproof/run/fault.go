package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/stripeapi"
	"example.com/hookproof/hookproof/target"
)

// strikes are what faults do to the target while a step is delivered, by the faults' names.
var strikes = map[string]strikeFunc{
	"cut-before":      cutting("cut before message", (*dbproxy.Proxy).StrikeBefore),
	"cut-after":       cutting("answer lost to message", (*dbproxy.Proxy).StrikeAfter),
	"killed":          killedAfterCommit,
	"stopped":         stoppedAtWork,
	"away":            databaseAway,
	"away-and-killed": awayAndKilled,
	"frozen":          frozenDatabase,
	"latency":         badLine("latency"),
	"bandwidth":       badLine("bandwidth"),
	"half-open":       badLine("half-open"),

	"api-429":          apiFails(stripeapi.RateLimit),
	"api-500":          apiFails(stripeapi.ServerError),
	"api-lock-timeout": apiFails(stripeapi.LockTimeout),
	"api-hang":         apiFails(stripeapi.Hang),
	"api-answer-lost":  apiFails(stripeapi.AnswerLost),
}

// executeFault lets a fault strike at the next message. A subject's deliveries end with an ACK, so some messages may be left;
// another subject's deliveries reach those.
func (x *executor) executeFault(ctx context.Context, c Case, at *progress) (*History, error) {
	f := check.Faults[c.Fault]
	delivered, err := x.decisiveLast(ctx, c.Delivered)
	if err != nil {
		return nil, err
	}
	if at.last == 0 {
		at.next, at.last = 1, 1
		if x.target.Proxy != nil && f.OfDatabase() {
			last, err := x.messagesOf(ctx, delivered)
			if err != nil {
				return nil, err
			}
			if slices.Contains(f.Needs, "database") {
				at.last = last
			}
		}
		if !f.Placed {
			at.next = at.last
		}
		if c.Message > 0 {
			at.next, at.last = c.Message, c.Message
		}
	}
	if why := x.budget.spent(); why != nil {
		return nil, &result.NotJudged{Kind: why.Kind, Text: fmt.Sprintf("%s after %d of %d messages", why.Text, at.next-1, at.last)}
	}
	if f.Apart {
		return x.executeSlow(ctx, delivered, at)
	}
	h := &History{message: at.next, messages: at.last}
	if err := x.deliverStruck(ctx, h, delivered, strikes[c.Fault]); err != nil {
		return h, err
	}
	at.struck += h.struck
	at.next = max(h.message, at.next+1)
	at.done = at.next > at.last
	if !f.Placed && c.Fault != "killed" {
		return h, nil
	}
	x.mu.Lock()
	x.struck += h.struck
	x.mu.Unlock()
	if at.done && at.struck == 0 {
		return h, result.NoEvidenceOf("no delivery sent a message that could be cut")
	}
	return h, nil
}

// deliverStruck delivers a schedule to a fresh subject. The strike delivers the last step.
func (x *executor) deliverStruck(ctx context.Context, h *History, s check.Schedule, strikes strikeFunc) error {
	subject, err := x.subject(ctx)
	if err != nil {
		return target.HookFailed("subject", err)
	}
	h.Subject = x.life.Completed(subject)
	return x.deliver(ctx, h, s, nil, strikes)
}

// mostMessages is how many messages of one delivery a fault is tried at.
const mostMessages = 30

// messagesOf counts the messages between target and database while a schedule's last step is delivered once.
func (x *executor) messagesOf(ctx context.Context, s check.Schedule) (int, error) {
	x.mu.Lock()
	count, counted := x.messages[s.String()]
	x.mu.Unlock()
	if counted {
		return count, nil
	}
	counting := func(ctx context.Context, x *executor, h *History, n int) error {
		x.target.Proxy.Count()
		x.post(ctx, h, n, h.steps[n])
		err := target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)) // the work may come after the ACK
		count = x.target.Proxy.Messages()
		return err
	}
	if err := x.deliverStruck(ctx, &History{message: 1, messages: 1}, s, counting); err != nil {
		return 0, err
	}
	if count == 0 && x.reachesDatabase(ctx, s) {
		return 0, &result.NotJudged{Kind: result.NothingToAsk, Text: fmt.Sprintf("when %s is delivered, the target sends its database nothing, so there is nothing to cut", s.LastType())}
	}
	if count == 0 {
		return 0, result.NoEvidenceOf("a delivery sends the database nothing through the proxy; does the endpoint dial the address that database.listen names?")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.messages[s.String()] = min(count, mostMessages)
	return x.messages[s.String()], nil
}

// reachesDatabase reports whether a payment reaches the database through the proxy. A payment must have an effect, so if it does,
// an event that does not reach the database changes nothing there.
func (x *executor) reachesDatabase(ctx context.Context, s check.Schedule) bool {
	grants, err := x.decisiveLast(ctx, x.grants())
	if err != nil || s.String() == grants.String() {
		return false
	}
	count, err := x.messagesOf(ctx, grants)
	return err == nil && count > 0
}

// postFor delivers a step and waits for the answer, or for the given time. Then it calls heal. It reports whether the answer came
// in time.
func (x *executor) postFor(ctx context.Context, h *History, n int, most time.Duration, heal func()) (inTime bool) {
	answered := x.posting(ctx, h, n)
	select {
	case <-answered:
		inTime = true
	case <-time.After(most):
	}
	heal()
	<-answered
	return inTime
}

// posting starts to deliver a step, and returns a channel that is closed after the answer.
func (x *executor) posting(ctx context.Context, h *History, n int) <-chan struct{} {
	answered := make(chan struct{})
	go func() { defer close(answered); x.post(ctx, h, n, h.steps[n]) }()
	return answered
}

func badLine(how string) strikeFunc {
	return func(ctx context.Context, x *executor, h *History, n int) error {
		defer x.target.Link.Heal()
		if err := x.target.Link.Trouble(how); err != nil {
			return err
		}
		x.postFor(ctx, h, n, x.timings.BadLine, x.target.Link.Heal)
		h.recordFault("the line to the database: " + how)
		x.faultOver()
		return nil
	}
}

func frozenDatabase(ctx context.Context, x *executor, h *History, n int) error {
	if err := x.warmUp(ctx); err != nil {
		return err
	}
	x.target.Proxy.Freeze()
	h.Overdue = !x.postFor(ctx, h, n, x.timings.TooSlow, x.target.Proxy.Heal)
	h.recordFault("the database frozen")
	x.faultOver()
	return nil
}

func databaseAway(ctx context.Context, x *executor, h *History, n int) error {
	return x.whileAway(ctx, func() { x.post(ctx, h, n, h.steps[n]); h.recordFault("the database away") })
}

func awayAndKilled(ctx context.Context, x *executor, h *History, n int) error {
	var stopped error
	err := x.whileAway(ctx, func() {
		x.post(ctx, h, n, h.steps[n])
		x.budget.called()
		stopped = x.target.BringDown(ctx, "kill", nil)
	})
	h.recordFault("killed while the database was away")
	return x.startAfter(ctx, stopped, err)
}

// whileAway runs do while the database is away.
func (x *executor) whileAway(ctx context.Context, do func()) error {
	if x.target.Proxy == nil { // hooks do it then
		x.budget.called()
		x.budget.called()
	}
	if err := x.warmUp(ctx); err != nil { // or a lost idle connection could end the process
		return err
	}
	if err := x.target.Fail(ctx, "database-away"); err != nil {
		return target.HookFailed("break", err)
	}
	do()
	x.faultOver()
	return target.HookFailed("mend", x.target.Heal(ctx))
}

// cutting delivers a step again and again, as Stripe would, and cuts the connection at one message after the other, until the step
// is acknowledged. If the event was acknowledged before, all deliveries are duplicates.
func cutting(description string, arm func(*dbproxy.Proxy, int) <-chan struct{}) strikeFunc {
	return func(ctx context.Context, x *executor, h *History, n int) error {
		duplicate := slices.ContainsFunc(h.steps[:n], h.steps[n].Tells)
		for ; h.message <= h.messages && ctx.Err() == nil; h.message++ {
			// A connection that was cut is replaced first, during a delivery of an old event.
			if err := x.warmUp(ctx); err != nil {
				return err
			}
			tripped := arm(x.target.Proxy, h.message)
			x.post(ctx, h, n, h.steps[n])
			x.target.Proxy.Count()
			x.target.Proxy.Heal()
			x.faultOver()
			select {
			case <-tripped:
				h.struck++
				h.recordFault(fmt.Sprintf("%s %d of %d", description, h.message, h.messages))
			default:
			}
			if h.last().Acknowledged() && !duplicate || !x.target.Listens() {
				h.message++
				return nil
			}
		}
		return nil
	}
}

// warmUp sends an event that was handled long ago, so that the target opens its connections. It repeats that until the answer is
// no failure: an ACK, or the refusal of a target that refuses duplicates.
func (x *executor) warmUp(ctx context.Context) error {
	for deadline := time.Now().Add(2 * x.timings.CoolDown); time.Now().Before(deadline); {
		d := x.sender.Send(ctx, x.neutral())
		if d.Status != 0 && d.Status/100 != 5 || nobodyListens(d) && x.target.Start != nil && !x.comesBack(ctx) {
			return nil
		}
		if err := target.Sleep(ctx, x.timings.Retry); err != nil {
			return err
		}
	}
	return nil
}

// stoppedAtWork kills the target in the middle of a delivery and starts it again.
func stoppedAtWork(ctx context.Context, x *executor, h *History, n int) error {
	if x.target.Proxy != nil {
		last, err := x.messagesOf(ctx, h.steps)
		if err == nil {
			return x.killAt(ctx, h, n, (last+1)/2, "stopped in the middle of its work")
		}
		if why := result.AsReason(err); why == nil || why.Kind != result.NoEvidence {
			return err
		}
	}
	answered := x.posting(ctx, h, n)
	x.budget.called()
	err := x.target.BringDown(ctx, "kill", nil)
	<-answered
	h.recordFault("stopped meanwhile")
	return x.startAfter(ctx, err, nil)
}

// killedAfterCommit kills the target when the database has done everything and before the answer, and starts it again.
func killedAfterCommit(ctx context.Context, x *executor, h *History, n int) error {
	return x.killAt(ctx, h, n, h.messages, "killed when the database had done its work, or the target had answered")
}

// killAt holds the database's answer to a message, kills the target, and starts it again.
func (x *executor) killAt(ctx context.Context, h *History, n, message int, description string) error {
	tripped := x.target.Proxy.HoldAfter(message)
	answered := x.posting(ctx, h, n)
	select {
	case <-tripped:
	case <-answered: // the answer came first: the work after it has to survive the kill
	}
	h.struck++
	x.budget.called()
	err := x.target.BringDown(ctx, "kill", x.target.Proxy.Cut)
	<-answered
	x.target.Proxy.Count() // nothing of the next process may be held
	x.target.Proxy.Heal()
	x.faultOver()
	h.recordFault(description)
	return x.startAfter(ctx, err, nil)
}
