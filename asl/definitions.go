package asl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// define stores a definition, once for all executions that are started with it.
// Executions that begin at the same time wait for the same write.
func (e *Engine) define(ctx context.Context, m *Machine) error {
	if e.knows(m.hash) {
		return nil
	}
	_, err, _ := e.defining.Do(m.hash, func() (any, error) {
		return nil, e.storeDefinition(context.WithoutCancel(ctx), definitionPrefix+m.hash, m.compact)
	})
	if err != nil {
		return fmt.Errorf("storing the definition %s: %w", m.hash, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.defined[m.hash] = true
	return nil
}

func (e *Engine) knows(hash string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.defined[hash]
}

// storeDefinition writes a log of one entry. Where two engines do so at once
// there may be two, which say the same: the first one counts.
func (e *Engine) storeDefinition(ctx context.Context, log string, definition []byte) error {
	_, err := newLog(ctx, e.store, log, definition)
	switch {
	case errors.Is(err, ErrExists):
		return nil
	case fenced(err):
		return e.storeDefinition(ctx, log, definition)
	}
	return err
}

// Definition is the text without blanks of a definition that executions in the
// store were started with, by its hash.
func (e *Engine) Definition(ctx context.Context, hash string) (json.RawMessage, error) {
	for definition, err := range e.store.Read(ctx, definitionPrefix+hash, 0) {
		if err == nil && hashOf(definition) != hash {
			err = fmt.Errorf("what is stored has the hash %s", hashOf(definition))
		}
		if err != nil {
			return nil, fmt.Errorf("reading the definition %s: %w", hash, err)
		}
		return definition, nil
	}
	return nil, fmt.Errorf("reading the definition %s: %w", hash, errors.New("it is not in the store"))
}

func hashOf(definition []byte) string {
	sum := sha256.Sum256(definition)
	return hex.EncodeToString(sum[:])
}
