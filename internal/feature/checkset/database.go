package checkset

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type databaseModel struct {
	Engine    types.String `tfsdk:"engine"`
	DSN       types.String `tfsdk:"dsn"`
	DSNWO     types.String `tfsdk:"dsn_wo"`
	WOVersion types.Int64  `tfsdk:"wo_version"`
	Query     types.String `tfsdk:"query"`
	Expect    types.String `tfsdk:"expect"`
	CAPEM     types.String `tfsdk:"ca_pem"`
}

func databaseKind() kind {
	notEmpty := stringvalidator.LengthAtLeast(1)
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Connects to a PostgreSQL or MySQL database (also Aurora and MariaDB) and asks a query; passes when it is answered as expected. " +
			"No output, report or log shows anything of the DSN or of the answer.",
		Attributes: map[string]schema.Attribute{
			"engine": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf(string(probe.Postgres), string(probe.MySQL))}, MarkdownDescription: "`\"postgres\"` or `\"mysql\"`.",
			},
			"dsn": schema.StringAttribute{
				Optional: true, Sensitive: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "Where and as whom to connect. For `postgres` a URL (`postgres://user:password@host:5432/name?sslmode=verify-full`) or keywords and values; for `mysql` " +
					"`user:password@tcp(host:3306)/name?tls=true` or a URL (`mysql://user:password@host:3306/name`). This or `dsn_wo` is required. It is in the state; `dsn_wo` is not.",
			},
			"dsn_wo": schema.StringAttribute{
				Optional: true, WriteOnly: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "Like `dsn`, but never in a plan or state (Terraform 1.11 or newer). Change `" + writeOnlyVersion + "` to have a change of it noticed.",
			},
			writeOnlyVersion: schema.Int64Attribute{Optional: true, MarkdownDescription: "Any number; another one says that `dsn_wo` has changed."},
			"query":          schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "One statement, which should only read. Default `\"SELECT 1\"`."},
			"expect": schema.StringAttribute{
				Optional: true, MarkdownDescription: "First value of the first row, as text: numbers as the server writes them, `\"null\"`, and of `postgres` `\"true\"` and `\"false\"` (of `mysql` `\"1\"` and `\"0\"`). Default: any answer, also no row.",
			},
			"ca_pem": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Certificates, in PEM, that have the connection encrypted and the server verified, such as the [bundle of Amazon RDS](https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html).",
			},
		},
	}
	return kind{
		name: "database", attribute: attribute,
		validate: func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics) {
			model := decode[databaseModel](ctx, object, attribute, diags)
			if !diags.HasError() {
				model.validate(at, diags)
			}
		},
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[databaseModel](ctx, object, attribute, diags)
			database := model.parse(at, diags)
			if database == nil {
				return nil
			}
			database.Query = model.Query.ValueString()
			if !model.Expect.IsNull() {
				database.Expect = model.Expect.ValueStringPointer()
			}
			return database
		},
	}
}

func (m *databaseModel) validate(at path.Path, diags *diag.Diagnostics) {
	switch {
	case m.DSN.IsNull() && m.DSNWO.IsNull():
		tfdiag.ErrorAt(diags, at, tfdiag.Message{
			Summary: "No DSN", Happened: "neither dsn nor dsn_wo says where the database is.", Next: "give one of them.",
		})
	case !m.DSN.IsNull() && !m.DSNWO.IsNull():
		tfdiag.ErrorAt(diags, at.AtName("dsn_wo"), tfdiag.Message{
			Summary: "Two DSNs in one check", Happened: "both dsn and dsn_wo say where the database is.", Next: "take one of them away.",
		})
	case !m.Engine.IsUnknown() && !m.DSN.IsUnknown() && !m.DSNWO.IsUnknown() && !m.CAPEM.IsUnknown():
		m.parse(at, diags)
	}
}

// parse reports at the attribute whose text is wrong, and shows nothing of a DSN.
func (m *databaseModel) parse(at path.Path, diags *diag.Diagnostics) *probe.Database {
	engine := probe.DatabaseEngine(m.Engine.ValueString())
	if engine != probe.Postgres && engine != probe.MySQL {
		return nil // its validator says so
	}
	dsn, name := m.DSN.ValueString(), "dsn"
	if !m.DSNWO.IsNull() {
		dsn, name = m.DSNWO.ValueString(), "dsn_wo"
	}
	database, err := probe.ParseDatabase(engine, dsn, m.CAPEM.ValueString())
	var wrong *probe.InvalidDSNError
	switch {
	case errors.As(err, &wrong):
		tfdiag.ErrorAt(diags, at.AtName(name), tfdiag.Message{
			Summary: "Invalid DSN", Err: err, Next: "write " + notation[engine] + "; in a URL, user and password are escaped with urlencode(...). What it is now is not shown, as it may hold a password.",
		})
	case err != nil:
		trusted(m.CAPEM, at.AtName("ca_pem"), diags)
	}
	return database
}

var notation = map[probe.DatabaseEngine]string{ //nolint:gosec // nobody's passwords
	probe.Postgres: `"postgres://user:password@host:5432/name" or "host=... user=... password=... dbname=..."`,
	probe.MySQL:    `"user:password@tcp(host:3306)/name" or "mysql://user:password@host:3306/name"`,
}
