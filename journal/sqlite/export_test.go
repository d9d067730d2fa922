package sqlite

import "time"

// OpenWith lets tests wait less for locks and limit the file's size.
func OpenWith(path string, patience time.Duration, pragmas ...string) (*Journal, error) {
	return openWith(path, patience, pragmas...)
}

// Opening is how errors of opening a file are explained.
func Opening(path string, err error) error { return opening(path, err) }

// Synchronous is SQLite's synchronous setting of the writer: 2 is FULL.
func (s *Journal) Synchronous() (level int, err error) {
	err = s.writer.QueryRow("PRAGMA synchronous").Scan(&level)
	return level, err
}
