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
func (d *dataSource) readState(ctx context.Context, data *model, specs map[string]live.Spec, diags *diag.Diagnostics) *engine.State {
	var source stateModel
	diags.Append(data.State.As(ctx, &source, asOptions)...)
	at := path.Root("state")
	switch {
	case diags.HasError():
		return nil
	case !source.S3.IsNull():
		return d.readS3(ctx, source.S3, specs, diags)
	case !source.WorkingDir.IsNull():
		return pullState(ctx, childOf(data, source), specs, diags)
	case source.Path.IsNull():
		return parseState(strings.NewReader(source.JSON.ValueString()), specs, at.AtName("json"), "", diags)
	}
	name := source.Path.ValueString()
	file, err := os.Open(name) //nolint:gosec // reading the file that the user names is what it is for
	if err != nil {
		stateFileError(diags, at.AtName("path"), name, err)
		return nil
	}
	defer file.Close() //nolint:errcheck // it was only read
	return parseState(bufio.NewReaderSize(file, 1<<20), specs, at.AtName("path"), name, diags)
}

func (d *dataSource) readS3(ctx context.Context, object types.Object, specs map[string]live.Spec, diags *diag.Diagnostics) *engine.State {
	var where s3Model
	diags.Append(object.As(ctx, &where, asOptions)...)
	at, name := path.Root("state").AtName("s3"), "s3://"+where.Bucket.ValueString()+"/"+where.Key.ValueString()
	client, err := d.provider.AWS.S3(ctx, where.Region.ValueString())
	if err == nil {
		var content io.ReadCloser
		source := engine.S3State{Bucket: where.Bucket.ValueString(), Key: where.Key.ValueString(), Version: where.VersionID.ValueString()}
		if content, _, err = source.Open(ctx, client); err == nil {
			defer content.Close() //nolint:errcheck // it was only read
			return parseState(content, specs, at, name, diags)
		}
	}
	action := "s3:GetObject"
	if where.VersionID.ValueString() != "" {
		action = "s3:GetObjectVersion"
	}
	errorAt(diags, at, tfdiag.Message{
		Summary: "State cannot be read from S3", Happened: "nothing was compared", Err: err,
		Next:  "check bucket, key (with workspaces it begins with env:/) and region, and that the caller may do " + action + " (and kms:Decrypt for an encrypted bucket).",
		Facts: []tfdiag.Fact{{Name: "Object", Value: name}},
	})
	return nil
}

// childOf is the Terraform that is run for the working directory.
func childOf(data *model, source stateModel) engine.Child {
	return engine.Child{Dir: source.WorkingDir.ValueString(), Program: data.Terraform.ValueString()}
}

func pullState(ctx context.Context, child engine.Child, specs map[string]live.Spec, diags *diag.Diagnostics) *engine.State {
	content, err := child.PullState(ctx)
	if err != nil {
		childError(diags, child, err)
		return nil
	}
	return parseState(content, specs, path.Root("state").AtName("working_dir"), child.Dir, diags)
}

// childError words why Terraform gave no answer.
func childError(diags *diag.Diagnostics, child engine.Child, err error) {
	message := tfdiag.Message{
		Summary: "Terraform gave no answer", Happened: "nothing was compared", Err: err, Live: "unknown; nothing was changed.",
		Next: "run the same command in that directory and mend what it says; if it asks for it, `terraform init`.", Facts: []tfdiag.Fact{{Name: "Directory", Value: child.Dir}},
	}
	var problem *engine.ChildError
	if errors.As(err, &problem) {
		switch problem.Problem {
		case engine.NoTerraform:
			message.Next = "install Terraform or OpenTofu where this plan runs, or name it in `terraform`; with `source = \"live\"` and a state by `path` or `s3`, none is needed."
		case engine.NoWorkingDir:
			message.Next = "check working_dir, which is relative to the directory in which Terraform runs."
		case engine.NotInitialised:
			message.Next = "run `terraform init` in that directory, then plan again."
		case engine.ChildFailed:
		}
	} else if errors.Is(err, context.DeadlineExceeded) {
		message.Next = "give it more time with `timeout`, or look at a smaller configuration."
	}
	errorAt(diags, path.Root("state").AtName("working_dir"), message)
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
	case engine.PlanOutput:
		return "hand over the state itself, the output of `terraform state pull`; for a plan there is the function drift_report."
	case engine.BinaryPlan:
		return "hand over the state itself, the output of `terraform state pull`; for a plan there is the function drift_report, over `terraform show -json PLANFILE`."
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
