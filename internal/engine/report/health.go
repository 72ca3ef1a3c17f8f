package report

import (
	"encoding/json"
	"time"
)

// HealthVersion is the version of the Health document. It is raised when a field changes its meaning or goes away; new
// fields may come at any time.
const HealthVersion = 1

// Health is what a gate found. It holds no secret: no header value, no body.
type Health struct {
	Version    int              `json:"version"`
	Kind       string           `json:"kind"` // "health"
	Verdict    string           `json:"verdict"`
	Healthy    bool             `json:"healthy"`
	StartedAt  time.Time        `json:"started_at"`
	DurationMS int64            `json:"duration_ms"`
	Deployment string           `json:"deployment_id,omitempty"`
	Checks     map[string]Check `json:"checks"`
}

// Check is how one check ended.
type Check struct {
	Kind      string    `json:"kind"`
	Status    string    `json:"status"`
	Reason    string    `json:"reason,omitempty"`
	Advisory  bool      `json:"advisory"`
	Excused   bool      `json:"excused,omitempty"` // inconclusive, and on_inconclusive lets that pass
	LatencyMS int64     `json:"latency_ms"`
	Attempts  []Attempt `json:"attempts"`
}

// Attempt is one attempt.
type Attempt struct {
	StartedAt time.Time         `json:"started_at"`
	Status    string            `json:"status"`
	Reason    string            `json:"reason,omitempty"`
	LatencyMS int64             `json:"latency_ms"`
	Values    map[string]string `json:"values,omitempty"`
}

// JSON is the document: indented, keys in order, one line end.
func (h Health) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(h.complete(), "", "  ")
	return append(data, '\n'), err
}

// complete is the document with all that its schema asks for.
func (h Health) complete() Health {
	h.Version, h.Kind = HealthVersion, "health"
	checks := make(map[string]Check, len(h.Checks))
	for name, check := range h.Checks {
		if check.Attempts == nil {
			check.Attempts = []Attempt{}
		}
		checks[name] = check
	}
	h.Checks = checks
	return h
}
