package emulator_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func code(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	writer := zip.NewWriter(&packed)
	file, err := writer.Create("index.py")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// function makes a function with that many published versions.
func function(t *testing.T, name string, versions int) *lambda.Client {
	t.Helper()
	role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(shared.AWSConfig()).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String("{}"),
	}))
	client := lambda.NewFromConfig(shared.AWSConfig())
	must[*lambda.CreateFunctionOutput](t)(client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: role.Role.Arn, Runtime: types.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: code(t, "0")},
	}))
	for version := range versions {
		must[*lambda.UpdateFunctionCodeOutput](t)(client.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{
			FunctionName: aws.String(name), ZipFile: code(t, fmt.Sprint(version+1)),
		}))
		published := must[*lambda.PublishVersionOutput](t)(client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String(name)}))
		if got := aws.ToString(published.Version); got != fmt.Sprint(version+1) {
			t.Fatalf("version %s, want %d", got, version+1)
		}
	}
	return client
}

func TestLambdaRevisions(t *testing.T) {
	client, name := function(t, "revisions", 2), aws.String("revisions")
	ctx := t.Context()
	got := must[*lambda.GetFunctionOutput](t)(client.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: name}))
	first := got.Configuration.RevisionId
	if aws.ToString(first) == "" {
		t.Fatal("a function has no RevisionId")
	}
	changed := must[*lambda.UpdateFunctionConfigurationOutput](t)(client.UpdateFunctionConfiguration(ctx,
		&lambda.UpdateFunctionConfigurationInput{FunctionName: name, Timeout: aws.Int32(9), RevisionId: first}))
	if aws.ToString(changed.RevisionId) == aws.ToString(first) {
		t.Error("an update kept the RevisionId")
	}
	_, err := client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Timeout: aws.Int32(8), RevisionId: first})
	wantCode(t, err, "PreconditionFailedException")
	var typed *types.PreconditionFailedException
	if !errors.As(err, &typed) {
		t.Errorf("error %v is not PreconditionFailedException", err)
	}
	_, err = client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: code(t, "9"), RevisionId: first})
	wantCode(t, err, "PreconditionFailedException")
	_, err = client.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name, RevisionId: first})
	wantCode(t, err, "PreconditionFailedException")
	_, err = client.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name, CodeSha256: aws.String("other")})
	wantCode(t, err, "InvalidParameterValueException")
	config := must[*lambda.GetFunctionConfigurationOutput](t)(client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: name}))
	if aws.ToInt32(config.Timeout) != 9 || aws.ToString(config.RevisionId) != aws.ToString(changed.RevisionId) {
		t.Errorf("timeout %d, revision %s after refused updates", aws.ToInt32(config.Timeout), aws.ToString(config.RevisionId))
	}

	alias := must[*lambda.CreateAliasOutput](t)(client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))
	moved := must[*lambda.UpdateAliasOutput](t)(client.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("2"), RevisionId: alias.RevisionId,
	}))
	_, err = client.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1"), RevisionId: alias.RevisionId})
	wantCode(t, err, "PreconditionFailedException")
	read := must[*lambda.GetAliasOutput](t)(client.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: name, Name: aws.String("live")}))
	if aws.ToString(read.FunctionVersion) != "2" || aws.ToString(read.RevisionId) != aws.ToString(moved.RevisionId) || aws.ToString(read.RevisionId) == aws.ToString(alias.RevisionId) {
		t.Errorf("alias %s at %s, want 2 at %s", aws.ToString(read.FunctionVersion), aws.ToString(read.RevisionId), aws.ToString(moved.RevisionId))
	}
	listed := must[*lambda.ListAliasesOutput](t)(client.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: name}))
	if len(listed.Aliases) != 1 || aws.ToString(listed.Aliases[0].RevisionId) != aws.ToString(read.RevisionId) {
		t.Errorf("listed %+v", listed.Aliases)
	}
}

func TestLambdaAliases(t *testing.T) {
	client, name := function(t, "aliases", 3), aws.String("aliases")
	ctx := t.Context()
	route := func(version string, weights map[string]float64) error {
		input := &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live")}
		if version != "" {
			input.FunctionVersion = aws.String(version)
		}
		if weights != nil {
			input.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
		}
		_, err := client.UpdateAlias(ctx, input)
		return err
	}
	wantCode(t, route("1", nil), "ResourceNotFoundException")
	must[*lambda.CreateAliasOutput](t)(client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))
	_, err := client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	wantCode(t, err, "ResourceConflictException")
	wantCode(t, route("", map[string]float64{"2": 0.1, "3": 0.1}), "InvalidParameterValueException")
	wantCode(t, route("", map[string]float64{"1": 0.1}), "InvalidParameterValueException")
	wantCode(t, route("", map[string]float64{"$LATEST": 0.1}), "InvalidParameterValueException")
	wantCode(t, route("$LATEST", map[string]float64{"2": 0.1}), "InvalidParameterValueException")
	wantCode(t, route("", map[string]float64{"2": 1.5}), "InvalidParameterValueException")
	wantCode(t, route("", map[string]float64{"9": 0.1}), "ResourceNotFoundException")
	wantCode(t, route("9", nil), "ResourceNotFoundException")
	if err := route("", map[string]float64{"2": 0.25}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, route("2", nil), "InvalidParameterValueException") // still weighted

	for _, version := range []string{"1", "2"} {
		_, err := client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String(version)})
		wantCode(t, err, "ResourceConflictException")
	}
	_, err = client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("$LATEST")})
	wantCode(t, err, "InvalidParameterValueException")
	must[*lambda.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("3")}))
	for _, version := range []string{"2", "1"} { // an empty routing replaces the weights that there are
		if err := route(version, map[string]float64{}); err != nil {
			t.Fatal(err)
		}
	}
	must[*lambda.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("2")}))
}

