package dbproxy

import "time"

// strike is what a proxy does at a message.
type strike struct {
	at   int // the message's number; 0 is never
	when strikeKind
	late time.Duration // how long delayAfter delays the answer
}

type strikeKind int

const (
	strikeBefore strikeKind = iota // the message does not reach the database, which is away from then on
	strikeAfter                    // the database has answered, the answer is lost, and the database is away from then on
	holdAfter                      // the database has answered, and nothing passes from then on
	delayAfter                     // the database has answered, and this answer comes late; everything else passes
)

// StrikeBefore makes the database go away at the nth message from now on, n being 1 or more. The message is not passed on, and
// every connection is reset, also every new one, until Heal. The returned channel is closed when this has happened. Messages of
// several connections can be in flight at once; the strike comes at the first that is sent after n-1 were answered.
func (p *Proxy) StrikeBefore(n int) <-chan struct{} { return p.arm(strike{at: n, when: strikeBefore}) }

// StrikeAfter is StrikeBefore with the message passed on: the database executes it, and its answer is lost.
func (p *Proxy) StrikeAfter(n int) <-chan struct{} { return p.arm(strike{at: n, when: strikeAfter}) }

// HoldAfter passes the nth message on, and holds the answer and everything after it until Cut or Heal.
func (p *Proxy) HoldAfter(n int) <-chan struct{} { return p.arm(strike{at: n, when: holdAfter}) }

// DelayAfter passes the nth message on, and its answer after d. The connection's later messages are not counted until Count: what is
// armed next is meant for another connection, which can be struck while this one waits.
func (p *Proxy) DelayAfter(n int, d time.Duration) <-chan struct{} {
	return p.arm(strike{at: n, when: delayAfter, late: d})
}

// Count sets the count of messages to zero, counts those of every connection, and cancels a strike that has not happened.
func (p *Proxy) Count() {
	p.arm(strike{})
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.struck)
}

// Messages returns how many messages were answered since the last Count or the arming of a strike.
func (p *Proxy) Messages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages
}

// DelayAnswers delays every answer of the database by d; 0 ends that.
func (p *Proxy) DelayAnswers(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *Proxy) arm(s strike) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages, p.strike, p.tripped = 0, s, make(chan struct{})
	return p.tripped
}

// noteRequest notes that a connection's client has written. A message in several writes counts once.
func (p *Proxy) noteRequest(asked *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Messages that are in flight at once are all counted before the next one: then no message has the strike's own number.
	due := p.strike.at > 0 && p.strike.at <= p.messages+1
	if !*asked && due && p.strike.when == strikeBefore {
		p.trip(cut)
	}
	*asked = true
}

// noteAnswer notes that the database has written. What it writes unasked, such as a greeting, is no answer.
func (p *Proxy) noteAnswer(asked *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !*asked {
		return
	}
	*asked = false
	delay := p.delay
	if !p.struck[asked] {
		p.messages++
		if p.strike.at == p.messages {
			delay = max(delay, p.strikeAnswer(asked))
		}
	}
	if delay > 0 {
		p.mu.Unlock()
		time.Sleep(delay)
		p.mu.Lock()
	}
}

// strikeAnswer does what is to happen at an answer, and returns how late the answer comes. The caller holds the lock.
func (p *Proxy) strikeAnswer(conn *bool) (late time.Duration) {
	switch s := p.strike; s.when {
	case strikeAfter:
		p.trip(cut)
	case holdAfter:
		p.trip(frozen)
	case delayAfter:
		p.struck[conn] = true
		p.trip(open)
		return s.late
	}
	return 0
}

func (p *Proxy) trip(to mode) {
	p.strike = strike{}
	close(p.tripped)
	p.setModeLocked(to)
}
