package run

import (
	"cmp"
	"sync"
)

// each calls do for every element, some at a time. After an error it starts no more.
func each[T any](list []T, atOnce int, do func(T) error) error {
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
			if err := do(element); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = cmp.Or(failed, err)
			}
		})
	}
	group.Wait()
	return failed
}
