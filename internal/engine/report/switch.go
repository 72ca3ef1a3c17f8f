package report

import (
	"encoding/json"
	"time"
)

// SwitchVersion is the version of the Switch document, raised as HealthVersion is.
const SwitchVersion = 1

// Switch is what became of a switch of traffic. It holds no secret: no header value, no body.
type Switch struct {
	Version    int    `json:"version"`
	Kind       string `json:"kind"`   // "switch"
	Status     string `json:"status"` // "steady", "reverted", "held", "interrupted"; "not_begun" where nothing could be moved
	Moved      bool   `json:"moved"`
	Deployment string `json:"deployment_id,omitempty"`
	Reason     string `json:"reason,omitempty"` // why it failed
	Traffic
	// RecoveryMS is the time from the failure until traffic was back; null where it never was, or did not have to be.
	RecoveryMS       *int64 `json:"recovery_ms"`
	RecoveryBudgetMS int64  `json:"recovery_budget_ms"`
	// Failed is the evidence of the round of checks that ended the switch.
	Failed *Health `json:"failed_checks,omitempty"`
}

// Traffic is where the traffic was while it was switched.
type Traffic struct {
	To         string           `json:"to"`
	StartedAt  time.Time        `json:"started_at"`
	DurationMS int64            `json:"duration_ms"`
	Routes     map[string]Route `json:"routes"`
	Moments    []Moment         `json:"moments"` // in order
}

// Route is one lever of a switch.
type Route struct {
	Name   string `json:"name,omitempty"` // for people: "route53 www.example.com A in Z0123"
	Before Share  `json:"before"`
	// Live is what is live at the end; null where it is not known.
	Live *Share `json:"live"`
}

// Share is the share of the colours, in percent.
type Share struct {
	Blue  int `json:"blue"`
	Green int `json:"green"`
}

// Moment is a change of one route that AWS accepted, or rounds of checks that came to one verdict one after another.
type Moment struct {
	At      time.Time  `json:"at"`
	Stage   string     `json:"stage"` // "before", "step", "bake", "revert", "promotion"
	What    string     `json:"what,omitempty"`
	Route   string     `json:"route,omitempty"`
	Share   *Share     `json:"share,omitempty"`
	Rounds  int        `json:"rounds,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Verdict string     `json:"verdict,omitempty"`
	Failed  []string   `json:"failed,omitempty"`
}

// SwitchFormats are what a Switch document can be written as; the names are those of the configuration.
var SwitchFormats = map[string]func(Switch) ([]byte, error){
	"json":     Switch.JSON,
	"junit":    Switch.JUnit,
	"markdown": Switch.Markdown,
	"html":     Switch.HTML,
}

// Write puts the document at path in one of SwitchFormats, whole or not at all.
func (s Switch) Write(format, path string) error { return writeAs(SwitchFormats, s, format, path) }

// JSON is the document: indented, keys in order, one line end.
func (s Switch) JSON() ([]byte, error) {
	s.Version, s.Kind = SwitchVersion, "switch"
	if s.Status == "" {
		s.Status = "not_begun"
	}
	if s.Moments == nil {
		s.Moments = []Moment{}
	}
	if s.Failed != nil {
		failed := s.Failed.complete()
		s.Failed = &failed
	}
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

// end is when a moment was over.
func (m Moment) end() time.Time {
	if m.Until != nil {
		return *m.Until
	}
	return m.At
}

func (s Switch) recovery() (time.Duration, bool) {
	if s.RecoveryMS == nil {
		return 0, false
	}
	return time.Duration(*s.RecoveryMS) * time.Millisecond, true
}
