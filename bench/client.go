package main

import (
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

// client sends deliveries to a server over one connection. One goroutine may use it. It does not allocate for a delivery,
// because the load generator shares the processors with the server that it measures.
type client struct {
	http             *fasthttp.HostClient
	request          *fasthttp.Request
	response         *fasthttp.Response
	template         template
	genuine, forgers *signer
	body             []byte
}

func newClient(address string, t template) *client {
	c := &client{
		http: &fasthttp.HostClient{
			Addr: address, MaxConns: 1, MaxIdemponentCallAttempts: 1, ReadTimeout: 30 * time.Second, NoDefaultUserAgentHeader: true,
		},
		request: &fasthttp.Request{}, response: &fasthttp.Response{}, template: t,
		genuine: newSigner(webhookSecret), forgers: newSigner(forgersSecret),
	}
	c.request.Header.SetMethod(fasthttp.MethodPost)
	c.request.SetRequestURI("http://" + address + "/webhooks/stripe")
	c.request.Header.SetContentType("application/json; charset=utf-8")
	c.request.Header.SetUserAgent("Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	return c
}

func (c *client) close() { c.http.CloseIdleConnections() }

// deliver sends the nth event. It returns what is wrong with the answer, or "".
func (c *client) deliver(k kind, n int64) (fault string) {
	want, s := fasthttp.StatusOK, c.genuine
	if k == forged {
		want, s = fasthttp.StatusBadRequest, c.forgers
	}
	c.body = c.template.appendBody(c.body[:0], n)
	c.request.Header.SetBytesV("Stripe-Signature", s.sign(time.Now().Unix(), c.body))
	c.request.SetBodyRaw(c.body)
	switch err := c.http.Do(c.request, c.response); {
	case err != nil:
		return err.Error()
	case c.response.StatusCode() != want:
		return fmt.Sprintf("%d instead of %d", c.response.StatusCode(), want)
	}
	return ""
}
