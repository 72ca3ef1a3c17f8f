package snapshot

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

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
	// After is a version that is taken already, whether its manifest is kept or not: the new one is higher.
	After int
}

// parallel is how many targets are captured at a time.
const parallel = 8

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
		AccountID: request.AccountID, Region: request.Region, Capture: rand.Text(),
	}
	captured, err := captureAll(ctx, request.Targets)
	if err != nil {
		return Manifest{}, err
	}
	m.Items = make(map[string]Item, len(captured))
	for name, item := range captured {
		kept := Item{
			Spec: request.Targets[name].Spec, Target: item.Target, Summary: item.Summary, Objects: item.Objects, Bytes: item.Bytes,
			State: item.State, Warnings: item.Warnings,
		}
		for _, part := range item.Parts {
			sum, err := putPart(ctx, request.Store, m, part)
			if err != nil {
				return Manifest{}, err
			}
			kept.Parts = append(kept.Parts, sum)
		}
		m.Items[name] = kept
	}
	return commit(ctx, request.Store, m, request.After)
}

func captureAll(ctx context.Context, targets map[string]Target) (map[string]service.Item, error) {
	var mu sync.Mutex
	items, failed := map[string]service.Item{}, CaptureError{}
	var group errgroup.Group
	group.SetLimit(parallel)
	for name, target := range targets {
		group.Go(func() error {
			item, err := target.Service.Capture(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[name] = err
			} else {
				items[name] = item
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if len(failed) > 0 {
		return nil, failed
	}
	return items, nil
}

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
