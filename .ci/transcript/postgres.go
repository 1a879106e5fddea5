package main

import (
	"context"
	"os"
	"strconv"

	"example.com/hookproof/pgserver"
)

// postgres starts a PostgreSQL and names it to the pages' commands as libpq, lib/pq and node-postgres take it.
func postgres(ctx context.Context) (stop func() error, err error) {
	server, err := pgserver.Start(ctx, pgserver.Config{})
	if err != nil {
		return nil, err
	}
	const database = "shop"
	if err := server.CreateDatabase(ctx, database, ""); err != nil {
		_ = server.Close()
		return nil, err
	}
	for name, value := range map[string]string{"PGHOST": "127.0.0.1", "PGPORT": strconv.Itoa(server.Port()), "PGUSER": "postgres",
		"PGPASSWORD": server.Password(), "PGDATABASE": database} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	return server.Close, nil
}
