package asl

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// A MemoryStore is a [Store] that lasts as long as the process.
type MemoryStore struct {
	mu   sync.Mutex
	logs map[string]*memoryLog // guarded by mu, as is all within
}

type memoryLog struct {
	epoch   int64
	entries [][]byte
}

// NewMemoryStore makes an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{logs: map[string]*memoryLog{}} }

// A fencedError says that an epoch is over.
type fencedError struct {
	log            string
	epoch, current int64
}

func (e *fencedError) Error() string {
	return fmt.Sprintf("the log %s has been claimed by another: epoch %d is over, %d is current", e.log, e.epoch, e.current)
}

// Fenced makes it known as what it is.
func (e *fencedError) Fenced() bool { return true }

func (s *MemoryStore) log(name string) *memoryLog {
	l := s.logs[name]
	if l == nil {
		l = &memoryLog{}
		s.logs[name] = l
	}
	return l
}

// Claim implements [Store].
func (s *MemoryStore) Claim(ctx context.Context, log string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.log(log)
	l.epoch++
	return l.epoch, ctx.Err()
}

// An existsError says that a log has entries already.
type existsError struct{ log string }

func (e *existsError) Error() string { return fmt.Sprintf("the log %s exists already", e.log) }

// Exists makes it known as what it is.
func (e *existsError) Exists() bool { return true }

// Create implements [Creator].
func (s *MemoryStore) Create(ctx context.Context, log string, entries ...[]byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.log(log)
	if len(l.entries) > 0 {
		return 0, &existsError{log}
	}
	l.epoch++
	l.entries = append(l.entries, entries...)
	return l.epoch, nil
}

// Append implements [Store].
func (s *MemoryStore) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.log(log)
	if epoch != l.epoch {
		return &fencedError{log, epoch, l.epoch}
	}
	l.entries = append(l.entries, entries...)
	return nil
}

// Read implements [Store].
func (s *MemoryStore) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, entry := range s.snapshot(log, after) {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func (s *MemoryStore) snapshot(log string, after int64) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[log]
	if l == nil || after >= int64(len(l.entries)) {
		return nil
	}
	return l.entries[after:len(l.entries):len(l.entries)]
}

// Logs implements [Store].
func (s *MemoryStore) Logs(ctx context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, l := range s.logs {
		if strings.HasPrefix(name, prefix) && len(l.entries) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, ctx.Err()
}
