package snapshot

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// maxPart is the largest part that is read: far more than a service writes, and less than what a hostile file could
// unpack to.
const maxPart = 64 << 20

func folder(name string) string { return "deployments/" + name + "/" }

func manifestKey(name string, version int) string {
	return fmt.Sprintf("%s%06d/manifest.json", folder(name), version)
}

func partKey(m Manifest, sum string) string {
	return folder(m.Name) + "parts/" + m.Capture + "/" + sum + ".gz"
}

// Load returns a snapshot after verifying its digest: store.ErrNotFound when it is not kept, a *CorruptError when it is
// not what was written.
func Load(ctx context.Context, s store.Store, name string, version int) (Manifest, error) {
	if err := CheckName(name); err != nil {
		return Manifest{}, err
	}
	kept, err := s.Get(ctx, manifestKey(name, version))
	if err != nil {
		return Manifest{}, fmt.Errorf("snapshot %s: %w", FormatID(name, version), err)
	}
	return decode(kept.Data, s.URI(kept.Key), name, version)
}

// Versions returns the versions of name that are kept, ascending.
func Versions(ctx context.Context, s store.Store, name string) ([]int, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	keys, err := s.List(ctx, folder(name))
	if err != nil {
		return nil, fmt.Errorf("list the snapshots of %s: %w", name, err)
	}
	var versions []int
	for _, key := range keys {
		digits, rest, _ := strings.Cut(strings.TrimPrefix(key, folder(name)), "/")
		version, err := strconv.Atoi(digits)
		if err == nil && rest == "manifest.json" && key == manifestKey(name, version) {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// Item returns one captured target as its service takes it. Its parts are read when the service asks for them, and each is
// verified then.
func (m Manifest) Item(_ context.Context, s store.Store, name string) (service.Item, error) {
	kept, ok := m.Items[name]
	if !ok {
		return service.Item{}, fmt.Errorf("snapshot %s has no target %q: %w", m.ID(), name, store.ErrNotFound)
	}
	item := service.Item{
		Service: kept.Spec.Kind, Target: kept.Target, Summary: kept.Summary, Objects: kept.Objects, Bytes: kept.Bytes, State: kept.State, Warnings: kept.Warnings,
	}
	if len(kept.Parts) > 0 {
		item.Parts = keptParts{m, s, kept.Parts}
	}
	return item, nil
}

// keptParts are the parts of a target in the store.
type keptParts struct {
	manifest Manifest
	store    store.Store
	sums     []string
}

// Len is how many there are.
func (p keptParts) Len() int { return len(p.sums) }

// Part reads a part; a *CorruptError says that it is not what was written.
func (p keptParts) Part(ctx context.Context, i int) ([]byte, error) {
	return p.manifest.part(ctx, p.store, p.sums[i])
}

func (m Manifest) part(ctx context.Context, s store.Store, sum string) ([]byte, error) {
	key := partKey(m, sum)
	packed, err := s.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &CorruptError{URI: s.URI(key), Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("read a part of snapshot %s: %w", m.ID(), err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed.Data))
	if err != nil {
		return nil, &CorruptError{URI: s.URI(key), Err: err}
	}
	part, err := io.ReadAll(io.LimitReader(reader, maxPart+1))
	if err = errors.Join(err, reader.Close()); err != nil {
		return nil, &CorruptError{URI: s.URI(key), Err: err}
	}
	if found := digest(part); found != sum {
		return nil, &CorruptError{URI: s.URI(key), Expected: sum, Found: found}
	}
	return part, nil
}

// Retention says which snapshots stay. Both rules protect: one goes only when neither keeps it.
type Retention struct {
	KeepLast int           // at least 1
	KeepFor  time.Duration // zero: age keeps nothing
	// Protected versions stay whatever their age.
	Protected []int
}

// Prune removes what retention does not keep and returns the versions that it removed. It removes the manifest first: a
// removal that ends half-way leaves parts without a manifest, never a manifest without its parts.
func Prune(ctx context.Context, s store.Store, name string, retention Retention, now time.Time) ([]int, error) {
	versions, err := Versions(ctx, s, name)
	if err != nil {
		return nil, err
	}
	var removed []int
	for _, version := range versions[:max(0, len(versions)-max(1, retention.KeepLast))] {
		if slices.Contains(retention.Protected, version) {
			continue
		}
		m, err := Load(ctx, s, name, version)
		var corrupt *CorruptError
		switch {
		case errors.Is(err, store.ErrNotFound), errors.As(err, &corrupt): // gone, or evidence that a person should see
			continue
		case err != nil:
			return removed, err
		case retention.KeepFor > 0 && now.Sub(m.CapturedAt) < retention.KeepFor:
			continue
		}
		if err := remove(ctx, s, m); err != nil {
			return removed, err
		}
		removed = append(removed, version)
	}
	return removed, nil
}

func remove(ctx context.Context, s store.Store, m Manifest) error {
	if err := s.Delete(ctx, manifestKey(m.Name, m.Version), store.Condition{}); err != nil {
		return fmt.Errorf("remove snapshot %s: %w", m.ID(), err)
	}
	for _, item := range m.Items {
		for _, sum := range item.Parts {
			if err := s.Delete(ctx, partKey(m, sum), store.Condition{}); err != nil {
				return fmt.Errorf("remove a part of snapshot %s: %w", m.ID(), err)
			}
		}
	}
	return nil
}
