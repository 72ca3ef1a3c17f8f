package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Traffic is where the traffic of a deployment was while it was switched, for people who look at it later.
type Traffic struct {
	To        string                  `json:"to"` // "blue" or "green"
	StartedAt time.Time               `json:"started_at"`
	EndedAt   time.Time               `json:"ended_at"`
	Routes    map[string]TrafficShare `json:"routes"` // before the switch, by the user's names
	Moments   []TrafficMoment         `json:"moments"`
}

// TrafficShare is the share of the colours, in percent.
type TrafficShare struct {
	Blue  int `json:"blue"`
	Green int `json:"green"`
}

// TrafficMoment is a change of one route, or rounds of checks that came to one verdict.
type TrafficMoment struct {
	At      time.Time     `json:"at"`
	Stage   string        `json:"stage"` // "before", "step", "bake", "revert", "promotion"
	Route   string        `json:"route,omitempty"`
	Share   *TrafficShare `json:"share,omitempty"`
	Rounds  int           `json:"rounds,omitempty"`
	Until   *time.Time    `json:"until,omitempty"`
	Verdict string        `json:"verdict,omitempty"`
	Failed  []string      `json:"failed,omitempty"`
}

// What a ledger keeps of traffic, which is read and written whole with each deployment: of the newest deployments only, and so
// many moments of each.
const (
	trafficKept = 20
	mostMoments = 200
)

// Moved writes down where the traffic of a deployment was while it was switched, in place of an earlier switch. ErrUnknown
// when nothing opened id.
func (l *Ledger) Moved(ctx context.Context, id string, traffic Traffic) error {
	name, version, err := split(id)
	if err != nil {
		return err
	}
	if moments := traffic.Moments; len(moments) > mostMoments { // how it began and how it ended
		traffic.Moments = slices.Concat(moments[:mostMoments/2], moments[len(moments)-mostMoments/2:])
	}
	unknown := false
	err = l.change(ctx, name, func(h *History) bool {
		d := h.find(version)
		unknown = d == nil
		if unknown {
			return false
		}
		d.Traffic = &traffic
		kept := 0
		for i := len(h.Deployments) - 1; i >= 0; i-- {
			if h.Deployments[i].Traffic == nil {
				continue
			}
			if kept++; kept > trafficKept {
				h.Deployments[i].Traffic = nil
			}
		}
		return true
	})
	if err == nil && unknown {
		err = fmt.Errorf("traffic of deployment %s: %w", id, ErrUnknown)
	}
	return err
}
