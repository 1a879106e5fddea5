package store

import "context"

// Setting is one of PostgreSQL's, as a session of the pool has it.
type Setting struct {
	Value  string
	Source string // where PostgreSQL says that the value is from: default, configuration file, database, user, client …
}

// Durability are the settings on which it depends that what was committed is there after a crash.
type Durability struct{ SynchronousCommit, Fsync, FullPageWrites Setting }

// Durability asks for them. They hold for the sessions that are made now: a later ALTER DATABASE, or another
// server that takes over, may bring others.
func (s *Store) Durability(ctx context.Context) (Durability, error) {
	var rows []struct{ Name, Setting, Source string }
	err := s.db.SelectContext(ctx, &rows, `SELECT name, setting, source FROM pg_settings
		WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes')`)
	var d Durability
	for _, row := range rows {
		setting := Setting{row.Setting, row.Source}
		switch row.Name {
		case "synchronous_commit":
			d.SynchronousCommit = setting
		case "fsync":
			d.Fsync = setting
		case "full_page_writes":
			d.FullPageWrites = setting
		}
	}
	return d, err
}
