package stripeapi

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"example.com/hookproof/hookproof/internal/memnet"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for kind, want := range map[FaultKind]stripe.Error{
		RateLimit:   {HTTPStatusCode: http.StatusTooManyRequests, Code: stripe.ErrorCodeRateLimit, Type: stripe.ErrorTypeInvalidRequest},
		ServerError: {HTTPStatusCode: http.StatusInternalServerError, Type: stripe.ErrorTypeAPI},
		LockTimeout: {HTTPStatusCode: http.StatusTooManyRequests, Code: stripe.ErrorCodeLockTimeout, Type: stripe.ErrorTypeInvalidRequest},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, older)
			make := func() (*stripe.Customer, error) {
				return s.stripe.Customers.New(&stripe.CustomerParams{Params: key("k-1")})
			}
			fault := s.api.Begin(kind)
			_, err := make()
			var failure *stripe.Error
			require.True(t, errors.As(err, &failure))
			require.Equal(t, want, stripe.Error{HTTPStatusCode: failure.HTTPStatusCode, Code: failure.Code, Type: failure.Type})
			require.NotEmpty(t, failure.RequestID)
			met := fault.End()
			require.Len(t, met, 1)
			require.Equal(t, kind, met[0].Fault)
			require.Empty(t, Repeated(met, met), "what failed has done nothing")

			customer, err := make()
			require.NoError(t, err, "an injected error is not remembered under its key")
			require.Empty(t, customer.LastResponse.Header.Get("Idempotent-Replayed"))
			require.Empty(t, s.api.Requests(1)[0].Fault)
			require.Empty(t, s.api.Begin(kind).End(), "nothing was asked")
			require.Len(t, fault.End(), 1, "what came later did not meet it")
		})
	}
}

func TestALibraryRetriesAfterTheFault(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := newSetup(t, older)
		fault := s.api.Begin(LockTimeout)
		done := make(chan error, 1)
		go func() {
			_, err := s.client("sk_test_123", 2).Customers.New(&stripe.CustomerParams{})
			done <- err
		}()
		synctest.Wait() // the library waits before it tries again
		require.Len(t, fault.End(), 1)
		require.NoError(t, <-done)
		requests := s.api.Requests(0)
		require.Len(t, requests, 2)
		require.Equal(t, requests[0].Key, requests[1].Key)
	})
}

func TestAConnectionThatHangsIsCut(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := newSetup(t, older)
		fault := s.api.Begin(Hang)
		var asked sync.WaitGroup
		errs := make([]error, 3)
		for i := range errs {
			asked.Go(func() { _, errs[i] = s.stripe.Customers.New(&stripe.CustomerParams{}) })
		}
		synctest.Wait()
		require.Len(t, s.api.Requests(0), 3, "they have arrived, and hang")
		require.Equal(t, 0, s.api.Requests(0)[0].Status)
		s.tell(t, subscribed(t, older)...) // no lock is held meanwhile
		require.Len(t, fault.End(), 3)
		asked.Wait()
		for _, err := range errs {
			require.Error(t, err)
		}
		require.Empty(t, s.api.made)
		_, err := s.stripe.Customers.New(&stripe.CustomerParams{})
		require.NoError(t, err)
	})
}

func TestAFaultEndsWithTheNext(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := newSetup(t, older)
		s.api.Begin(Hang)
		done := make(chan error, 2)
		ask := func() { _, err := s.stripe.Customers.Get("cus_nobody", nil); done <- err }
		go ask()
		synctest.Wait()
		s.api.Begin(Hang)
		require.Error(t, <-done)
		go ask()
		synctest.Wait()
		require.NoError(t, s.api.Close())
		require.Error(t, <-done)
	})
}

func TestAFaultOfOneStory(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	intent := func(first, id string) *Story {
		return s.tell(t, event(t, older, first, "payment_intent.succeeded", "payment_intent", id, map[string]any{"/status": "succeeded"}, nil))
	}
	struck := intent("evt_struck01", "pi_Struck001")
	intent("evt_fine0001", "pi_Fine00001")
	fault := struck.Begin(ServerError)
	get := func(id string) error {
		_, err := s.stripe.PaymentIntents.Get(id, nil)
		return err
	}
	require.Error(t, get("pi_Struck001"))
	require.NoError(t, get("pi_Fine00001"), "the other story's requests are answered")
	again := struck.Begin(RateLimit)
	require.ErrorContains(t, get("pi_Struck001"), "rate limit", "the one before has ended")
	require.Len(t, fault.End(), 1)
	require.Error(t, get("pi_Struck001"), "what has ended ends no other")
	require.Len(t, again.End(), 2)
	require.NoError(t, get("pi_Struck001"))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t, subscribed(t, older)...)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 10 {
				_, _ = s.stripe.Subscriptions.Get("sub_Sub1Test", nil)
				_, _ = s.stripe.Customers.Update("cus_Sub1Test", &stripe.CustomerParams{Metadata: map[string]string{"a": "b"}})
				_, _ = s.stripe.Customers.New(&stripe.CustomerParams{})
				story.SetView(View(i % 2))
				s.api.Delivered("evt_created1")
				s.api.Begin(ServerError).End()
				story.Requests()
			}
		})
	}
	all.Wait()
	require.Len(t, s.api.Requests(0), 240)
}
