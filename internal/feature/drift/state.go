package drift

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var asOptions = basetypes.ObjectAsOptions{}

// readState reads the state that the configuration names; nil, with an error among diags, when it cannot be used.
func readState(ctx context.Context, object types.Object, specs map[string]live.Spec, diags *diag.Diagnostics) *engine.State {
	var source stateModel
	diags.Append(object.As(ctx, &source, asOptions)...)
	if diags.HasError() {
		return nil
	}
	if source.Path.IsNull() {
		return parseState(strings.NewReader(source.JSON.ValueString()), specs, path.Root("state").AtName("json"), "", diags)
	}
	name, at := source.Path.ValueString(), path.Root("state").AtName("path")
	file, err := os.Open(name) //nolint:gosec // reading the file that the user names is what it is for
	if err != nil {
		stateFileError(diags, at, name, err)
		return nil
	}
	defer file.Close() //nolint:errcheck // it was only read
	return parseState(bufio.NewReaderSize(file, 1<<20), specs, at, name, diags)
}

func stateFileError(diags *diag.Diagnostics, at path.Path, name string, err error) {
	next := "check the path and its permissions; it is relative to the directory in which Terraform runs."
	if errors.Is(err, fs.ErrNotExist) {
		next = "check the path, which is relative to the directory in which Terraform runs. With a remote backend there is no such file: save one with `terraform state pull > FILE`."
	}
	errorAt(diags, at, tfdiag.Message{
		Summary: "State file cannot be read", Happened: "nothing was compared", Err: err, Next: next, Facts: []tfdiag.Fact{{Name: "File", Value: name}},
	})
}

func parseState(source io.Reader, specs map[string]live.Spec, at path.Path, name string, diags *diag.Diagnostics) *engine.State {
	state, err := engine.ReadState(source, specs)
	if err == nil {
		return state
	}
	var problem *engine.StateError
	if !errors.As(err, &problem) {
		stateFileError(diags, at, name, err)
		return nil
	}
	errorAt(diags, at, tfdiag.Message{
		Summary: "State cannot be used", Happened: "nothing was compared", Err: problem, Next: stateAdvice(problem.Problem),
		Facts: []tfdiag.Fact{{Name: "File", Value: name}},
	})
	return nil
}

func stateAdvice(problem engine.Problem) string {
	switch problem {
	case engine.OtherVersion:
		return "upgrade the state by planning and applying with a current Terraform, or, if the number is higher than 4, upgrade this provider."
	case engine.Encrypted:
		return "hand over the decrypted state: `state = { json = ... }` with the output of `tofu state pull`."
	case engine.Truncated:
		return "fetch the state again: the file was cut off, or is being written at this moment."
	case engine.EmptyFile:
		return "apply first, or point at another file: a state that was never written to is empty."
	case engine.ShowOutput:
		return "hand over the state itself: the output of `terraform state pull`."
	default:
		return "hand over a Terraform state, such as terraform.tfstate or the output of `terraform state pull`."
	}
}

// withoutJSON is state without the state itself, whose secrets would otherwise be saved a second time.
func withoutJSON(ctx context.Context, object types.Object, diags *diag.Diagnostics) types.Object {
	var source stateModel
	diags.Append(object.As(ctx, &source, asOptions)...)
	source.JSON = types.StringNull()
	without, problems := types.ObjectValueFrom(ctx, object.AttributeTypes(ctx), source)
	diags.Append(problems...)
	return without
}
