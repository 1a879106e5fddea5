package target

import (
	"errors"

	"example.com/hookproof/hookproof/result"
)

// HookError is a hook of the target that failed. It is never a verdict on the target.
type HookError struct {
	Hook string // its name in the target file
	Err  error
}

func (e *HookError) Error() string { return "the hook " + e.Hook + ": " + e.Err.Error() }
func (e *HookError) Unwrap() error { return e.Err }

func HookFailed(hook string, err error) error {
	var already *HookError
	if err == nil || result.AsReason(err) != nil || errors.As(err, &already) {
		return err
	}
	return &HookError{hook, err}
}
