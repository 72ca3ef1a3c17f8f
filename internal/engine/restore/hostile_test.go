package restore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// forge rewrites the snapshot as somebody would who may write to the store: its digest is right.
func forge(t *testing.T, s store.Store, change func(m *snapshot.Manifest)) {
	t.Helper()
	m, err := snapshot.Load(t.Context(), s, "web", 1)
	must(t, err)
	change(&m)
	body, err := json.Marshal(m)
	must(t, err)
	sum := sha256.Sum256(body)
	kept, err := json.Marshal(map[string]any{"sha256": hex.EncodeToString(sum[:]), "manifest": json.RawMessage(body)})
	must(t, err)
	_, err = s.Put(t.Context(), "deployments/web/000001/manifest.json", kept, store.Condition{})
	must(t, err)
}

// TestAForgedManifestChangesNothing: one that is of elsewhere, or does not say of where, or whose target was led to another bucket or
// function, is refused whole, by a preview and by a run.
func TestAForgedManifestChangesNothing(t *testing.T) {
	t.Parallel()
	retarget := func(m *snapshot.Manifest) {
		item := m.Items["code"]
		item.Spec.Config = json.RawMessage(`"bucket"`)
		m.Items["code"] = item
	}
	elsewhere := func(err error) bool { var e *restore.ElsewhereError; return errors.As(err, &e) }
	corrupt := func(err error) bool { var e *snapshot.CorruptError; return errors.As(err, &e) }
	for name, c := range map[string]struct {
		change func(m *snapshot.Manifest)
		is     func(error) bool
		says   string
	}{
		"another account": {func(m *snapshot.Manifest) { m.AccountID = "999999999999" }, elsewhere, "999999999999"},
		"no account":      {func(m *snapshot.Manifest) { m.AccountID = "" }, elsewhere, "does not say of which account"},
		"another Region":  {func(m *snapshot.Manifest) { m.Region = "us-east-1" }, elsewhere, "us-east-1"},
		"no Region":       {func(m *snapshot.Manifest) { m.Region = "" }, elsewhere, "does not say of which Region"},
		"another target":  {retarget, corrupt, `"code" are of bucket, and what it holds is of code`},
	} {
		w, request := prepare(t)
		request.AccountID, request.Region = "123456789012", "eu-west-1"
		forge(t, request.Store, c.change)
		_, previewed := restore.Preview(t.Context(), request)
		_, ran := restore.Run(t.Context(), request)
		for _, err := range []error{previewed, ran} {
			if !c.is(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(w.done) > 0 || len(request.Sink.(*inbox).events) > 0 {
			t.Errorf("%s: done %v, told %v", name, w.done, request.Sink.(*inbox).events)
		}
	}
}

// TestAnUnknownKindIsLeftAlone: nothing is done to a target of a kind that nobody knows, and the result names it.
func TestAnUnknownKindIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, request := prepare(t)
	forge(t, request.Store, func(m *snapshot.Manifest) {
		item := m.Items["code"]
		item.Spec.Kind = "vault"
		m.Items = map[string]snapshot.Item{"code": item}
	})
	unknown, known := errors.New("a kind that nobody knows"), request.Services
	request.Services = func(ctx context.Context, spec service.Spec) (service.Service, error) {
		if spec.Kind == "vault" {
			return nil, unknown
		}
		return known(ctx, spec)
	}
	result, err := restore.Run(t.Context(), request)
	var incomplete *restore.IncompleteError
	if !errors.As(err, &incomplete) || !errors.Is(incomplete.Targets["code"], unknown) || result.Status != restore.Failed || len(w.done) > 0 {
		t.Errorf("%v, %v, done %v", result.Status, err, w.done)
	}
}
