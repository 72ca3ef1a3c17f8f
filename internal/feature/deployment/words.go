package deployment

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

func (r *snapshotResource) openStore(ctx context.Context, diags *diag.Diagnostics) store.Store {
	return openStore(ctx, r.data, diags)
}

// openStore returns nil after it has said why not.
func openStore(ctx context.Context, data *configured.Data, diags *diag.Diagnostics) store.Store {
	opened, err := data.OpenStore(ctx)
	if err != nil {
		wordStore(diags, "Snapshots are kept in the store of the provider block", err)
		return nil
	}
	return opened
}

func wordStore(diags *diag.Diagnostics, happened string, err error) {
	m := tfdiag.Message{Summary: "The store cannot be used", Happened: happened, Err: err, Live: "nothing was changed in AWS."}
	var unusable *store.PathError
	if errors.As(err, &unusable) {
		m.Next = "let the user who runs Terraform write to that folder, or set another path in store = { local = { path = ... } } of the provider block."
	} else if errors.Is(err, store.ErrPrecondition) {
		m.Next = "another run is writing to the same store. Apply again once it has finished."
	} else {
		m.Next = "check store in the provider block (bucket, prefix, Region, permissions), then apply again."
	}
	tfdiag.Error(diags, m)
}

func wordAWS(diags *diag.Diagnostics, err error) {
	tfdiag.Error(diags, tfdiag.Message{
		Summary: "AWS cannot be used", Happened: "A snapshot notes account and Region", Err: err, Live: "nothing was changed.",
	})
}

// wordSnapshot reports a snapshot that cannot be read.
func wordSnapshot(diags *diag.Diagnostics, at path.Path, id string, err error) {
	m := tfdiag.Message{Summary: "The snapshot cannot be read", Happened: "The snapshot " + id, Err: err, Live: "nothing was changed."}
	var corrupt *snapshot.CorruptError
	switch {
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
