package snapshot

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Target is what to capture.
type Target struct {
	Spec    service.Spec
	Service service.Service
}

// Request says what to capture, and as what.
type Request struct {
	Store     store.Store
	Clock     clock.Clock
	Name      string
	Release   string
	AccountID string
	Region    string
	Targets   map[string]Target // by the user's name
	// KeepFor is how long the snapshot is meant to be kept, for a warning where AWS removes something of it earlier; zero: not
	// said.
	KeepFor time.Duration
	// After is a version that is taken already, whether its manifest is kept or not: the new one is higher.
	After int
}

const (
	// parallel is how many targets are captured at a time.
	parallel = 8
	// tidyTime is how long a capture that failed spends on taking its parts away again.
	tidyTime = 20 * time.Second
)

// CaptureError holds the targets that could not be captured, by the user's name. Then nothing was kept.
type CaptureError map[string]error

// Error lists them in order.
func (e CaptureError) Error() string {
	var lines []string
	for _, name := range e.Names() {
		lines = append(lines, name+": "+e[name].Error())
	}
	return strings.Join(lines, "\n")
}

// Names returns the targets in order.
func (e CaptureError) Names() []string {
	names := make([]string, 0, len(e))
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Unwrap returns the causes.
func (e CaptureError) Unwrap() []error {
	causes := make([]error, 0, len(e))
	for _, name := range e.Names() {
		causes = append(causes, e[name])
	}
	return causes
}

// Capture reads every target and keeps a new manifest. The parts come first and the manifest last, only if nobody kept
// one of that version: a capture that ends half-way left no snapshot. The error is a CaptureError when a target could not
// be captured.
func Capture(ctx context.Context, request Request) (Manifest, error) {
	if err := CheckName(request.Name); err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Schema: schemaVersion, Name: request.Name, Release: request.Release, CapturedAt: request.Clock.Now().UTC(),
		AccountID: request.AccountID, Region: request.Region, Capture: captureID(request.Clock.Now()),
	}
	captured, err := captureAll(ctx, request, m)
	if err != nil {
		return Manifest{}, err
	}
	m.Items = captured
	return commit(ctx, request.Store, m, request.After)
}

// captureAll reads every target and keeps its parts. When one fails, the parts of the others are taken away again; what that
// misses, Collect finds later.
func captureAll(ctx context.Context, request Request, m Manifest) (map[string]Item, error) {
	var mu sync.Mutex
	items, failed := map[string]Item{}, CaptureError{}
	var unkept error
	var group errgroup.Group
	group.SetLimit(parallel)
	for name, target := range request.Targets {
		group.Go(func() error {
			item, err := captureOne(ctx, request, m, target)
			mu.Lock()
			defer mu.Unlock()
			items[name] = item
			var kept *keepError
			switch {
			case errors.As(err, &kept):
				unkept = errors.Join(unkept, kept.err)
			case err != nil:
				failed[name] = err
			}
			return nil
		})
	}
	_ = group.Wait() // every error is its target's
	var err error
	switch {
	case len(failed) > 0:
		err = failed
	case unkept != nil:
		err = unkept
	default:
		return items, nil
	}
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTime)
	defer cancel()
	for _, item := range items {
		for _, sum := range item.Parts {
			_ = request.Store.Delete(final, partKey(m, sum), store.Condition{}) // Collect finds what stays
		}
	}
	return nil, err
}

// keepError is an error of the store, not of the target.
type keepError struct{ err error }

func (e *keepError) Error() string { return e.err.Error() }

func (e *keepError) Unwrap() error { return e.err }

// captureOne keeps each part as soon as it is there, so that memory does not grow with the target. The Item that it returns
// beside an error names the parts that were kept.
func captureOne(ctx context.Context, request Request, m Manifest, target Target) (Item, error) {
	kept := Item{Spec: target.Spec}
	keep := func(ctx context.Context, part []byte) error {
		sum, err := putPart(ctx, request.Store, m, part)
		if err != nil {
			return &keepError{err}
		}
		kept.Parts = append(kept.Parts, sum)
		return nil
	}
	var item service.Item
	var err error
	if bulky, ok := target.Service.(service.Bulky); ok {
		item, err = bulky.CaptureBulk(ctx, keep)
	} else {
		item, err = target.Service.Capture(ctx)
	}
	for i := 0; err == nil && item.Parts != nil && i < item.Parts.Len(); i++ {
		var part []byte
		if part, err = item.Parts.Part(ctx, i); err == nil {
			err = keep(ctx, part)
		}
	}
	if err != nil {
		return kept, err
	}
	kept.Target, kept.Summary, kept.Objects, kept.Bytes, kept.State = item.Target, item.Summary, item.Objects, item.Bytes, item.State
	kept.Warnings = item.Warnings
	if item.Lasts > 0 && item.Lasts < request.KeepFor {
		kept.Warnings = append(kept.Warnings, fmt.Sprintf("%s: what changes can be put back for %s only, and the snapshot is to be kept for %s", item.Target, days(item.Lasts), days(request.KeepFor)))
	}
	return kept, nil
}

func days(d time.Duration) string { return fmt.Sprintf("%d day(s)", int(d.Hours()/24)) }

// commit keeps the manifest under the first free version.
func commit(ctx context.Context, s store.Store, m Manifest, after int) (Manifest, error) {
	versions, err := Versions(ctx, s, m.Name)
	if err != nil {
		return Manifest{}, err
	}
	m.Version = after + 1
	if len(versions) > 0 {
		m.Version = max(m.Version, versions[len(versions)-1]+1)
	}
	for ; ; m.Version++ {
		data, err := m.encode()
		if err != nil {
			return Manifest{}, err
		}
		key := manifestKey(m.Name, m.Version)
		m.URI = s.URI(key)
		_, err = s.Put(ctx, key, data, store.Condition{IfNoneMatch: true})
		if err == nil {
			return m, nil
		}
		if !errors.Is(err, store.ErrPrecondition) {
			return Manifest{}, fmt.Errorf("keep snapshot %s: %w", m.ID(), err)
		}
		// Somebody else has this version; or we have, and the answer was lost below us.
		if kept, err := s.Get(ctx, key); err == nil && bytes.Equal(kept.Data, data) {
			return m, nil
		}
	}
}

// putPart keeps one part under its digest, in the capture's own folder.
func putPart(ctx context.Context, s store.Store, m Manifest, part []byte) (string, error) {
	sum := digest(part)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(part); err != nil {
		return "", err
	}
	if err := writer.Close(); err != nil {
		return "", err
	}
	if _, err := s.Put(ctx, partKey(m, sum), packed.Bytes(), store.Condition{}); err != nil {
		return "", fmt.Errorf("keep a part of the snapshot of %s: %w", m.Name, err)
	}
	return sum, nil
}
