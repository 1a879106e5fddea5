package run

import (
	"fmt"
	"sync/atomic"
	"time"

	"example.com/hookproof/hookproof/result"
)

// budget is what a run may take.
type budget struct {
	began   time.Time
	options Options
	calls   atomic.Int64 // of hooks
	kept    atomic.Int64 // calls for the last reading
}

func (b *budget) called() { b.calls.Add(1) }

// spent says what is used up; nil is nothing.
func (b *budget) spent() *result.NotJudged { return b.spentAfter(0) }

// callsOfCase is what a case is taken to cost in hook calls: a subject, its state and the reference's, read twice.
const callsOfCase = 5

// spentAfter is spent, were so many hooks more called.
func (b *budget) spentAfter(calls int) *result.NotJudged {
	switch {
	case b.options.Thorough:
		return nil
	case time.Since(b.began) > b.options.Budget:
		return &result.NotJudged{Kind: result.OverBudget, Text: fmt.Sprintf("out of time (%s)", b.options.Budget)}
	case b.options.HookCalls > 0 && int(b.calls.Load()+b.kept.Load())+calls >= b.options.HookCalls:
		return &result.NotJudged{Kind: result.OverBudget, Text: fmt.Sprintf("out of hook calls (%d)", b.options.HookCalls)}
	}
	return nil
}
