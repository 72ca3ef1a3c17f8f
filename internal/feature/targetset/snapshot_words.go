package targetset

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// OpenStore opens the store of the provider block. It returns nil after it has said why not.
func OpenStore(ctx context.Context, data *configured.Data, diags *diag.Diagnostics) store.Store {
	opened, err := data.OpenStore(ctx)
	if err != nil {
		WordStore(diags, "Snapshots are kept in the store of the provider block", err)
		return nil
	}
	return opened
}

// What is wrong is not the store when an interrupt ends a call to it.
const (
	interrupted = "Terraform was interrupted"
	again       = "run it again."
)

// WordStore reports that the store cannot be used, or that an interrupt came while it was; nothing was changed in AWS then.
func WordStore(diags *diag.Diagnostics, happened string, err error) {
	m := tfdiag.Message{Summary: "The store cannot be used", Happened: happened, Err: err, Live: "nothing was changed in AWS."}
	var unusable *store.PathError
	var corrupt *ledger.CorruptError
	if errors.Is(err, context.Canceled) {
		m.Summary, m.Next = interrupted, again
	} else if errors.As(err, &corrupt) {
		m.Summary, m.Next = corruptLedger(corrupt)
	} else if errors.As(err, &unusable) {
		m.Next = "let the user who runs Terraform write to that folder, or set another path in store = { local = { path = ... } } of the provider block."
	} else if errors.Is(err, store.ErrPrecondition) {
		m.Next = "another run is writing to the same store. Apply again once it has finished."
	} else {
		m.Next = "check store in the provider block (bucket, prefix, Region, permissions), then apply again."
	}
	tfdiag.Error(diags, m)
}

// corruptLedger is the summary of a ledger that cannot be read, and what to do about it.
func corruptLedger(corrupt *ledger.CorruptError) (summary, next string) {
	return "The ledger is corrupt", fmt.Sprintf("find out who changed it. Put %s back from a backup (an earlier version of the object, where the store is a bucket). Moved away, it begins anew: "+
		"the snapshots stay and can be restored by their ids, but NAME/last_good and the releases in quarantine are forgotten.", corrupt.URI)
}

// Here returns the account and the Region that a snapshot notes, region being the resource's own. It returns empty ones
// after it has said why not.
func Here(ctx context.Context, data *configured.Data, region string, diags *diag.Diagnostics) (account, here string) {
	here, err := data.AWS.Region(ctx, region)
	if err == nil {
		account, err = data.AWS.AccountID(ctx)
	}
	if err != nil {
		tfdiag.Error(diags, tfdiag.Message{Summary: "AWS cannot be used", Happened: "A snapshot notes account and Region", Err: err, Live: "nothing was changed."})
		return "", ""
	}
	return account, here
}

// WordSnapshot reports a snapshot that cannot be read.
func WordSnapshot(diags *diag.Diagnostics, at path.Path, id string, err error) {
	m := tfdiag.Message{Summary: "The snapshot cannot be read", Happened: "The snapshot " + id, Err: err, Live: "nothing was changed."}
	var corrupt *snapshot.CorruptError
	var history *ledger.CorruptError
	switch {
	case errors.Is(err, context.Canceled):
		m.Summary, m.Next = interrupted, again
	case errors.As(err, &history):
		m.Summary, m.Next = corruptLedger(history)
	case errors.As(err, &corrupt):
		m.Summary = "The snapshot is corrupt"
		m.Next = fmt.Sprintf("find out who changed it. Put %s back from a backup (an earlier version of the object, where the store is a bucket), or give the snapshot up: "+
			"remove the object, and the next apply takes a new snapshot. Roll back to another version meanwhile.", corrupt.URI)
		m.Facts = []tfdiag.Fact{{Name: "Expected digest", Value: corrupt.Expected}, {Name: "Found digest", Value: corrupt.Found}}
	case errors.Is(err, store.ErrNotFound):
		m.Summary = "The snapshot does not exist"
		m.Next = "check name and version, and that store in the provider block is the one that the snapshot was taken into; data.reliability_deployments lists them."
	}
	tfdiag.ErrorAt(diags, at, m)
}
