package deployment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// Create captures. A failure saves nothing, so that the next apply captures again.
func (r *snapshotResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	r.capture(ctx, req.Plan, &resp.State, &resp.Diagnostics)
}

// Update captures a new version. A failure keeps the old state, which still names the old snapshot.
func (r *snapshotResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	r.capture(ctx, req.Plan, &resp.State, &resp.Diagnostics)
}

// Delete removes nothing: snapshots are what a later rollback needs.
func (r *snapshotResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

func (r *snapshotResource) capture(ctx context.Context, plan tfsdk.Plan, state *tfsdk.State, diags *diag.Diagnostics) {
	r.data.Applying.Store(true)
	var m model
	diags.Append(plan.Get(ctx, &m)...)
	if diags.HasError() {
		return
	}
	opened := targetset.OpenStore(ctx, r.data, diags)
	if opened == nil {
		return
	}
	history, err := ledger.New(opened, r.data.Clock).History(ctx, m.Name.ValueString())
	if err != nil {
		targetset.WordStore(diags, "Nothing was captured", err)
		return
	}
	refuseQuarantined(&m, history, diags)
	if diags.HasError() {
		return
	}
	kept := r.take(ctx, &m, opened, history, diags)
	if kept == nil {
		return
	}
	m.fromManifest(*kept)
	m.LastGoodID = types.StringNull()
	if good, ok := history.LastGood(); ok {
		m.LastGoodID = types.StringValue(good.ID)
	}
	versions, err := snapshot.Versions(ctx, opened, kept.Name)
	if err != nil {
		targetset.WordStore(diags, "The snapshot "+kept.ID()+" was taken, but the others cannot be listed", err)
	}
	m.PreviousID = previous(kept.Name, kept.Version, versions)
	diags.Append(state.Set(ctx, &m)...)
	r.prune(ctx, &m, opened, *kept, diags)
	advise(ctx, opened, diags)
}

// advise warns of a store that may lose what it keeps. It is no reason to fail that this cannot be found out.
func advise(ctx context.Context, opened store.Store, diags *diag.Diagnostics) {
	adviser, ok := opened.(store.Adviser)
	if !ok {
		return
	}
	said, err := adviser.Advice(ctx)
	if err != nil {
		tfdiag.Warning(diags, tfdiag.Message{Summary: "The store was not looked at", Happened: "The snapshot was kept; how safe its store is was not found out", Err: err})
	}
	for _, danger := range said {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The store may lose snapshots", Happened: danger + ".",
			Next: "keep snapshots where later runs find them: store = { s3 = { bucket = ... } } in the provider block, with versioning enabled on the bucket.",
		})
	}
}

// take captures the targets and opens the deployment. It returns nil after it has said why not.
func (r *snapshotResource) take(ctx context.Context, m *model, opened store.Store, history ledger.History, diags *diag.Diagnostics) *snapshot.Manifest {
	account, region := targetset.Here(ctx, r.data, m.Region.ValueString(), diags)
	if diags.HasError() {
		return nil
	}
	specs, _ := targetset.Specs(ctx, m.Targets, region, diags)
	targets := r.bind(ctx, specs, diags)
	if diags.HasError() {
		return nil
	}
	request := snapshot.Request{
		Store: opened, Clock: r.data.Clock, Name: m.Name.ValueString(), Release: m.Release.ValueString(), AccountID: account, Region: region, Targets: targets,
		KeepFor: m.toRetention(ctx, diags).KeepFor,
	}
	if latest, ok := history.Latest(); ok {
		request.After = latest.Version
	}
	kept, err := snapshot.Capture(ctx, request)
	var failed snapshot.CaptureError
	switch {
	case errors.As(err, &failed):
		for _, name := range failed.Names() {
			targetset.WordCapture(diags, name, specs[name], failed[name])
		}
		return nil
	case err != nil:
		targetset.WordStore(diags, "The targets were read, but the snapshot was not kept", err)
		return nil
	}
	if _, err := ledger.New(opened, r.data.Clock).OpenFor(ctx, kept.ID(), kept.Release, m.toTimeout()); err != nil {
		targetset.WordStore(diags, fmt.Sprintf("The snapshot %s was kept, but its deployment was not opened; the next apply takes another snapshot", kept.ID()), err)
		return nil
	}
	return &kept
}

func (r *snapshotResource) bind(ctx context.Context, specs map[string]service.Spec, diags *diag.Diagnostics) map[string]snapshot.Target {
	serviceOf, targets := targetset.Services(r.data), map[string]snapshot.Target{}
	for _, name := range targetset.Names(specs) {
		s, err := serviceOf(ctx, specs[name])
		if err != nil {
			targetset.WordCapture(diags, name, specs[name], err)
			continue
		}
		targets[name] = snapshot.Target{Spec: specs[name], Service: s}
	}
	return targets
}