// A version's number is never given again.
func TestLambdaVersionsAreNotReused(t *testing.T) {
	client, name := function(t, "numbers", 3), aws.String("numbers")
	ctx := t.Context()
	must[*lambda.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("2")}))
	must[*lambda.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("3")}))
	publish := func(content string) string {
		t.Helper()
		updated := must[*lambda.UpdateFunctionCodeOutput](t)(client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
			FunctionName: name, ZipFile: code(t, content), Publish: true,
		}))
		return aws.ToString(updated.Version)
	}
	if got := publish("4"); got != "4" {
		t.Errorf("after 3 versions comes %s, want 4", got)
	}
	role := must[*lambda.GetFunctionConfigurationOutput](t)(client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: name})).Role
	must[*lambda.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name}))
	anew := must[*lambda.CreateFunctionOutput](t)(client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: name, Role: role, Runtime: types.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: code(t, "5")}, Publish: true,
	}))
	if got := aws.ToString(anew.Version); got != "5" {
		t.Errorf("made anew, its first version is %s, want 5", got)
	}
	listed := must[*lambda.ListVersionsByFunctionOutput](t)(client.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: name}))
	if len(listed.Versions) != 2 {
		t.Errorf("%d versions, want $LATEST and 5", len(listed.Versions))
	}
}

func TestLambdaInvoke(t *testing.T) {
	client, name := function(t, "invoke", 2), aws.String("invoke")
	ctx := t.Context()
	must[*lambda.CreateAliasOutput](t)(client.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1"),
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": 0.25}},
	}))
	invoke := func(name, qualifier string) (*lambda.InvokeOutput, error) {
		input := &lambda.InvokeInput{FunctionName: aws.String(name), Payload: []byte(`{"in":1}`)}
		if qualifier != "" {
			input.Qualifier = aws.String(qualifier)
		}
		return client.Invoke(ctx, input)
	}
	if got := must[*lambda.InvokeOutput](t)(invoke("invoke", "")); string(got.Payload) != "null" {
		t.Errorf("a function that does nothing answers %s", got.Payload)
	}
	shared.OnInvoke("invoke", func(version string, payload []byte) ([]byte, string) {
		if version == "2" {
			return []byte(`{"errorMessage":"broken"}`), "Unhandled"
		}
		return fmt.Appendf(nil, `{"version":%q,"got":%s}`, version, payload), ""
	})
	for _, test := range []struct{ name, qualifier, payload, functionError, version string }{
		{"invoke", "", `{"version":"$LATEST","got":{"in":1}}`, "", "$LATEST"},
		{"invoke", "1", `{"version":"1","got":{"in":1}}`, "", "1"},
		{"invoke:1", "", `{"version":"1","got":{"in":1}}`, "", "1"},
		{"arn:aws:lambda:us-east-1:123456789012:function:invoke:2", "", `{"errorMessage":"broken"}`, "Unhandled", "2"},
		{"invoke", "2", `{"errorMessage":"broken"}`, "Unhandled", "2"},
	} {
		got := must[*lambda.InvokeOutput](t)(invoke(test.name, test.qualifier))
		if string(got.Payload) != test.payload || aws.ToString(got.FunctionError) != test.functionError || aws.ToString(got.ExecutedVersion) != test.version {
			t.Errorf("%s %s: payload %s, error %q, version %q", test.name, test.qualifier, got.Payload, aws.ToString(got.FunctionError), aws.ToString(got.ExecutedVersion))
		}
	}
	second := 0
	for range 200 {
		if got := must[*lambda.InvokeOutput](t)(invoke("invoke", "live")); aws.ToString(got.ExecutedVersion) == "2" {
			second++
		}
	}
	if second < 30 || second > 70 {
		t.Errorf("version 2 ran %d times in 200, want about 50", second)
	}
	for _, missing := range [][2]string{{"nowhere", ""}, {"nowhere", "live"}, {"invoke", "9"}, {"invoke", "dead"}} {
		_, err := invoke(missing[0], missing[1])
		wantCode(t, err, "ResourceNotFoundException")
	}
	_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Payload: []byte("not json")})
	wantCode(t, err, "InvalidRequestContentException")
	dry := must[*lambda.InvokeOutput](t)(client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, InvocationType: types.InvocationTypeDryRun}))
	event := must[*lambda.InvokeOutput](t)(client.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, InvocationType: types.InvocationTypeEvent}))
	if dry.StatusCode != http.StatusNoContent || event.StatusCode != http.StatusAccepted {
		t.Errorf("a dry run answers %d, an event %d", dry.StatusCode, event.StatusCode)
	}
}
