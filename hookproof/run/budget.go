package run

import (
	"cmp"
	"fmt"
	"sync/atomic"
	"time"

	"example.com/hookproof/hookproof/result"
)

// budget is what a run may use: time and hook calls.
type budget struct {
	began   time.Time
	options Options
	calls   atomic.Int64 // calls of hooks so far
	kept    atomic.Int64 // calls reserved for the last reading
}

func (b *budget) called() { b.calls.Add(1) }

// spent returns what is used up; nil if nothing is.
func (b *budget) spent() *result.NotJudged { return b.spentAfter(0) }

// callsOfCase is the estimate of a case's hook calls: a subject, and its state and the reference's, each read twice.
const callsOfCase = 5

// spentAfter is spent if that many more hooks were called.
func (b *budget) spentAfter(calls int) *result.NotJudged {
	switch {
	case b.options.Thorough:
		return nil
	case time.Since(b.began) > cmp.Or(b.options.share, b.options.Budget):
		return &result.NotJudged{Kind: result.OverBudget, Text: fmt.Sprintf("out of time (%s)", b.options.Budget)}
	case b.options.HookCalls > 0 && int(b.calls.Load()+b.kept.Load())+calls >= b.options.HookCalls:
		return &result.NotJudged{Kind: result.OverBudget, Text: fmt.Sprintf("out of hook calls (%d)", b.options.HookCalls)}
	}
	return nil
}
