package traffic

import (
	"context"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
)

// tellLimit bounds one event: a sink that hangs must not hold up a switch.
const tellLimit = 10 * time.Second

// finish completes the outcome with status. It may be called once more with a later status.
func (s *shift) finish(status Status) Outcome {
	s.outcome.Status = status
	s.outcome.Duration = s.Clock.Now().Sub(s.outcome.StartedAt)
	s.outcome.Live, s.outcome.Unknown = map[string]Weights{}, nil
	for _, lane := range s.lanes {
		if lane.uncertain {
			s.outcome.Unknown = append(s.outcome.Unknown, lane.Key)
			continue
		}
		s.outcome.Live[lane.Key] = lane.known.Weights
	}
	return s.outcome
}

func (s *shift) warn(err error) {
	s.Log.Warn(err.Error(), "switch", s.Subject)
	s.outcome.Warnings = append(s.outcome.Warnings, err)
}

// note adds a line to the timeline and to the log.
func (s *shift) note(stage Stage, lane *lane, what string) {
	moment := Moment{At: s.Clock.Now(), Stage: stage, What: what}
	if lane != nil {
		moment.Route, moment.Weights = lane.Key, lane.known.Weights
	}
	s.outcome.Timeline = append(s.outcome.Timeline, moment)
	s.Log.Info(what, "switch", s.Subject, "stage", stage.String(), "route", moment.Route)
}

// noteRound adds a round of checks to the timeline. One that says what the last one said lengthens its line, so that a long
// bake stays a short timeline.
func (s *shift) noteRound(stage Stage, began time.Time, result gate.Result) {
	what, failed, now := "checks "+string(result.Verdict), result.Blocking(), s.Clock.Now()
	s.Log.Info(what, "switch", s.Subject, "stage", stage.String(), "failed", failed)
	if last := len(s.outcome.Timeline) - 1; last >= 0 {
		line := &s.outcome.Timeline[last]
		if line.Rounds > 0 && line.Stage == stage && line.Verdict == result.Verdict && slices.Equal(line.Failed, failed) {
			line.Rounds, line.Until = line.Rounds+1, now
			return
		}
	}
	s.outcome.Timeline = append(s.outcome.Timeline, Moment{At: began, Stage: stage, What: what, Rounds: 1, Until: now, Verdict: result.Verdict, Failed: failed})
}

func duration(d time.Duration) notify.Metric {
	return notify.MetricSwitchDuration.Of(d.Seconds())
}

func recovery(d time.Duration) notify.Metric {
	return notify.MetricSwitchRecoveryDuration.Of(d.Seconds())
}

// tell sends an event, also after ctx has ended. A failure is a warning.
func (s *shift) tell(ctx context.Context, kind notify.Kind, what string, metrics ...notify.Metric) {
	ctx, cancel := s.Clock.WithTimeout(context.WithoutCancel(ctx), tellLimit)
	defer cancel()
	live := map[string]any{}
	for _, lane := range s.lanes {
		live[lane.Key] = map[string]int{string(Blue): lane.known.Weights.Blue, string(Green): lane.known.Weights.Green}
	}
	err := s.Sink.Send(ctx, notify.Event{
		Kind: kind, At: s.Clock.Now(), Subject: clip("Switch of "+s.Subject+" "+what, 100), Labels: s.Labels, Metrics: metrics,
		Detail: map[string]any{"to": string(s.To), "what": what, "live": live, "seconds": s.Clock.Now().Sub(s.outcome.StartedAt).Seconds()},
	})
	if err != nil {
		s.warn(err)
	}
}

// clip shortens a text to n characters.
func clip(text string, n int) string {
	const more = "..."
	if characters := []rune(text); len(characters) > n {
		return string(characters[:n-len(more)]) + more
	}
	return text
}
