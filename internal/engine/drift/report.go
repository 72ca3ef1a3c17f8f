package drift

import (
	"encoding/json"
	"errors"
	"time"
)

// reportVersion is the version of the report's schema; it changes only when a reader of an older one would break.
const reportVersion = 1

type report struct {
	Version         int                  `json:"version"`
	Summary         summary              `json:"summary"`
	Items           []Item               `json:"items"`
	Unverified      []UnverifiedResource `json:"unverified"`
	Skipped         map[string]Skipped   `json:"skipped"`
	Ignored         int                  `json:"ignored"`
	StateSerial     int64                `json:"state_serial"`
	StateLineage    string               `json:"state_lineage"`
	CoveragePercent float64              `json:"coverage_percent"`
	Excluded        map[string]int       `json:"excluded,omitempty"`
	Run             *run                 `json:"run,omitempty"`
}

type summary struct {
	Total      int `json:"total"`
	Critical   int `json:"critical"`
	Major      int `json:"major"`
	Minor      int `json:"minor"`
	Unverified int `json:"unverified"`
	Checked    int `json:"checked"`
	Managed    int `json:"managed"`
	Unmanaged  int `json:"unmanaged"`
	// MonthlyCostDelta is in US dollars; null where no price is known. CostComplete says that it covers every item.
	MonthlyCostDelta *float64 `json:"monthly_cost_delta"`
	CostComplete     bool     `json:"cost_complete"`
}

// run is what differs from one look to the next even when nothing in the world did.
type run struct {
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	APICalls   int64     `json:"api_calls"`
}

// JSON is the result as JSON, schema version 1. The same world gives the same text, so that whatever uses it does not
// change at every look; withRun adds when and how long. Sensitive values are Hidden.
func (r *Result) JSON(withRun bool) ([]byte, error) {
	document := report{
		Version: reportVersion,
		Summary: summary{
			Total: len(r.Items), Critical: r.Count(Critical), Major: r.Count(Major), Minor: r.Count(Minor),
			Unverified: len(r.Unverified), Checked: r.Checked, Managed: r.Managed,
			Unmanaged: r.Unmanaged, MonthlyCostDelta: r.MonthlyCostDelta, CostComplete: r.CostComplete,
		},
		Items: r.Items, Unverified: r.Unverified, Skipped: r.Skipped, Ignored: r.Ignored,
		StateSerial: r.Serial, StateLineage: r.Lineage, CoveragePercent: r.CoveragePercent(), Excluded: r.Excluded,
	}
	if document.Items == nil {
		document.Items = []Item{}
	}
	if document.Unverified == nil {
		document.Unverified = []UnverifiedResource{}
	}
	if withRun {
		document.Run = &run{StartedAt: r.Started.UTC(), DurationMS: r.Duration.Milliseconds(), APICalls: r.Calls}
	}
	return json.MarshalIndent(document, "", "  ")
}

// ErrNotReport: what was handed over is no report of this version.
var ErrNotReport = errors.New("this is no drift report of version 1")

// ParseReport reads what JSON wrote, for whoever tells of a look that is over. Without a run in it, Started and Duration are
// zero. The error is ErrNotReport.
func ParseReport(text string) (*Result, error) {
	var document report
	if err := json.Unmarshal([]byte(text), &document); err != nil || document.Version != reportVersion {
		return nil, ErrNotReport
	}
	s := document.Summary
	if len(document.Items) != s.Total || len(document.Unverified) != s.Unverified {
		return nil, ErrNotReport
	}
	result := &Result{
		Items: document.Items, Unverified: document.Unverified, Skipped: document.Skipped, Managed: s.Managed, Checked: s.Checked, Unmanaged: s.Unmanaged,
		Excluded: document.Excluded, Ignored: document.Ignored, MonthlyCostDelta: s.MonthlyCostDelta, CostComplete: s.CostComplete,
		Serial: document.StateSerial, Lineage: document.StateLineage,
	}
	if run := document.Run; run != nil {
		result.Started, result.Duration, result.Calls = run.StartedAt, time.Duration(run.DurationMS)*time.Millisecond, run.APICalls
	}
	return result, nil
}
