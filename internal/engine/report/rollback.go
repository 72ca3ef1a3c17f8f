package report

import (
	"encoding/json"
	"time"
)

// RollbackVersion is the version of the Rollback document, raised as HealthVersion is.
const RollbackVersion = 1

// Rollback is what a rollback did. It holds no secret.
type Rollback struct {
	Version  int    `json:"version"`
	Kind     string `json:"kind"`   // "rollback"
	Status   string `json:"status"` // "not_needed", "restored", "partial", "failed"
	Snapshot string `json:"snapshot_id"`
	Reason   string `json:"reason,omitempty"`
	// Undone tells that a deployment was rolled back by it: the release that was wanted is not live. Accepted tells that whoever
	// asked for the rollback takes that for a good end (on_complete = "ok", or the action).
	Undone     bool      `json:"undone"`
	Accepted   bool      `json:"accepted"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	// RecoveryMS is the time until every target was read back, and BudgetMS how long that was allowed to take.
	RecoveryMS int64             `json:"recovery_ms"`
	BudgetMS   int64             `json:"recovery_budget_ms"`
	Targets    map[string]Target `json:"targets"`
	// Traffic is where the traffic of the deployment that was rolled back had been; null where the ledger does not say.
	Traffic *Traffic `json:"traffic,omitempty"`
	// Verify is what the checks found once everything was back; null without any.
	Verify *Health `json:"verify"`
}

// Target is what became of one target. The times are from the start of the rollback; null where it did not come to that.
type Target struct {
	Service   string   `json:"service"`
	Status    string   `json:"status"`
	Captured  string   `json:"captured,omitempty"` // what it was like, in a line
	Error     string   `json:"error,omitempty"`
	BegunMS   *int64   `json:"begun_ms"`
	ChangedMS *int64   `json:"changed_ms"`
	CheckedMS *int64   `json:"checked_ms"`
	Things    int      `json:"things"` // how many things were changed
	Changes   []Change `json:"changes"`
	// More is how many changes are left out of a long list.
	More int `json:"changes_left_out,omitempty"`
}

// Change is one change of a target.
type Change struct {
	Action     string `json:"action"`
	Detail     string `json:"detail"`
	Reversible bool   `json:"reversible"`
}

// RollbackFormats are what a Rollback document can be written as; the names are those of the configuration.
var RollbackFormats = map[string]func(Rollback) ([]byte, error){
	"json":     Rollback.JSON,
	"junit":    Rollback.JUnit,
	"markdown": Rollback.Markdown,
	"html":     Rollback.HTML,
}

// Write puts the document at path in one of RollbackFormats, whole or not at all.
func (r Rollback) Write(format, path string) error { return writeAs(RollbackFormats, r, format, path) }

// JSON is the document: indented, keys in order, one line end.
func (r Rollback) JSON() ([]byte, error) {
	r.Version, r.Kind = RollbackVersion, "rollback"
	targets := make(map[string]Target, len(r.Targets))
	for name, target := range r.Targets {
		if target.Changes == nil {
			target.Changes = []Change{}
		}
		targets[name] = target
	}
	r.Targets = targets
	if r.Verify != nil {
		verify := r.Verify.complete()
		r.Verify = &verify
	}
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// things is how many things were changed.
func (r Rollback) things() int {
	n := 0
	for _, target := range r.Targets {
		n += target.Things
	}
	return n
}

func (r Rollback) recovery() time.Duration { return time.Duration(r.RecoveryMS) * time.Millisecond }
func (r Rollback) budget() time.Duration   { return time.Duration(r.BudgetMS) * time.Millisecond }
