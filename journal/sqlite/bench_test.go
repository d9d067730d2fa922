package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// BenchmarkCommit is one writer that waits for each write to be on the disk.
func BenchmarkCommit(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "journal.db"))
	version := int64(0)
	for b.Loop() {
		var err error
		if version, err = s.Put(b.Context(), "k", []byte("value"), version); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkGroupedAppends is writers that share commits.
func BenchmarkGroupedAppends(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "journal.db"))
			entry := make([]byte, 200)
			var number atomic.Int64
			b.SetParallelism(max(1, writers/2)) // times GOMAXPROCS
			b.RunParallel(func(p *testing.PB) {
				log := fmt.Sprint("l", number.Add(1))
				for p.Next() {
					if err := s.Append(b.Context(), log, 0, entry); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// BenchmarkGet is reading a document that was just written.
func BenchmarkGet(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "journal.db"))
	if _, err := s.Put(b.Context(), "k", make([]byte, 1000), 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := s.Get(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
