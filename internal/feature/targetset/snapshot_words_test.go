package targetset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
)

func TestACorruptLedgerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("ledger of web: %w", &ledger.CorruptError{URI: "file:///store/ledger/web.json", Err: errors.New("unexpected end of JSON input")})
	for name, word := range map[string]func(*diag.Diagnostics){
		"store": func(diags *diag.Diagnostics) { targetset.WordStore(diags, "The plan needs the ledger", err) },
		"snapshot": func(diags *diag.Diagnostics) {
			targetset.WordSnapshot(diags, path.Root("snapshot_id"), "web/last_good", err)
		},
	} {
		var diags diag.Diagnostics
		word(&diags)
		if diags[0].Summary() != "The ledger is corrupt" || !strings.Contains(diags[0].Detail(), "What to do: find out who changed it. Put file:///store/ledger/web.json back") {
			t.Errorf("%s: %s: %s", name, diags[0].Summary(), diags[0].Detail())
		}
	}
}

func TestAnInterruptIsNotTheStoresFault(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("put s3://store/journal: %w", context.Canceled)
	for name, word := range map[string]func(*diag.Diagnostics){
		"store": func(diags *diag.Diagnostics) { targetset.WordStore(diags, "Nothing was put back", err) },
		"snapshot": func(diags *diag.Diagnostics) {
			targetset.WordSnapshot(diags, path.Root("snapshot_id"), "web/last_good", err)
		},
	} {
		var diags diag.Diagnostics
		word(&diags)
		if diags[0].Summary() != "Terraform was interrupted" || !strings.Contains(diags[0].Detail(), "nothing was changed") || !strings.Contains(diags[0].Detail(), "What to do: run it again.") {
			t.Errorf("%s: %s: %s", name, diags[0].Summary(), diags[0].Detail())
		}
	}
}
