package rollback

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// asked is what the user asks for, resolved.
type asked struct {
	restore.Request

	// nothing is why nothing is to be done, in words; then there is no request.
	nothing string
}

// newRequest returns the engine's request for a snapshot as the user names it. ok is false after diags say why there is
// none.
func newRequest(ctx context.Context, data *configured.Data, id, region, reason string, diags *diag.Diagnostics) (a asked, ok bool) {
	opened := targetset.OpenStore(ctx, data, diags)
	if opened == nil {
		return a, false
	}
	name, version, word, err := splitID(id)
	var history ledger.History
	if err == nil {
		history, err = ledger.New(opened, data.Clock).History(ctx, name)
		if err != nil && word == "" {
			history, err = ledger.History{Name: name}, nil // a snapshot that is named needs no ledger
		}
	}
	if err == nil {
		id, a.nothing, err = point(history, name, version, word)
	}
	if err != nil {
		wordPoint(diags, id, err)
		return a, false
	}
	if a.nothing != "" {
		return a, true
	}
	account, here := targetset.Here(ctx, data, region, diags)
	if diags.HasError() {
		return a, false
	}
	a.Request = restore.Request{
		Store: opened, Services: targetset.Services(data), SnapshotID: id, AccountID: account, Region: here, Reason: why(reason, id, history, data.Clock.Now()),
		Clock: data.Clock, Log: configured.Logger(ctx), Sink: data.Sink, Holder: holder(),
	}
	return a, true
}

// point returns the snapshot to go back to, or why there is nothing to do.
func point(history ledger.History, name string, version int, word string) (id, nothing string, err error) {
	if word == "" {
		return snapshot.FormatID(name, version), "", nil
	}
	if _, open := history.Uncommitted(); word == uncommitted && !open {
		nothing = name + " has no deployment"
		if latest, ok := history.Latest(); ok {
			nothing = fmt.Sprintf("the latest deployment %s is %s", latest.ID, latest.Status)
		}
		return "", nothing, nil
	}
	id, err = history.RestorePoint()
	return id, "", err
}

// why is the reason that ledger, journal and notices get.
func why(given, id string, history ledger.History, now time.Time) string {
	latest, ok := history.Latest()
	switch {
	case given != "":
		return given
	case ok && latest.Overdue(now):
		return fmt.Sprintf("deployment %s has been open for %s, longer than its timeout of %s", latest.ID, now.Sub(latest.StartedAt).Round(time.Second),
			time.Duration(latest.TimeoutSeconds*float64(time.Second)))
	case ok && latest.Status == ledger.Failed:
		return fmt.Sprintf("deployment %s failed: %s", latest.ID, latest.Reason)
	default:
		return "rollback to " + id
	}
}

// wordPoint reports that nothing can be gone back to.
func wordPoint(diags *diag.Diagnostics, id string, err error) {
	if !errors.Is(err, ledger.ErrNothingGood) {
		targetset.WordSnapshot(diags, path.Root("snapshot_id"), id, err)
		return
	}
	tfdiag.ErrorAt(diags, path.Root("snapshot_id"), tfdiag.Message{
		Summary: "There is no last good state to go back to", Happened: id, Err: err, Live: "nothing was changed.",
		Next: "check the name and the store of the provider block: no snapshot of that name was ever taken there.",
	})
}

// wordRefusal reports why a rollback or a preview did not begin.
func wordRefusal(diags *diag.Diagnostics, id string, err error) {
	var elsewhere *restore.ElsewhereError
	var unknown *restore.UnknownTargetError
	switch {
	case errors.As(err, &elsewhere):
		at, next := path.Root("snapshot_id"), "use the credentials of account "+elsewhere.Snapshot+", or a snapshot of this account."
		if elsewhere.What == "Region" {
			at, next = path.Root("region"), fmt.Sprintf("set region = %q here, or use a snapshot of this Region.", elsewhere.Snapshot)
		}
		summary := "The snapshot is of another " + elsewhere.What
		if elsewhere.Snapshot == "" { // this provider notes both
			summary, next = "The snapshot does not say of which "+elsewhere.What+" it is", "find out who changed it, and use another snapshot."
		}
		tfdiag.ErrorAt(diags, at, tfdiag.Message{Summary: summary, Happened: id, Err: err, Live: "nothing was changed.", Next: next})
	case errors.As(err, &unknown):
		tfdiag.ErrorAt(diags, path.Root("targets"), tfdiag.Message{
			Summary: "The snapshot has no such target", Happened: id, Err: err, Live: "nothing was changed.", Next: "correct the name, or leave targets out to put all of them back.",
		})
	default:
		targetset.WordSnapshot(diags, path.Root("snapshot_id"), id, err)
	}
}

// holder names this process for whoever meets its lease.
func holder() string {
	name, host := "somebody", "an unknown machine"
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	if known, err := os.Hostname(); err == nil {
		host = known
	}
	return fmt.Sprintf("%s on %s (process %d)", name, host, os.Getpid())
}
