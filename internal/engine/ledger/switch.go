package ledger

import (
	"context"
	"errors"
	"fmt"
)

// SwitchFailed is Close as Failed by a switch. It says of the release only that traffic did not get there: a later switch
// that comes to its end takes it back (SwitchSucceeded), unless a gate had found the release to have failed.
func (l *Ledger) SwitchFailed(ctx context.Context, id, reason string) error {
	return l.switched(ctx, id, func(d *Deployment) bool {
		gate := d.Status == Failed && !d.OnlySwitch
		changed := d.Status != Failed || d.Reason != reason
		d.Status, d.Reason, d.OnlySwitch = Failed, reason, !gate
		return changed
	})
}

// SwitchSucceeded closes a deployment as Succeeded that nobody has judged, or that failed by an earlier switch only.
func (l *Ledger) SwitchSucceeded(ctx context.Context, id, reason string) error {
	return l.switchEnded(ctx, id, reason, func(d *Deployment) bool { return d.Status == Open || d.OnlySwitch })
}

// SwitchArrived is SwitchSucceeded of a switch that found traffic where it should be. That judges nothing, but takes back that
// an earlier switch failed. A deployment that the ledger does not have is no error.
func (l *Ledger) SwitchArrived(ctx context.Context, id, reason string) error {
	err := l.switchEnded(ctx, id, reason, func(d *Deployment) bool { return d.OnlySwitch })
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	return err
}

// switchEnded closes a deployment that it concerns as Succeeded.
func (l *Ledger) switchEnded(ctx context.Context, id, reason string, concerns func(*Deployment) bool) error {
	return l.switched(ctx, id, func(d *Deployment) bool {
		if !concerns(d) {
			return false
		}
		d.Status, d.Reason, d.OnlySwitch = Succeeded, reason, false
		return true
	})
}

// switched edits a deployment that is neither rolled back nor abandoned. ErrUnknown when nothing opened id.
func (l *Ledger) switched(ctx context.Context, id string, edit func(*Deployment) bool) error {
	name, version, err := split(id)
	if err != nil {
		return err
	}
	unknown := false
	err = l.change(ctx, name, func(h *History) bool {
		d := h.find(version)
		unknown = d == nil
		if unknown || d.Status == RolledBack || d.Status == Abandoned || !edit(d) {
			return false
		}
		now := l.clock.Now().UTC()
		d.EndedAt = &now
		if d.Status == Succeeded {
			h.release(d.Release)
		}
		return true
	})
	if err == nil && unknown {
		err = fmt.Errorf("close deployment %s: %w", id, ErrUnknown)
	}
	return err
}
