# The booking server alone: one static binary, no shell, not root.
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY cmd/booking-server cmd/booking-server
COPY migrations migrations
COPY server server
COPY store store
COPY webhook webhook
ENV CGO_ENABLED=0
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -buildvcs=false -ldflags="-s -w" -o /booking-server ./cmd/booking-server

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /booking-server /booking-server
USER nonroot
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=4s --start-period=40s --retries=3 CMD ["/booking-server", "healthcheck"]
ENTRYPOINT ["/booking-server"]
