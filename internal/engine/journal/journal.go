// Package journal writes down what is meant before anything is changed, and what came of it afterwards, so that whoever
// comes next after a death half-way knows. A lease keeps two writers off one target.
package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// Journal is kept in a store. One record exists per target: the last operation on it.
type Journal struct {
	store  store.Store
	clock  clock.Clock
	holder string
}

// New returns a journal that signs with holder, which names this process for people ("ci@build-7 pid 4711").
func New(s store.Store, c clock.Clock, holder string) *Journal {
	return &Journal{store: s, clock: c, holder: holder}
}

// Record is what was meant for one target, and how far it came. An open record (EndedAt nil) without a live lease is
// an operation that died.
type Record struct {
	Target    string          `json:"target"`
	Operation string          `json:"operation"` // "switch", "rollback"
	Holder    string          `json:"holder"`
	Intent    json.RawMessage `json:"intent"` // the operation's own: what it started from and where it goes
	Steps     []Step          `json:"steps"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
}

// Step is one mutation: written before it, and completed after it.
type Step struct {
	Intent json.RawMessage `json:"intent"`
	At     time.Time       `json:"at"`
	Result json.RawMessage `json:"result,omitempty"`
	DoneAt *time.Time      `json:"done_at,omitempty"`
}

// HeldError says who holds the lease on a target.
type HeldError struct {
	Target  string
	Holder  string
	Expires time.Time
}

// Error names holder and expiry.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is held by %s until %s", e.Target, e.Holder, e.Expires.UTC().Format(time.RFC3339))
}

// key returns where something about target is kept. The readable part is for people; the hash keeps apart what escaping
// makes alike, and whatever target holds, the key stays inside its folder.
func key(folder, target string) string {
	const readable = 80
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '=':
			return r
		default:
			return '_'
		}
	}, target)
	if len(name) > readable {
		name = name[:readable]
	}
	sum := sha256.Sum256([]byte(target))
	return folder + "/" + name + "-" + hex.EncodeToString(sum[:8]) + ".json"
}
