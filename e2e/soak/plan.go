package main

import (
	"math/rand/v2"
	"time"
)

// plan is what is going to happen in a round. It is a function of the seed alone; when each thing really happens depends on
// the machine, too.
type plan struct {
	Seed   uint64
	Lives  []life
	Faults []fault // in the order of their times
	Slots  int
}

// life is one customer's wish for a slot and what he does about it.
type life struct {
	Customer int
	Slot     int
	Start    time.Duration
	Replica  int
	Tries    int           // how often he asks when he is told to try again, or gets no answer
	HangUp   time.Duration // he hangs up that long after asking; 0 is never
	Hasty    bool          // he cancels while his booking is still being made
	Way      way
	After    []after
	Pause    time.Duration // between his steps
}

// way is what becomes of a booking that was made.
type way string

const (
	pays        way = "pays"
	paysLate    way = "pays by a bank transfer that arrives"
	paysNever   way = "pays by a bank transfer that fails"
	paysNothing way = "has a voucher for all of it"
	leaves      way = "leaves it open"
	expires     way = "lets the checkout expire"
	lapses      way = "lets the hold lapse, and another wants the slot"
	lapsesPays  way = "pays while another takes the lapsed hold"
	cancels     way = "cancels"
	cancelTwice way = "cancels twice at once"
	cancelPays  way = "pays in one window and cancels in the other"
)

// after is what may befall a payment.
type after string

const (
	refundPart  after = "the operator refunds a part"
	refundRest  after = "the operator refunds the rest"
	refundAsked after = "the customer cancels the paid booking"
	refundTwice after = "the customer cancels the paid booking twice at once"
	disputed    after = "a dispute opens"
	disputeWon  after = "a dispute opens and is won"
	disputeLost after = "a dispute opens and is lost"
)

// chances are weights out of their sum.
var ways = []struct {
	way    way
	weight int
}{
	{pays, 26}, {paysLate, 8}, {paysNever, 6}, {paysNothing, 4}, {leaves, 6}, {expires, 8},
	{lapses, 10}, {lapsesPays, 8}, {cancels, 10}, {cancelTwice, 6}, {cancelPays, 8},
}

var afters = []after{refundPart, refundRest, refundAsked, refundTwice, disputed, disputeWon, disputeLost}

// fault is something that goes wrong at a time, for a while.
type fault struct {
	At      time.Duration
	Kind    faultKind
	Replica int // whom it befalls, where it is about one server
	For     time.Duration
}

type faultKind string

const (
	killServer     faultKind = "kill server"     // SIGKILL; started again after a while
	stopServer     faultKind = "stop server"     // SIGTERM; started again after a while
	cutLine        faultKind = "cut line"        // between a server and the database
	freezeLine     faultKind = "freeze line"     // so that nothing passes
	killDatabase   faultKind = "kill database"   // SIGKILL of every process of PostgreSQL
	killBackend    faultKind = "kill backend"    // SIGKILL of one of them, after which PostgreSQL starts all anew
	stopDatabase   faultKind = "stop database"   // its immediate shutdown
	freezeDatabase faultKind = "freeze database" // SIGSTOP, SIGCONT
	dropSessions   faultKind = "drop sessions"   // pg_terminate_backend of all
	stripeAway     faultKind = "stripe away"     // most calls fail, in every way there is
)

// database tells whether a fault befalls PostgreSQL itself: those do not overlap.
func (k faultKind) database() bool {
	switch k {
	case killDatabase, killBackend, stopDatabase, freezeDatabase, dropSessions:
		return true
	}
	return false
}

var (
	databaseFaults = []faultKind{killDatabase, killBackend, stopDatabase, freezeDatabase, dropSessions}
	otherFaults    = []faultKind{killServer, killServer, stopServer, cutLine, freezeLine, stripeAway}
)

// newPlan draws the plan of a round.
func newPlan(seed uint64, bookings, customers int, storm time.Duration) plan {
	draw := rand.New(rand.NewPCG(seed, 1))
	p := plan{Seed: seed, Slots: max(1, bookings/3)}
	for range bookings {
		l := life{
			Customer: draw.IntN(customers),
			Slot:     draw.IntN(p.Slots),
			Start:    time.Duration(draw.Int64N(int64(storm))),
			Replica:  draw.IntN(2),
			Tries:    1 + draw.IntN(5),
			Hasty:    draw.IntN(8) == 0,
			Way:      drawWay(draw),
			Pause:    time.Duration(draw.Int64N(int64(400 * time.Millisecond))),
		}
		if draw.IntN(8) == 0 {
			l.HangUp = time.Millisecond + time.Duration(draw.Int64N(int64(80*time.Millisecond)))
		}
		for draw.IntN(3) > 0 && len(l.After) < 3 {
			l.After = append(l.After, afters[draw.IntN(len(afters))])
		}
		p.Lives = append(p.Lives, l)
	}
	// Faults of either track follow one another with a pause in which things can go on.
	for _, kinds := range [][]faultKind{databaseFaults, otherFaults} {
		for at := time.Second / 2; at < storm; {
			f := fault{At: at, Kind: kinds[draw.IntN(len(kinds))], Replica: draw.IntN(2),
				For: 100*time.Millisecond + time.Duration(draw.Int64N(int64(2500*time.Millisecond)))}
			if (f.Kind == freezeLine || f.Kind == freezeDatabase) && draw.IntN(4) == 0 {
				f.For += 9 * time.Second // longer than anybody waits for an answer
			}
			p.Faults = append(p.Faults, f)
			at += f.For + time.Second + time.Duration(draw.Int64N(int64(3*time.Second)))
		}
	}
	return p
}

func drawWay(draw *rand.Rand) way {
	sum := 0
	for _, w := range ways {
		sum += w.weight
	}
	at := draw.IntN(sum)
	for _, w := range ways {
		if at -= w.weight; at < 0 {
			return w.way
		}
	}
	return leaves
}
