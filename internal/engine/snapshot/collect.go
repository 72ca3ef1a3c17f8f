package snapshot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// captureTime begins the id of a capture, so that whoever finds its parts knows how old they are.
const captureTime = "20060102T150405Z"

// captureID is unlike any other capture's.
func captureID(now time.Time) string { return now.UTC().Format(captureTime) + "-" + rand.Text() }

// SafeAge is how old the parts of a capture have to be before Collect believes that nobody works on it any more: far longer
// than a capture takes, and than the clocks of two machines differ.
const SafeAge = 48 * time.Hour

// Collect removes the parts of captures of name that no manifest refers to and that were begun more than SafeAge before
// now: captures that died before they wrote their manifest. It returns how many parts it removed. It removes nothing while a
// manifest of name cannot be read, because that manifest's parts would look like nobody's.
func Collect(ctx context.Context, s store.Store, name string, now time.Time) (removed int, err error) {
	if err := CheckName(name); err != nil {
		return 0, err
	}
	keys, err := s.List(ctx, folder(name)+"parts/")
	if err != nil {
		return 0, fmt.Errorf("list the parts of the snapshots of %s: %w", name, err)
	}
	old := map[string][]string{}
	for _, key := range keys {
		capture, _, _ := strings.Cut(strings.TrimPrefix(key, folder(name)+"parts/"), "/")
		stamp, _, _ := strings.Cut(capture, "-")
		if begun, err := time.Parse(captureTime, stamp); err == nil && now.Sub(begun) > SafeAge {
			old[capture] = append(old[capture], key)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	versions, err := Versions(ctx, s, name)
	if err != nil {
		return 0, err
	}
	for _, version := range versions {
		m, err := Load(ctx, s, name, version)
		if errors.Is(err, store.ErrNotFound) { // removed since it was listed
			continue
		}
		if err != nil {
			return 0, err
		}
		delete(old, m.Capture)
	}
	for _, orphans := range old {
		for _, key := range orphans {
			if err := s.Delete(ctx, key, store.Condition{}); err != nil {
				return removed, fmt.Errorf("remove a part that no snapshot of %s refers to: %w", name, err)
			}
			removed++
		}
	}
	return removed, nil
}
