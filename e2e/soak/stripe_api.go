package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// saved is what Stripe remembers of an Idempotency-Key: "the resulting status code and body of the first request made …,
// regardless of whether it succeeds or fails", and compares the parameters of later ones:
// https://docs.stripe.com/api/idempotent_requests
type saved struct {
	request string
	busy    bool
	status  int
	body    map[string]any
}

// mood is what one call to Stripe meets with.
type mood struct {
	before time.Duration // the way there, and the work
	limit  bool          // 429, before anything is looked at
	away   bool          // 500 before anything is done, and nothing remembered
	breaks bool          // 500 after it was done, and remembered
	after  time.Duration // the way back
	lose   bool          // the connection is reset in place of an answer
}

// moods draws what calls meet with. In calm weather most are well, in a storm few are.
type moods struct {
	mu    sync.Mutex
	draw  *rand.Rand
	level int // out of 100: how many calls meet with something
}

func newMoods(seed uint64) *moods { return &moods{draw: rand.New(rand.NewPCG(seed, 2))} }

// set says how many of a hundred calls meet with something; 0 is none, and no call is slow.
func (m *moods) set(level int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.level = level
}

func (m *moods) next() (now mood) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.level == 0 {
		return now
	}
	now.before = time.Duration(m.draw.Int64N(int64(60 * time.Millisecond)))
	if m.draw.IntN(100) >= m.level {
		return now
	}
	switch m.draw.IntN(9) {
	case 0:
		now.limit = true
	case 1, 2:
		now.away = true
	case 3:
		now.breaks = true
	case 4, 5:
		now.lose = true
	case 6:
		now.before += time.Duration(m.draw.Int64N(int64(3 * time.Second)))
	case 7:
		now.after = time.Duration(m.draw.Int64N(int64(3 * time.Second)))
	case 8: // longer than the server waits
		now.before += 9 * time.Second
	}
	return now
}

// api is the stand-in's HTTP half.
type api struct {
	*stripe
	moods   *moods
	figures *figures
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := a.moods.next()
	a.figures.calls.Add(1)
	if now != (mood{before: now.before}) {
		a.figures.troubles.Add(1)
	}
	if err := r.ParseForm(); err != nil {
		return
	}
	if now.limit {
		a.write(w, &http.Request{URL: r.URL, Method: r.Method}, 429, wire(&refusal{429, "rate_limit_error", "rate_limit", "Too many requests"}))
		return
	}
	if now.away {
		a.write(w, r, 500, wire(&refusal{500, "api_error", "", "Stripe is away"}))
		return
	}
	status, body := a.answer(r, now)
	time.Sleep(now.after) // a slow way back; whoever hangs up changes nothing of what was done
	if now.lose {
		a.history.add(aboutCall(r, body), "Stripe's answer %d to %s %s is lost", status, r.Method, r.URL.Path)
		panic(http.ErrAbortHandler) // net/http resets the connection
	}
	a.write(w, r, status, body)
}

// answer takes a call past the Idempotency-Key to what it asks for.
func (a *api) answer(r *http.Request, now mood) (int, map[string]any) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost {
		time.Sleep(now.before)
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.do(r.Method, r.URL.Path, r.PostForm, now.breaks)
	}
	request := r.URL.Path + "?" + r.PostForm.Encode()
	a.mu.Lock()
	known := a.keys[key]
	switch {
	case known != nil && known.busy:
		a.mu.Unlock()
		return 409, wire(&refusal{409, "idempotency_error", "idempotency_key_in_use", "There is currently another in-progress request using this key"})
	case known != nil && known.request != request:
		a.mu.Unlock()
		return 400, wire(&refusal{400, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with."})
	case known != nil:
		a.mu.Unlock()
		return known.status, known.body
	}
	mine := &saved{request: request, busy: true}
	a.keys[key] = mine
	a.mu.Unlock()
	time.Sleep(now.before)
	a.mu.Lock()
	defer a.mu.Unlock()
	mine.busy = false
	mine.status, mine.body = a.do(r.Method, r.URL.Path, r.PostForm, now.breaks)
	if mine.status == 400 && strings.HasSuffix(r.URL.Path, "/sessions") {
		delete(a.keys, key) // parameters that fail validation are not remembered
	}
	return mine.status, mine.body
}

// do is what a call asks for. One that breaks is done, and answered 500.
func (a *api) do(method, path string, form url.Values, breaks bool) (int, map[string]any) {
	var (
		body    map[string]any
		refused *refusal
	)
	rest, isSession := strings.CutPrefix(path, "/v1/checkout/sessions")
	id, expire := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/expire")
	switch {
	case isSession && id == "" && method == http.MethodPost:
		body, refused = a.createSession(form, breaks)
	case isSession && expire && method == http.MethodPost:
		body, refused = a.expireSession(id)
	case isSession && method == http.MethodGet && a.sessions[id] != nil:
		body = a.object(a.sessions[id])
	case isSession && method == http.MethodGet:
		refused = noSuch("checkout.session", id)
	case path == "/v1/refunds" && method == http.MethodPost:
		body, refused = a.refundIntent(form)
	default:
		refused = &refusal{404, "invalid_request_error", "", "Unrecognized request URL"}
	}
	switch {
	case refused != nil:
		return refused.status, wire(refused)
	case breaks:
		return 500, wire(&refusal{500, "api_error", "", "An unknown error occurred"})
	}
	return 200, body
}

func wire(r *refusal) map[string]any {
	fields := map[string]any{"type": r.kind, "message": r.message}
	if r.code != "" {
		fields["code"] = r.code
	}
	return map[string]any{"error": fields}
}

func (a *api) write(w http.ResponseWriter, r *http.Request, status int, body map[string]any) {
	a.history.add(aboutCall(r, body), "Stripe answers %d to %s %s", status, r.Method, r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever has hung up does not hear it
}

// aboutCall is whom a call is about: a session in its path, a booking in its form.
func aboutCall(r *http.Request, body map[string]any) about {
	list := about{r.PostForm.Get("client_reference_id")}
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		if strings.HasPrefix(part, "cs_") {
			list = append(list, part)
		}
	}
	if id, _ := body["id"].(string); id != "" {
		list = append(list, id)
	}
	if intent := r.PostForm.Get("payment_intent"); intent != "" {
		list = append(list, "cs_test_"+strings.TrimPrefix(intent, "pi_"))
	}
	return list
}
