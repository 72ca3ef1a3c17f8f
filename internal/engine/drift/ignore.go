package drift

import (
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Ignore is drift that somebody decided to live with. Address, Type and Attribute are globs ("*" any run, "?" one
// character), empty for all. Without Attribute it covers the whole resource, its deletion too.
type Ignore struct {
	Address, Type, Attribute string
	Reason                   string
	// Expires is when it no longer counts; zero for never.
	Expires time.Time
}

// Expired tells that it no longer counts.
func (i Ignore) Expired(now time.Time) bool { return !i.Expires.IsZero() && !now.Before(i.Expires) }

func (i Ignore) covers(address live.Address, kind, path string) bool {
	if !matchOrAll(i.Address, string(address)) || !matchOrAll(i.Type, kind) {
		return false
	}
	if i.Attribute == "" {
		return true
	}
	return path != "" && (match(i.Attribute, path) || match(i.Attribute+".*", path))
}

func ignored(ignores []Ignore, address live.Address, kind, path string) bool {
	for _, ignore := range ignores {
		if ignore.covers(address, kind, path) {
			return true
		}
	}
	return false
}
