package provider

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// configOf returns a provider block with the given attributes set and all others null.
func configOf(t *testing.T, set map[string]tftypes.Value) tfsdk.Config {
	t.Helper()
	schema := providerSchema()
	object, ok := schema.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("a provider block is an object")
	}
	values := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
		if value, ok := set[name]; ok {
			values[name] = value
		}
	}
	return tfsdk.Config{Schema: schema, Raw: tftypes.NewValue(object, values)}
}

// nested returns an object attribute of the provider block, with the given members set and all others null.
func nested(t *testing.T, name string, set map[string]tftypes.Value) tftypes.Value {
	t.Helper()
	object, ok := providerSchema().Attributes[name].GetType().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatalf("%s is no object", name)
	}
	values := map[string]tftypes.Value{}
	for member, kind := range object.AttributeTypes {
		values[member] = tftypes.NewValue(kind, nil)
		if value, ok := set[member]; ok {
			values[member] = value
		}
	}
	return tftypes.NewValue(object, values)
}

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

func configure(t *testing.T, set map[string]tftypes.Value) (*configured.Data, diag.Diagnostics) {
	t.Helper()
	var resp provider.ConfigureResponse
	New("test")().Configure(t.Context(), provider.ConfigureRequest{Config: configOf(t, set)}, &resp)
	data, _ := resp.ResourceData.(*configured.Data)
	return data, resp.Diagnostics
}

func TestEverythingServedHasAValidSchema(t *testing.T) {
	t.Parallel()
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{"resource": resp.ResourceSchemas, "data source": resp.DataSourceSchemas} {
		for name, schema := range schemas {
			if !strings.HasPrefix(name, "reliability_") {
				t.Errorf("%s %s has a foreign name", kind, name)
			}
			undescribed(t, kind+" "+name, schema.Block.Attributes)
		}
	}
	undescribed(t, "provider", resp.Provider.Block.Attributes)
}

// undescribed complains of attributes that the documentation would leave empty.
func undescribed(t *testing.T, where string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, attribute := range attributes {
		if attribute.Description == "" {
			t.Errorf("%s.%s has no description", where, attribute.Name)
		}
		if attribute.NestedType != nil {
			undescribed(t, where+"."+attribute.Name, attribute.NestedType.Attributes)
		}
	}
}

func TestHealthDefaults(t *testing.T) {
	for name, test := range map[string]struct {
		environment map[string]string
		block       map[string]tftypes.Value
		want        configured.Health
	}{
		"documented":       {nil, nil, configured.Health{Timeout: 5 * time.Minute, MaxRetries: 5, RetryDelay: 10 * time.Second}},
		"environment":      {map[string]string{"HEALTH_CHECK_TIMEOUT": "60", "MAX_RETRIES": "0", "RETRY_DELAY": "3"}, nil, configured.Health{Timeout: time.Minute, RetryDelay: 3 * time.Second}},
		"the block wins":   {map[string]string{"HEALTH_CHECK_TIMEOUT": "60"}, map[string]tftypes.Value{"timeout": text("2m"), "max_retries": tftypes.NewValue(tftypes.Number, 1)}, configured.Health{Timeout: 2 * time.Minute, MaxRetries: 1, RetryDelay: 10 * time.Second}},
		"unknown is unset": {nil, map[string]tftypes.Value{"timeout": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}, configured.Health{Timeout: 5 * time.Minute, MaxRetries: 5, RetryDelay: 10 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"HEALTH_CHECK_TIMEOUT", "MAX_RETRIES", "RETRY_DELAY"} {
				t.Setenv(variable, test.environment[variable])
			}
			set := map[string]tftypes.Value{}
			if test.block != nil {
				set["health"] = nested(t, "health", test.block)
			}
			data, diags := configure(t, set)
			if diags.HasError() {
				t.Fatal(diags)
			}
			if data.Health != test.want {
				t.Errorf("got %+v, not %+v", data.Health, test.want)
			}
		})
	}
}

func TestBadProviderBlocks(t *testing.T) {
	for name, test := range map[string]struct {
		environment [2]string
		set         map[string]tftypes.Value
		at          string
		says        string
	}{
		"a Region that does not exist": {set: map[string]tftypes.Value{"region": text("eu-wst-1")}, at: "region", says: "skip_region_validation"},
		"an endpoint without a scheme": {set: map[string]tftypes.Value{"endpoints": nested(t, "endpoints", map[string]tftypes.Value{"s3": text("localhost:9000")})}, at: "endpoints.s3", says: "http"},
		"half a pair of keys":          {set: map[string]tftypes.Value{"access_key": text("AKIDEXAMPLE")}, at: "access_key", says: "set both"},
		"a negative duration":          {set: map[string]tftypes.Value{"health": nested(t, "health", map[string]tftypes.Value{"retry_delay": text("-1s")})}, at: "health.retry_delay", says: "30s"},
		"a duration without a unit":    {set: map[string]tftypes.Value{"health": nested(t, "health", map[string]tftypes.Value{"timeout": text("30")})}, at: "health.timeout", says: "unit"},
		"a bad environment variable":   {environment: [2]string{"MAX_RETRIES", "many"}, at: "", says: "MAX_RETRIES"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.environment[0] != "" {
				t.Setenv(test.environment[0], test.environment[1])
			}
			var resp provider.ValidateConfigResponse
			server, ok := New("test")().(provider.ProviderWithValidateConfig)
			if !ok {
				t.Fatal("the provider validates its block")
			}
			server.ValidateConfig(t.Context(), provider.ValidateConfigRequest{Config: configOf(t, test.set)}, &resp)
			if resp.Diagnostics.ErrorsCount() != 1 {
				t.Fatalf("%d errors: %v", resp.Diagnostics.ErrorsCount(), resp.Diagnostics)
			}
			problem := resp.Diagnostics.Errors()[0]
			if !strings.Contains(problem.Detail(), test.says) {
				t.Errorf("it says %q", problem.Detail())
			}
			if at, ok := problem.(diag.DiagnosticWithPath); (ok && at.Path().String() != test.at) || (!ok && test.at != "") {
				t.Errorf("it is at %v, not at %s", problem, test.at)
			}
		})
	}
}