// prune removes old snapshots. What goes wrong with it is a warning: the new snapshot is there.
func (r *snapshotResource) prune(ctx context.Context, m *model, opened store.Store, kept snapshot.Manifest, diags *diag.Diagnostics) {
	held, err := journal.New(opened, r.data.Clock, "").Holder(ctx, restore.LeaseOf(kept.Name))
	if held != nil {
		return // a rollback is reading them; the next snapshot removes what this one would have
	}
	var history ledger.History
	if err == nil {
		history, err = ledger.New(opened, r.data.Clock).History(ctx, kept.Name)
	}
	if err == nil {
		retention := m.toRetention(ctx, diags)
		retention.Protected = protected(history)
		_, err = snapshot.Prune(ctx, opened, kept.Name, retention, r.data.Clock.Now())
	}
	if err == nil {
		_, err = snapshot.Collect(ctx, opened, kept.Name, r.data.Clock.Now())
	}
	if err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "Old snapshots were not removed", Happened: "The snapshot " + kept.ID() + " was taken; removing older ones failed", Err: err,
			Next: "nothing now: the next snapshot tries again.",
		})
	}
}

// protected are the versions that stay whatever the retention says.
func protected(history ledger.History) []int {
	var versions []int
	if good, ok := history.LastGood(); ok {
		versions = append(versions, good.Version)
	}
	if id, err := history.RestorePoint(); err == nil {
		if _, version, err := snapshot.ParseID(id); err == nil {
			versions = append(versions, version)
		}
	}
	for _, d := range history.Deployments {
		if d.Status == ledger.Open {
			versions = append(versions, d.Version)
		}
	}
	return versions
}

// Read verifies the snapshot. One that is gone is taken out of the state; a corrupt one is an error.
func (r *snapshotResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	opened := targetset.OpenStore(ctx, r.data, &resp.Diagnostics)
	name, version, err := snapshot.ParseID(m.ID.ValueString())
	if opened == nil || err != nil {
		if err != nil {
			targetset.WordSnapshot(&resp.Diagnostics, path.Root("id"), m.ID.ValueString(), err)
		}
		return
	}
	kept, err := snapshot.Load(ctx, opened, name, version)
	imported := m.Name.IsNull()
	if errors.Is(err, store.ErrNotFound) && !imported {
		resp.State.RemoveResource(ctx)
		return
	}
	if err == nil && !m.Digest.IsNull() && m.Digest.ValueString() != kept.Digest {
		err = &snapshot.CorruptError{URI: kept.URI, Expected: m.Digest.ValueString(), Found: kept.Digest}
	}
	if err != nil {
		targetset.WordSnapshot(&resp.Diagnostics, path.Root("id"), m.ID.ValueString(), err)
		return
	}
	m.fromManifest(kept)
	if imported {
		r.readImported(ctx, &m, opened, kept, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *snapshotResource) readImported(ctx context.Context, m *model, opened store.Store, kept snapshot.Manifest, diags *diag.Diagnostics) {
	_, region := targetset.Here(ctx, r.data, "", diags)
	if diags.HasError() {
		return
	}
	if err := m.fromImport(kept, region); err != nil {
		targetset.WordSnapshot(diags, path.Root("id"), kept.ID(), err)
		return
	}
	versions, err := snapshot.Versions(ctx, opened, kept.Name)
	if err != nil {
		targetset.WordStore(diags, "The snapshots cannot be listed", err)
		return
	}
	m.PreviousID = previous(kept.Name, kept.Version, versions)
	history, err := ledger.New(opened, r.data.Clock).History(ctx, kept.Name)
	if err != nil {
		targetset.WordStore(diags, "The ledger cannot be read", err)
		return
	}
	before := ledger.History{Name: kept.Name}
	for _, d := range history.Deployments {
		if d.Version < kept.Version {
			before.Deployments = append(before.Deployments, d)
		}
	}
	if known, ok := history.Get(kept.Version); ok && known.TimeoutSeconds > 0 {
		m.Timeout = types.StringValue(short(time.Duration(known.TimeoutSeconds * float64(time.Second))))
	}
	m.LastGoodID = types.StringNull()
	if good, ok := before.LastGood(); ok {
		m.LastGoodID = types.StringValue(good.ID)
	}
}

// short writes a duration as a person would: 30m, not 30m0s.
func short(d time.Duration) string {
	text := d.String()
	if kept, whole := strings.CutSuffix(text, "m0s"); whole {
		text = kept + "m"
	}
	if kept, whole := strings.CutSuffix(text, "h0m"); whole {
		text = kept + "h"
	}
	return text
}
