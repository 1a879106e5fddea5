package target

import "time"

// Timings are all durations of a run. A zero field is DefaultTimings'. Deadlines are long, for a slow machine: only failures wait
// for them. TooSlow, Slow and SlowFailure decide verdicts.
//
// A duration that is no part of a run has a name in its package, and a test in the root keeps it so: how long dbproxy dials and what its
// bad lines do, how long stripeapi waits for a request's header, how long the variants of mutants may take and need to end.
type Timings struct {
	Budget time.Duration // for a whole run, unless its options say otherwise

	// One delivery.
	Answer      time.Duration // for the answer to one delivery
	FirstAnswer time.Duration // for the first answers of a run: a slow target must not be taken for a dead one
	TooSlow     time.Duration // an answer that took longer fails ack-policy/in-time
	Slow        time.Duration // an answer that took longer is reported as info
	SlowFailure time.Duration // a 5xx beside other deliveries that took longer is the target's own time-out under load, not a bug

	// Redelivery: what is not acknowledged is sent again, as Stripe would, on a compressed clock.
	Retry     time.Duration // between two tries
	Redeliver time.Duration // how long it is tried without a fault
	Recover   time.Duration // how long it is tried after a fault, when pools hold dead connections
	Refusal   time.Duration // if every answer is a 4xx for so long, the target is not tried again, also after a fault
	CoolDown  time.Duration // after a fault, in which answers and hooks may still fail

	// Effects and states.
	Poll       time.Duration // between two readings of a state, a counter or a port
	Effect     time.Duration // a scenario's: for a state or a counter to become what is expected
	Quiet      time.Duration // how long to wait for an effect that must not come, before the target's lag
	EffectWait time.Duration // how long an effect may take after its ACK, in addition to the target's lag
	FirstShown time.Duration // for the calibration's payment to show
	LateWrite  time.Duration // before the last reading, since a late write may still change a state

	// Schedules.
	StoryAge    time.Duration // how long ago the story of a schedule began: Stripe delivers what has happened
	Overtake    time.Duration // an object is made so long after its event: longer than an endpoint should wait for it inside a delivery
	Later       time.Duration // of the verb later
	Flight      time.Duration // for all copies of a burst to be in flight
	HoldAnswers time.Duration // how long an answer of the database is delayed, so that copies overlap
	SlowAnswer  time.Duration // how late the answer of a slow database comes
	HoldFor     time.Duration // for how long answers are delayed: copies overlap by then
	BadLine     time.Duration // how long a bad line to the database lasts at most, without an answer

	// The target's process.
	Connect time.Duration // for a connection to the target, and for a TLS handshake
	Ready   time.Duration // for the target to listen after its start hook, and to listen no more after its stop hook
	Respawn time.Duration // for a supervisor to start a process that has ended

	// A target file's hooks. They always use DefaultTimings.
	Hook       time.Duration // for a hook to answer
	StartHook  time.Duration // for a hook that stops, starts, breaks or mends: it may wait until that is done
	EndProcess time.Duration // for a process that listens to exit when a stop hook asks it to, before it is killed
	HookExit   time.Duration // for the output of a hook's command to be closed by the processes that it leaves behind
}

// DefaultTimings are the timings of a target that sets none.
var DefaultTimings = Timings{
	Budget: time.Minute,
	Answer: 30 * time.Second, FirstAnswer: 30 * time.Second, TooSlow: 10 * time.Second, Slow: 5 * time.Second, SlowFailure: 3 * time.Second,
	Retry: 100 * time.Millisecond, Redeliver: time.Second, Recover: 15 * time.Second, Refusal: 3 * time.Second, CoolDown: 2 * time.Second,
	Poll: 10 * time.Millisecond, Effect: 3 * time.Second, Quiet: 100 * time.Millisecond, EffectWait: 1500 * time.Millisecond,
	FirstShown: 5 * time.Second, LateWrite: time.Second,
	StoryAge: time.Minute, Overtake: 2500 * time.Millisecond, Later: 3 * time.Second, Flight: 10 * time.Second,
	HoldAnswers: 40 * time.Millisecond, HoldFor: time.Second, SlowAnswer: time.Second, BadLine: 3 * time.Second,
	Connect: 2 * time.Second, Ready: 10 * time.Second, Respawn: time.Second,
	Hook: 10 * time.Second, StartHook: time.Minute, EndProcess: 3 * time.Second, HookExit: time.Second,
}

// OrDefault returns the timings with DefaultTimings' values in place of zero fields.
func (t Timings) OrDefault() Timings {
	d := DefaultTimings
	for _, field := range []struct{ given, usual *time.Duration }{
		{&t.Budget, &d.Budget}, {&t.Answer, &d.Answer}, {&t.FirstAnswer, &d.FirstAnswer}, {&t.TooSlow, &d.TooSlow}, {&t.Slow, &d.Slow}, {&t.SlowFailure, &d.SlowFailure},
		{&t.Retry, &d.Retry}, {&t.Redeliver, &d.Redeliver}, {&t.Recover, &d.Recover}, {&t.Refusal, &d.Refusal}, {&t.CoolDown, &d.CoolDown},
		{&t.Poll, &d.Poll}, {&t.Effect, &d.Effect}, {&t.Quiet, &d.Quiet}, {&t.EffectWait, &d.EffectWait}, {&t.FirstShown, &d.FirstShown}, {&t.LateWrite, &d.LateWrite},
		{&t.StoryAge, &d.StoryAge}, {&t.Overtake, &d.Overtake}, {&t.Later, &d.Later}, {&t.Flight, &d.Flight}, {&t.HoldAnswers, &d.HoldAnswers}, {&t.HoldFor, &d.HoldFor}, {&t.SlowAnswer, &d.SlowAnswer}, {&t.BadLine, &d.BadLine},
		{&t.Connect, &d.Connect}, {&t.Ready, &d.Ready}, {&t.Respawn, &d.Respawn}, {&t.Hook, &d.Hook}, {&t.StartHook, &d.StartHook}, {&t.EndProcess, &d.EndProcess}, {&t.HookExit, &d.HookExit},
	} {
		if *field.given == 0 {
			*field.given = *field.usual
		}
	}
	return t
}

// QuietFor is how long to wait for an effect that must not come, with the target's lag.
func (t Timings) QuietFor(lag time.Duration) time.Duration { return t.Quiet + 2*lag }

// EffectFor is how long an effect may take after its ACK, with the target's lag.
func (t Timings) EffectFor(lag time.Duration) time.Duration { return t.EffectWait + 8*lag }