func TestAWSArguments(t *testing.T) {
	var config model
	diags := configOf(t, map[string]tftypes.Value{
		"region": text("eu-central-1"), "profile": text("p"), "max_retries": tftypes.NewValue(tftypes.Number, 3), "s3_use_path_style": tftypes.NewValue(tftypes.Bool, true),
		"skip_metadata_api_check": tftypes.NewValue(tftypes.Bool, true),
		"endpoints":               nested(t, "endpoints", map[string]tftypes.Value{"lambda": text("http://127.0.0.1:5000")}),
		"assume_role":             nested(t, "assume_role", map[string]tftypes.Value{"role_arn": text("arn:aws:iam::123456789012:role/r"), "duration": text("1h")}),
		"allowed_account_ids":     tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{text("123456789012")}),
	}).Get(t.Context(), &config)
	config.open(t.Context(), &diags)
	aws := config.toAWS(t.Context(), &diags)
	if diags.HasError() {
		t.Fatal(diags)
	}
	if aws.Region != "eu-central-1" || aws.Profile != "p" || aws.MaxRetries != 3 || !aws.S3UsePathStyle || aws.Endpoints["lambda"] != "http://127.0.0.1:5000" {
		t.Errorf("got %+v", aws)
	}
	if len(aws.AssumeRole) != 1 || aws.AssumeRole[0].RoleARN != "arn:aws:iam::123456789012:role/r" || aws.AssumeRole[0].Duration != time.Hour {
		t.Errorf("assume_role is %+v", aws.AssumeRole)
	}
	if len(aws.AllowedAccountIds) != 1 || aws.AllowedAccountIds[0] != "123456789012" {
		t.Errorf("allowed accounts are %v", aws.AllowedAccountIds)
	}
}

func TestSinksAreMadeOnlyWhenAsked(t *testing.T) {
	data, diags := configure(t, nil)
	if diags.HasError() {
		t.Fatal(diags)
	}
	if sinks, ok := data.Sink.(notify.Sinks); !ok || len(sinks) != 0 {
		t.Errorf("an empty block has sinks: %v", data.Sink)
	}
	if err := data.Sink.Send(context.Background(), notify.Event{Kind: notify.SwitchReverted}); err != nil {
		t.Error(err)
	}
	data, diags = configure(t, map[string]tftypes.Value{
		"metrics": nested(t, "metrics", nil),
		"notify":  nested(t, "notify", map[string]tftypes.Value{"sns_topic_arn": text("arn:aws:sns:eu-west-1:123456789012:t"), "event_bus_name": text("b")}),
	})
	if diags.HasError() {
		t.Fatal(diags)
	}
	if sinks, ok := data.Sink.(notify.Sinks); !ok || len(sinks) != 3 {
		t.Errorf("three sinks were asked for: %v", data.Sink)
	}
}

func TestUnknownStoreIsToldOnUse(t *testing.T) {
	local := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"path": tftypes.String}}, map[string]tftypes.Value{
		"path": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
	})
	data, diags := configure(t, map[string]tftypes.Value{"store": nested(t, "store", map[string]tftypes.Value{"local": local})})
	if diags.HasError() {
		t.Fatal(diags)
	}
	if _, err := data.OpenStore(t.Context()); err == nil || !strings.Contains(err.Error(), "not known yet") {
		t.Errorf("got %v", err)
	}
}

// A module gives the block whole objects out of its variables, and Terraform validates before it knows them.
func TestWholeObjectsMayBeUnknown(t *testing.T) {
	unknown := map[string]tftypes.Value{}
	for _, name := range []string{"store", "health", "metrics", "notify", "assume_role", "assume_role_with_web_identity", "endpoints"} {
		unknown[name] = tftypes.NewValue(providerSchema().Attributes[name].GetType().TerraformType(t.Context()), tftypes.UnknownValue)
	}
	var config model
	diags := configOf(t, unknown).Get(t.Context(), &config)
	config.open(t.Context(), &diags)
	config.validate(&diags)
	if diags.HasError() {
		t.Fatal(diags)
	}
	if _, err := config.toStore(nil)(t.Context()); !errors.Is(err, errStoreUnknown) {
		t.Errorf("a store that is not known yet was opened: %v", err)
	}
	store := nested(t, "store", map[string]tftypes.Value{
		"s3": tftypes.NewValue(providerSchema().Attributes["store"].GetType().TerraformType(t.Context()).(tftypes.Object).AttributeTypes["s3"], tftypes.UnknownValue),
	})
	config = model{}
	diags = configOf(t, map[string]tftypes.Value{"store": store}).Get(t.Context(), &config)
	config.open(t.Context(), &diags)
	if _, err := config.toStore(nil)(t.Context()); diags.HasError() || !errors.Is(err, errStoreUnknown) {
		t.Errorf("a bucket that is not known yet was opened: %v, %v", diags, err)
	}
}
