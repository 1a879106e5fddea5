package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// storage prints how many bytes a delivery adds to the write-ahead log, and how many bytes a row takes in the table and in each
// index.
func storage(ctx context.Context, out io.Writer, i *instance) error {
	if _, err := i.db.ExecContext(ctx, `CHECKPOINT`); err != nil {
		return err
	}
	_, _ = fmt.Fprint(out, "\nThe write-ahead log of a unique delivery to the large database\n\n")
	for _, when := range []string{"in the first two seconds after a checkpoint", "in the two seconds after these", "in two more"} {
		first := i.next.Load()
		before, err := i.written(ctx)
		if err != nil {
			return err
		}
		if _, err := i.deliver(ctx, "unique", 2*time.Second); err != nil {
			return err
		}
		after, err := i.written(ctx)
		if err != nil {
			return err
		}
		n := i.next.Load() - first
		_, _ = fmt.Fprintf(out, "  %5d bytes %s (%d deliveries)\n", (after-before)/n, when, n)
	}
	_, _ = fmt.Fprint(out, "\nThe large database at rest: bytes a row\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows, err := i.db.QueryContext(ctx, `
		SELECT c.relname, x.relname, pg_relation_size(x.oid), CASE WHEN x.oid = c.oid THEN c.reltuples ELSE x.reltuples END
		FROM pg_class c CROSS JOIN LATERAL (
			SELECT c.oid, 'the rows' AS relname, c.reltuples
			UNION ALL SELECT c.reltoastrelid, 'long payloads, out of line', c.reltuples WHERE c.reltoastrelid <> 0
			UNION ALL SELECT i.oid, i.relname, i.reltuples FROM pg_index JOIN pg_class i ON i.oid = indexrelid WHERE indrelid = c.oid
		) x WHERE x.reltuples > 0 AND pg_relation_size(x.oid) > 0 AND c.relname IN ('PaymentEvent', 'Booking') ORDER BY c.relname DESC, pg_relation_size(x.oid) DESC`)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(table, "table\twhat\tMiB\trows\tbytes a row")
	for rows.Next() {
		var name, what string
		var size, count float64
		if err := rows.Scan(&name, &what, &size, &count); err != nil {
			return errors.Join(err, rows.Close())
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.0f\t%.0f\t%.0f\n", name, what, size/(1<<20), count, size/max(1, count))
	}
	return errors.Join(rows.Err(), rows.Close(), table.Flush())
}

// written returns the length of the write-ahead log.
func (i *instance) written(ctx context.Context) (bytes int64, err error) {
	err = i.db.QueryRowContext(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`).Scan(&bytes)
	return bytes, err
}
