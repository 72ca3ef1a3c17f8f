package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Drift is what a look for drift found. Its JSON form is the documented one, version 1 (drift.schema.json); ParseDrift reads it.
type Drift struct {
	Version         int                     `json:"version"`
	Summary         DriftSummary            `json:"summary"`
	Items           []DriftItem             `json:"items"`
	Unverified      []DriftUnverified       `json:"unverified"`
	Skipped         map[string]DriftSkipped `json:"skipped"`
	Ignored         int                     `json:"ignored"`
	StateSerial     int64                   `json:"state_serial"`
	CoveragePercent float64                 `json:"coverage_percent"`
	Run             *DriftRun               `json:"run,omitempty"`

	// Locate tells where an attribute of a resource is written in the configuration, by the resource's address and the attribute's
	// path; nil where nobody knows. It is not in the JSON form, which says what is in the world and not in which line.
	Locate func(address, attribute string) (place Place, ok bool) `json:"-"`

	text []byte
}

// DriftSummary counts.
type DriftSummary struct {
	Total            int      `json:"total"`
	Critical         int      `json:"critical"`
	Major            int      `json:"major"`
	Minor            int      `json:"minor"`
	Unverified       int      `json:"unverified"`
	Checked          int      `json:"checked"`
	Managed          int      `json:"managed"`
	Unmanaged        int      `json:"unmanaged"`
	MonthlyCostDelta *float64 `json:"monthly_cost_delta"`
	CostComplete     bool     `json:"cost_complete"`
}

// DriftItem is one resource that differs.
type DriftItem struct {
	Address          string        `json:"address"`
	Type             string        `json:"type"`
	ID               string        `json:"id"`
	Region           string        `json:"region"`
	Kind             string        `json:"kind"`
	Category         string        `json:"category"`
	Reason           string        `json:"reason"`
	Changes          []DriftChange `json:"changes"`
	MonthlyCostDelta *float64      `json:"monthly_cost_delta"`
	CostBasis        string        `json:"cost_basis"`
	ChangedBy        *struct {
		Who   string    `json:"who"`
		At    time.Time `json:"at"`
		Event string    `json:"event"`
		From  string    `json:"from"`
		Note  string    `json:"note"`
	} `json:"changed_by"`
	Remediation    []string `json:"remediation"`
	Reconciliation []string `json:"reconciliation"`
	Configuration  string   `json:"configuration"`
}

// DriftChange is one difference.
type DriftChange struct {
	Path     string  `json:"path"`
	Expected *string `json:"expected"`
	Actual   *string `json:"actual"`
	Category string  `json:"category"`
	Reason   string  `json:"reason"`
}

// DriftUnverified is a resource that could not be read.
type DriftUnverified struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Region  string `json:"region"`
	Reason  string `json:"reason"`
}

// DriftSkipped is what was not looked at.
type DriftSkipped struct {
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// DriftRun is when, and how long it took.
type DriftRun struct {
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	APICalls   int64     `json:"api_calls"`
}

// ParseDrift reads the JSON form.
func ParseDrift(text []byte) (Drift, error) {
	drift := Drift{text: text}
	if err := json.Unmarshal(text, &drift); err != nil {
		return Drift{}, fmt.Errorf("report: %w", err)
	}
	return drift, nil
}

// DriftFormats are what a Drift document can be written as; the names are those of the configuration.
var DriftFormats = map[string]func(Drift) ([]byte, error){
	"json":     func(d Drift) ([]byte, error) { return append(slices.Clip(d.text), '\n'), nil },
	"sarif":    Drift.SARIF,
	"junit":    Drift.JUnit,
	"markdown": Drift.Markdown,
	"html":     Drift.HTML,
}

// Write puts the document at path in one of DriftFormats, whole or not at all.
func (d Drift) Write(format, path string) error { return writeAs(DriftFormats, d, format, path) }

// headline says it in one line.
func (d Drift) headline() string {
	if d.Summary.Total == 0 && d.Summary.Unverified == 0 {
		return "No drift"
	}
	parts := []string{}
	for _, c := range []struct {
		count int
		name  string
	}{{d.Summary.Critical, "critical"}, {d.Summary.Major, "major"}, {d.Summary.Minor, "minor"}, {d.Summary.Unverified, "unverified"}} {
		if c.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.count, c.name))
		}
	}
	return "Drift: " + strings.Join(parts, ", ")
}

// coverage says what was looked at.
func (d Drift) coverage() string {
	compared := fmt.Sprintf("%d of %d resources compared", d.Summary.Checked, d.Summary.Managed)
	if d.Summary.Unmanaged > 0 {
		compared += fmt.Sprintf(", %d that nothing manages", d.Summary.Unmanaged)
	}
	text := fmt.Sprintf("%s (%.1f %%)", compared, d.CoveragePercent)
	if d.Run != nil {
		text += fmt.Sprintf(", %d AWS calls in %s, started %s", d.Run.APICalls, time.Duration(d.Run.DurationMS)*time.Millisecond, d.Run.StartedAt.UTC().Format(time.RFC3339))
	}
	return text
}

// cost says what it costs, or "".
func (d Drift) cost() string {
	if d.Summary.MonthlyCostDelta == nil || d.Summary.Total == 0 {
		return ""
	}
	text := fmt.Sprintf("%+.2f USD a month", *d.Summary.MonthlyCostDelta)
	if !d.Summary.CostComplete {
		text += ", as far as prices are known"
	}
	return text
}

// value writes one side of a change.
func value(text *string) string {
	if text == nil {
		return "(absent)"
	}
	return printable(*text)
}

// who says who it was, or "".
func (i DriftItem) who() string {
	switch {
	case i.ChangedBy == nil:
		return ""
	case i.ChangedBy.Who == "":
		return printable(i.ChangedBy.Note)
	}
	return printable(fmt.Sprintf("%s, %s, at %s from %s", i.ChangedBy.Who, i.ChangedBy.Event, i.ChangedBy.At.UTC().Format(time.RFC3339), i.ChangedBy.From))
}

// skippedTypes are the types that were not looked at, in order.
func (d Drift) skippedTypes() []string { return slices.Sorted(maps.Keys(d.Skipped)) }
