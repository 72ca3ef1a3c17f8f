package rollback

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// newRequest returns the engine's request for a snapshot as the user names it. ok is false after diags say why there is
// none.
func newRequest(ctx context.Context, data *configured.Data, id, region string, diags *diag.Diagnostics) (request restore.Request, ok bool) {
	opened := targetset.OpenStore(ctx, data, diags)
	if opened == nil {
		return request, false
	}
	name, version, err := splitID(id)
	if err == nil && version > 0 {
		id = snapshot.FormatID(name, version)
	}
	if err == nil && version == 0 {
		var history ledger.History
		history, err = ledger.New(opened, data.Clock).History(ctx, name)
		if err == nil {
			id, err = history.RestorePoint()
		}
	}
	if err != nil {
		wordPoint(diags, id, err)
		return request, false
	}
	account, here := targetset.Here(ctx, data, region, diags)
	if diags.HasError() {
		return request, false
	}
	return restore.Request{
		Store: opened, Services: targetset.Services(data), SnapshotID: id, AccountID: account, Region: here,
		Clock: data.Clock, Log: configured.Logger(ctx), Sink: data.Sink, Holder: holder(),
	}, true
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
		tfdiag.ErrorAt(diags, at, tfdiag.Message{Summary: "The snapshot is of another " + elsewhere.What, Happened: id, Err: err, Live: "nothing was changed.", Next: next})
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
