package ledger

import (
	"fmt"
	"slices"
	"time"
)

// Latest returns the newest deployment; ok is false when there is none.
func (h History) Latest() (d Deployment, ok bool) {
	if len(h.Deployments) == 0 {
		return Deployment{}, false
	}
	return h.Deployments[len(h.Deployments)-1], true
}

// LastGood returns the newest deployment that succeeded and was not undone; ok is false when there is none.
func (h History) LastGood() (d Deployment, ok bool) {
	for _, d := range slices.Backward(h.Deployments) {
		if d.Status == Succeeded {
			return d, true
		}
	}
	return Deployment{}, false
}

// Uncommitted returns the latest deployment when it is open or has failed: what a rollback after a failed apply undoes.
// ok is false when the latest one succeeded, was undone or was given up, and when there is none.
func (h History) Uncommitted() (d Deployment, ok bool) {
	d, ok = h.Latest()
	return d, ok && (d.Status == Open || d.Status == Failed)
}

// Get returns one deployment; ok is false when the ledger has none of that version.
func (h History) Get(version int) (d Deployment, ok bool) {
	if found := h.find(version); found != nil {
		return *found, true
	}
	return Deployment{}, false
}

// RestorePoint returns the id of the snapshot that undoes the latest deployment, back to what is known to be good. A
// snapshot is taken before its own release, so that what a good deployment left behind is in the first snapshot after
// it: the first after the newest deployment that succeeded before the latest. Where none did, it is the snapshot before
// the unbroken run of releases that failed, were rolled back or are open. Once the latest was rolled back, it is what that
// was done with, so that asking again changes nothing. The error is ErrNothingGood when there is no deployment at all.
func (h History) RestorePoint() (id string, err error) {
	if len(h.Deployments) == 0 {
		return "", fmt.Errorf("%s has no deployment: %w", h.Name, ErrNothingGood)
	}
	if latest := h.Deployments[len(h.Deployments)-1]; latest.Status == RolledBack && latest.RestoredFrom != "" {
		return latest.RestoredFrom, nil
	}
	earlier := h.Deployments[:len(h.Deployments)-1]
	for _, stop := range []Status{Succeeded, Abandoned} {
		for i, d := range slices.Backward(earlier) {
			if d.Status == stop {
				return h.Deployments[i+1].ID, nil
			}
		}
	}
	return h.Deployments[0].ID, nil
}

// Quarantined tells whether release was rolled back and has not succeeded since.
func (h History) Quarantined(release string) (q Quarantine, yes bool) {
	for _, q := range h.Quarantine {
		if q.Release == release {
			return q, true
		}
	}
	return Quarantine{}, false
}

// Rates sums a history up. A rate is a share between 0 and 1 of the deployments that were judged; Judged 0 means that
// there is none.
//
// They follow https://dora.dev/guides/dora-metrics-four-keys/: the change failure rate is the share of deployments that
// needed intervention, which here is to have failed or to have been rolled back, and the recovery time is what it takes to
// recover from one of those. A deployment that held, and was undone only along with a later one, is no failure.
type Rates struct {
	Judged        int
	Success       float64
	ChangeFailure float64
	// MeanRecovery is of the deployments that failed and were rolled back; one that failed and was followed by a good one
	// without a rollback counts in no mean, because nobody wrote down when it was well again.
	RolledBack   int
	MeanRecovery time.Duration
}

// Rates counts what was judged: open and abandoned deployments say nothing.
func (h History) Rates() Rates {
	var good int
	var rates Rates
	var seconds float64
	for _, d := range h.Deployments {
		switch {
		case d.Status == Succeeded, d.Status == RolledBack && d.Held:
			good++
			rates.Judged++
		case d.Status == Failed:
			rates.Judged++
		case d.Status == RolledBack:
			rates.Judged++
			rates.RolledBack++
			seconds += d.RecoverySeconds
		}
	}
	if rates.Judged > 0 {
		rates.Success = float64(good) / float64(rates.Judged)
		rates.ChangeFailure = float64(rates.Judged-good) / float64(rates.Judged)
	}
	if rates.RolledBack > 0 {
		rates.MeanRecovery = time.Duration(seconds / float64(rates.RolledBack) * float64(time.Second))
	}
	return rates
}

func (h History) find(version int) *Deployment {
	for i := range h.Deployments {
		if h.Deployments[i].Version == version {
			return &h.Deployments[i]
		}
	}
	return nil
}

func (h *History) insert(d Deployment) {
	h.Deployments = append(h.Deployments, d)
	slices.SortStableFunc(h.Deployments, func(a, b Deployment) int { return a.Version - b.Version })
	if over := len(h.Deployments) - maxKept; over > 0 {
		h.Deployments = h.Deployments[over:]
	}
}

func (h *History) quarantine(q Quarantine) {
	if q.Release == "" {
		return
	}
	h.release(q.Release)
	h.Quarantine = append(h.Quarantine, q)
}

// release ends the quarantine of a release.
func (h *History) release(release string) {
	h.Quarantine = slices.DeleteFunc(h.Quarantine, func(q Quarantine) bool { return q.Release == release })
}
