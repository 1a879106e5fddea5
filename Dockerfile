# The booking server alone: one static binary, no shell, not root.
FROM golang:1.26-alpine AS build
WORKDIR /src
ENV CGO_ENABLED=0
COPY go.mod go.sum ./
# The dependencies in a layer of their own, so that a change of our code does not compile them again. A
# cache mount would do, too, but not with the classic builder that docker-compose 1.29 uses.
RUN go build -trimpath \
    github.com/golang-jwt/jwt/v5 github.com/google/uuid github.com/gorilla/mux github.com/jmoiron/sqlx github.com/lib/pq \
    github.com/pressly/goose/v3/lock github.com/prometheus/client_golang/prometheus/promhttp \
    github.com/stripe/stripe-go/v76/client github.com/stripe/stripe-go/v76/webhook \
    golang.org/x/crypto/bcrypt golang.org/x/sync/semaphore golang.org/x/sync/singleflight golang.org/x/time/rate
COPY bodies bodies
COPY cmd/booking-server cmd/booking-server
COPY migrations migrations
COPY server server
COPY store store
COPY webhook webhook
RUN go build -trimpath -buildvcs=false -ldflags="-s -w" -o /booking-server ./cmd/booking-server

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /booking-server /booking-server
USER nonroot
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=4s --start-period=40s --retries=3 CMD ["/booking-server", "healthcheck"]
ENTRYPOINT ["/booking-server"]
