package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// The misuses of an Entry.
var (
	errClosed   = errors.New("the journal entry is closed")
	errNoIntent = errors.New("no step was written down that could be completed")
)

// Entry is an operation in progress. Its methods return an error when the store does not take the write; the caller
// then must not mutate. An error that is store.ErrPrecondition says that somebody else began an operation on the same
// target: the lease was lost. It is safe for many goroutines, which take turns step by step.
type Entry struct {
	journal *Journal

	mu     sync.Mutex
	record Record
	etag   string
}

// Begin opens a record for target, in place of the last one. The caller holds the target's lease, and has looked at Last.
func (j *Journal) Begin(ctx context.Context, target, operation string, intent any) (*Entry, error) {
	raw, err := json.Marshal(intent)
	if err != nil {
		return nil, fmt.Errorf("write down what is meant for %s: %w", target, err)
	}
	cond := store.Condition{IfNoneMatch: true}
	kept, err := j.store.Get(ctx, key("journal", target))
	switch {
	case err == nil:
		cond = store.Condition{IfMatch: kept.ETag}
	case !errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("journal of %s: %w", target, err)
	}
	entry := &Entry{journal: j, record: Record{
		Target: target, Operation: operation, Holder: j.holder, Intent: raw, Steps: []Step{}, StartedAt: j.clock.Now().UTC(),
	}}
	return entry, entry.write(ctx, cond, entry.record)
}

// Intend writes down the step that is about to be done.
func (e *Entry) Intend(ctx context.Context, step any) error {
	raw, err := json.Marshal(step)
	if err != nil {
		return fmt.Errorf("write down a step for %s: %w", e.record.Target, err)
	}
	return e.change(ctx, func(record *Record) error {
		record.Steps = append(record.Steps, Step{Intent: raw, At: e.journal.clock.Now().UTC()})
		return nil
	})
}

// Done completes the last step.
func (e *Entry) Done(ctx context.Context, result any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write down the result of a step for %s: %w", e.record.Target, err)
	}
	return e.change(ctx, func(record *Record) error {
		last := len(record.Steps) - 1
		if last < 0 || record.Steps[last].DoneAt != nil {
			return errNoIntent
		}
		now := e.journal.clock.Now().UTC()
		record.Steps[last].Result, record.Steps[last].DoneAt = raw, &now
		return nil
	})
}

// Close ends the record. Pass a context that outlives a cancelled operation (context.WithoutCancel with a deadline):
// a record that stays open reads as an operation that died.
func (e *Entry) Close(ctx context.Context, outcome string) error {
	return e.change(ctx, func(record *Record) error {
		now := e.journal.clock.Now().UTC()
		record.Outcome, record.EndedAt = outcome, &now
		return nil
	})
}

// change writes the record as edit leaves it. What the store does not take is not remembered either.
func (e *Entry) change(ctx context.Context, edit func(*Record) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.record.EndedAt != nil {
		return errClosed
	}
	next := e.record
	next.Steps = append([]Step(nil), e.record.Steps...)
	if err := edit(&next); err != nil {
		return fmt.Errorf("journal of %s: %w", e.record.Target, err)
	}
	return e.write(ctx, store.Condition{IfMatch: e.etag}, next)
}

func (e *Entry) write(ctx context.Context, cond store.Condition, next Record) error {
	data, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("journal of %s: %w", next.Target, err)
	}
	etag, err := put(ctx, e.journal.store, key("journal", next.Target), data, cond)
	if err != nil {
		return fmt.Errorf("journal of %s: %w", next.Target, err)
	}
	e.record, e.etag = next, etag
	return nil
}

// put writes data under a condition. A write whose answer was lost on the way is tried again below us and then meets
// itself: what is kept being what was to be written, it was taken.
func put(ctx context.Context, s store.Store, key string, data []byte, cond store.Condition) (string, error) {
	etag, err := s.Put(ctx, key, data, cond)
	if !errors.Is(err, store.ErrPrecondition) {
		return etag, err
	}
	kept, readErr := s.Get(ctx, key)
	if readErr == nil && bytes.Equal(kept.Data, data) {
		return kept.ETag, nil
	}
	return "", err
}

// Last returns the last record of target; ok is false when there is none.
func (j *Journal) Last(ctx context.Context, target string) (record Record, ok bool, err error) {
	kept, err := j.store.Get(ctx, key("journal", target))
	if errors.Is(err, store.ErrNotFound) {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("journal of %s: %w", target, err)
	}
	if err := json.Unmarshal(kept.Data, &record); err != nil {
		return Record{}, false, &CorruptError{URI: j.store.URI(kept.Key), Err: err}
	}
	return record, true, nil
}

// CorruptError says that a record or lease cannot be read: it was edited or damaged, for every write is whole.
type CorruptError struct {
	URI string
	Err error
}

// Error names the object.
func (e *CorruptError) Error() string { return fmt.Sprintf("%s cannot be read: %v", e.URI, e.Err) }

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }
