package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// slowShopMain is a correct endpoint that takes a second to listen on $ADDRESS, as a large program does. It keeps an order
// as a file of the directory orders, and notes in the file pids each process that it ever was. With $DIES_OF_NULL the body null ends
// it, and that text is its last word.
func slowShopMain() {
	notes, err := os.OpenFile("pids", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintln(notes, os.Getpid())
	}
	if err == nil {
		err = os.MkdirAll("orders", 0o755)
	}
	if err != nil {
		panic(err)
	}
	time.Sleep(time.Second)
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) {
		id := strconv.FormatInt(time.Now().UnixNano(), 36)
		if err := keep("orders/"+id, "new"); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprintf(w, `{"clientReferenceId": "order-%s"}`, id)
	})
	http.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		status, err := os.ReadFile("orders/" + strings.TrimPrefix(r.PathValue("id"), "order-"))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"status": %q}`, status)
	})
	http.HandleFunc("POST /webhook", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !signed(r.Header.Get("Stripe-Signature"), body) || !recent(r.Header.Get("Stripe-Signature")) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var e struct {
			Type string
			Data struct {
				Object struct {
					Reference string `json:"client_reference_id"`
				}
			}
		}
		if text := os.Getenv("DIES_OF_NULL"); text != "" && string(body) == "null" {
			fmt.Fprintln(os.Stderr, text)
			os.Exit(1)
		}
		if json.Unmarshal(body, &e) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if order, ours := strings.CutPrefix(e.Data.Object.Reference, "order-"); ours && e.Type == "checkout.session.completed" {
			if err := keep("orders/"+order, "paid"); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}
	})
	if err := http.ListenAndServe(os.Getenv("ADDRESS"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// keep writes an order whole: the shop may be killed meanwhile, and others read it.
func keep(path, status string) error {
	file, err := os.CreateTemp(".", "order-")
	if err != nil {
		return err
	}
	_, err = file.WriteString(status)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// recent reports whether a signature is at most five minutes old, or ahead.
func recent(header string) bool {
	_, rest, _ := strings.Cut(header, "t=")
	text, _, _ := strings.Cut(rest, ",")
	t, err := strconv.ParseInt(text, 10, 64)
	return err == nil && time.Since(time.Unix(t, 0)).Abs() <= 5*time.Minute
}

// ended waits until no process that a file of process ids names is there any more. One that has ended, and that nobody has
// asked about yet, is not there.
func ended(ts *testscript.TestScript, _ bool, args []string) {
	for pid := range strings.FieldsSeq(ts.ReadFile(args[0])) {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			state, _ := exec.Command("ps", "-o", "stat=", "-p", pid).Output() // it fails where there is none
			if text := strings.TrimSpace(string(state)); text == "" || strings.HasPrefix(text, "Z") {
				break
			}
			if time.Now().After(deadline) {
				ts.Fatalf("process %s was left behind", pid)
			}
		}
	}
}

// lines checks how many lines a file has.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%s has %d lines instead of %s", args[0], n, args[1])
	}
}
