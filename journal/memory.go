package journal

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Memory is a journal for tests. It does no I/O, so it works in virtual time,
// and its contents outlive Close as a file's would: to test a crash, drop
// everything else and go on with the same Memory.
type Memory struct {
	mu        sync.Mutex // guards all below
	version   int64      // the last one given out, to any document
	documents map[string]document
	logs      map[string]*memoryLog
}

type document struct {
	value   []byte
	version int64
}

type memoryLog struct {
	epoch   int64
	entries [][]byte
}

var _ Journal = (*Memory)(nil)

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{documents: map[string]document{}, logs: map[string]*memoryLog{}}
}

// Get implements [Journal].
func (m *Memory) Get(ctx context.Context, key string) ([]byte, int64, error) {
	if err := contract.Ready(ctx, key); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.documents[key]
	return bytes.Clone(d.value), d.version, nil
}

// Put implements [Journal].
func (m *Memory) Put(ctx context.Context, key string, value []byte, version int64) (int64, error) {
	if err := contract.Ready(ctx, key, value); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if found := m.documents[key].version; found != version {
		return 0, contract.Conflicted("writing "+key, found, version)
	}
	m.version++
	m.documents[key] = document{contract.Copied(value), m.version}
	return m.version, nil
}

// Delete implements [Journal].
func (m *Memory) Delete(ctx context.Context, key string, version int64) error {
	if err := contract.Ready(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if found := m.documents[key].version; found != version {
		return contract.Conflicted("deleting "+key, found, version)
	}
	delete(m.documents, key)
	return nil
}

// Keys implements [Journal].
func (m *Memory) Keys(ctx context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return withPrefix(m.documents, prefix), ctx.Err()
}

// Claim implements [Journal].
func (m *Memory) Claim(ctx context.Context, log string) (int64, error) {
	if err := contract.Ready(ctx, log); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.log(log)
	l.epoch++
	return l.epoch, nil
}

// Create implements [Journal].
func (m *Memory) Create(ctx context.Context, log string, entries ...[]byte) (int64, error) {
	if err := contract.ReadyToCreate(ctx, log, entries); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.log(log)
	if len(l.entries) > 0 {
		return 0, contract.Existing(log, int64(len(l.entries)))
	}
	l.epoch++
	l.append(entries)
	return l.epoch, nil
}

// Append implements [Journal].
func (m *Memory) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	if err := contract.Ready(ctx, log, entries...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := int64(0)
	if l := m.logs[log]; l != nil {
		found = l.epoch
	}
	if found != epoch {
		return contract.FencedOff(log, found, epoch)
	}
	if len(entries) == 0 {
		return nil
	}
	m.log(log).append(entries)
	return nil
}

func (l *memoryLog) append(entries [][]byte) {
	for _, entry := range entries {
		l.entries = append(l.entries, contract.Copied(entry))
	}
}

// log is the named log, made if need be. The caller holds mu.
func (m *Memory) log(name string) *memoryLog {
	l := m.logs[name]
	if l == nil {
		l = &memoryLog{}
		m.logs[name] = l
	}
	return l
}

// Read implements [Journal].
func (m *Memory) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := contract.Ready(ctx, log); err != nil {
			yield(nil, err)
			return
		}
		for _, entry := range m.entriesAfter(log, after) {
			if !yield(bytes.Clone(entry), nil) {
				return
			}
		}
	}
}

func (m *Memory) entriesAfter(log string, after int64) [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logs[log]
	if l == nil || after >= int64(len(l.entries)) {
		return nil
	}
	return l.entries[max(after, 0):]
}

// Logs implements [Journal].
func (m *Memory) Logs(ctx context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return withPrefix(m.logs, prefix), ctx.Err()
}

// Close does nothing: see [Memory].
func (m *Memory) Close() error { return nil }

func withPrefix[V any](m map[string]V, prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool {
		return !strings.HasPrefix(name, prefix)
	})
}
