package report

import (
	"encoding/json"
	"time"
)

// HistoryVersion is the version of the History document, raised as HealthVersion is.
const HistoryVersion = 1

// History is what became of the deployments of a name, oldest first.
type History struct {
	Version     int            `json:"version"`
	Kind        string         `json:"kind"` // "deployments"
	Name        string         `json:"name"`
	GeneratedAt time.Time      `json:"generated_at"`
	Summary     HistorySummary `json:"summary"`
	Deployments []Deployment   `json:"deployments"`
	Quarantine  []Quarantine   `json:"quarantine"`
}

// HistorySummary sums it up; a rate is null where nothing was judged.
type HistorySummary struct {
	Total               int      `json:"total"`
	Judged              int      `json:"judged"`
	SuccessRate         *float64 `json:"success_rate"`
	ChangeFailureRate   *float64 `json:"change_failure_rate"`
	MeanRecoverySeconds *float64 `json:"mean_recovery_seconds"`
}

// Deployment is one line of it.
type Deployment struct {
	ID              string     `json:"id"`
	Version         int        `json:"version"`
	Release         string     `json:"release"`
	Status          string     `json:"status"`
	Reason          string     `json:"reason,omitempty"`
	StartedAt       time.Time  `json:"started_at"`
	EndedAt         *time.Time `json:"ended_at"`
	DurationSeconds *float64   `json:"duration_seconds"`
	Overdue         bool       `json:"overdue"`
	// Held: it had succeeded, and was undone only along with a later one.
	Held                  bool     `json:"held"`
	RestoredFrom          string   `json:"restored_from,omitempty"`
	RecoverySeconds       *float64 `json:"recovery_seconds"`
	RecoveryBudgetSeconds *float64 `json:"recovery_budget_seconds"`
	Traffic               *Traffic `json:"traffic,omitempty"`
}

// Quarantine is a release that must not come again unasked.
type Quarantine struct {
	Release    string    `json:"release"`
	Deployment string    `json:"deployment"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"`
}

// HistoryFormats are what a History document can be written as; the names are those of the configuration.
var HistoryFormats = map[string]func(History) ([]byte, error){
	"json":     History.JSON,
	"junit":    History.JUnit,
	"markdown": History.Markdown,
	"html":     History.HTML,
}

// Write puts the document at path in one of HistoryFormats, whole or not at all.
func (h History) Write(format, path string) error { return writeAs(HistoryFormats, h, format, path) }

// JSON is the document: indented, keys in order, one line end.
func (h History) JSON() ([]byte, error) {
	h.Version, h.Kind = HistoryVersion, "deployments"
	h.Deployments = append([]Deployment{}, h.Deployments...)
	h.Quarantine = append([]Quarantine{}, h.Quarantine...)
	data, err := json.MarshalIndent(h, "", "  ")
	return append(data, '\n'), err
}
