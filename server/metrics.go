package server

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"example.com/hookproof/webhook"
)

// prometheus answers GET /metrics to whoever has the token; without one it does not exist.
func (s *Server) prometheus() handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(figures{s}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	pages := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.config.MetricsToken == "" {
			return notFound("there is nothing at this address")
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare([]byte(token), []byte(s.config.MetricsToken)) != 1 {
			return unauthorized("send METRICS_TOKEN as a bearer token")
		}
		pages.ServeHTTP(w, r)
		return nil
	}
}

// figures reads the counters when they are asked for, all of them at one instant, so that the sums hold
// in every scrape.
type figures struct{ *Server }

var (
	deliveries = prometheus.NewDesc("booking_webhook_deliveries_total",
		"Deliveries answered, by outcome and reason.", []string{"outcome", "reason"}, nil)
	duration = prometheus.NewDesc("booking_webhook_duration_seconds",
		"Time from reading a delivery to the decision about its answer.", nil, nil)
	connections = prometheus.NewDesc("booking_database_connections",
		"Connections of the pool, by state.", []string{"state"}, nil)
	connectionsMax = prometheus.NewDesc("booking_database_connections_max",
		"The most connections that the pool opens.", nil, nil)
	callers = prometheus.NewDesc("booking_connections",
		"Connections of callers that are open.", nil, nil)
	callersMax = prometheus.NewDesc("booking_connections_max",
		"The most connections of callers that are kept open.", nil, nil)
	callersWorking = prometheus.NewDesc("booking_connections_working",
		"Connections of callers whose requests are being worked on.", nil, nil)
	callersClosed = prometheus.NewDesc("booking_connections_closed_total",
		"Connections of callers that were closed while they waited, to make room for others.", nil, nil)
	waits = prometheus.NewDesc("booking_database_waits_total",
		"How often a connection had to be waited for.", nil, nil)
	waited = prometheus.NewDesc("booking_database_wait_seconds_total",
		"How long connections were waited for, in all.", nil, nil)
	linesDropped = prometheus.NewDesc("booking_log_lines_dropped_total",
		"Log lines that standard output did not take.", nil, nil)
)

// Describe implements prometheus.Collector.
func (f figures) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{deliveries, duration, connections, connectionsMax, waits, waited, callers, callersWorking, callersMax, callersClosed, linesDropped} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (f figures) Collect(metrics chan<- prometheus.Metric) {
	counts := f.webhook.Counts()
	// Every reason is there from the start: an alert on a series that does not exist yet never fires.
	for _, reason := range webhook.Reasons() {
		metrics <- prometheus.MustNewConstMetric(deliveries, prometheus.CounterValue, float64(counts.Reasons[reason]),
			string(webhook.OutcomeOf(reason)), string(reason))
	}
	metrics <- prometheus.MustNewConstHistogram(duration, counts.Received, counts.Latency.Sum, counts.Latency.Buckets)
	pool := f.store.Stats()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(connections, float64(pool.InUse), "in_use")
	gauge(connections, float64(pool.Idle), "idle")
	gauge(connectionsMax, float64(pool.MaxOpenConnections))
	open, working, closed := f.guard.figures()
	gauge(callers, float64(open))
	gauge(callersWorking, float64(working))
	gauge(callersMax, maxConnections)
	metrics <- prometheus.MustNewConstMetric(callersClosed, prometheus.CounterValue, float64(closed))
	metrics <- prometheus.MustNewConstMetric(waits, prometheus.CounterValue, float64(pool.WaitCount))
	metrics <- prometheus.MustNewConstMetric(waited, prometheus.CounterValue, pool.WaitDuration.Seconds())
	dropped := uint64(0)
	if f.config.LogLinesDropped != nil {
		dropped = f.config.LogLinesDropped()
	}
	metrics <- prometheus.MustNewConstMetric(linesDropped, prometheus.CounterValue, float64(dropped))
}
