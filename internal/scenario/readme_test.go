package scenario

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestREADMEShowsTheExample: what people copy from the README is the file that TestAccREADMEExample applies.
func TestREADMEShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join(root, "examples", "readme", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, append(append([]byte("```terraform\n"), example...), "```\n"...)) {
		t.Error("README.md does not hold examples/readme/main.tf as it is")
	}
	if lines := bytes.Count(example, []byte("\n")); lines > 20 {
		t.Errorf("the example has %d lines; it should fit in twenty", lines)
	}
}

// TestAccREADMEExample_basic: the example of the README, applied as it stands, brings a release out.
func TestAccREADMEExample_basic(t *testing.T) {
	t.Parallel()
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cfg := e.AWSConfig()
	zone := shopZone(ctx, t, route53.NewFromConfig(cfg))
	shopFunction(ctx, t, iam.NewFromConfig(cfg), lambda.NewFromConfig(cfg))
	blue, green := serve(t), serve(t)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(filepath.Join(root, "examples", "readme"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	w.Vars = []string{
		fmt.Sprintf("-var=urls={blue=%q,green=%q}", blue.URL, green.URL), "-var=zone_id=" + zone, "-var=interval=1s", "-var=release=v2", "-var=colour=green",
	}
	ended, err := w.Apply(ctx)
	if err != nil || ended.Exit != 0 {
		t.Fatalf("apply: %v, exit %d\n%s", err, ended.Exit, ended.Output)
	}
	sets, err := route53.NewFromConfig(cfg).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone)})
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets.ResourceRecordSets {
		if set.Weight != nil && (*set.Weight > 0) != (aws.ToString(set.SetIdentifier) == "green") {
			t.Errorf("%s has weight %d", aws.ToString(set.SetIdentifier), *set.Weight)
		}
	}
	second, err := w.Plan(ctx)
	if err != nil || !strings.Contains(second.Output, "No changes.") {
		t.Errorf("the second plan is not empty: %v\n%s", err, second.Output)
	}
}

func shopZone(ctx context.Context, t *testing.T, client *route53.Client) string {
	t.Helper()
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("shop.example"), CallerReference: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the stack of the other scenario asks that nothing is left
		_, _ = client.DeleteHostedZone(context.WithoutCancel(ctx), &route53.DeleteHostedZoneInput{Id: zone.HostedZone.Id})
	})
	var changes, back []r53types.Change
	for colour, weight := range map[string]int64{"blue": 100, "green": 0} {
		set := &r53types.ResourceRecordSet{
			Name: aws.String("www.shop.example"), Type: r53types.RRTypeA, SetIdentifier: aws.String(colour), Weight: aws.Int64(weight), TTL: aws.Int64(1),
			ResourceRecords: []r53types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
		}
		after := *set
		after.Weight = aws.Int64(map[string]int64{"blue": 0, "green": 100}[colour])
		changes = append(changes, r53types.Change{Action: r53types.ChangeActionCreate, ResourceRecordSet: set})
		back = append(back, r53types.Change{Action: r53types.ChangeActionDelete, ResourceRecordSet: &after})
	}
	if _, err := client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: &r53types.ChangeBatch{Changes: changes}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.ChangeResourceRecordSets(context.WithoutCancel(ctx), &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: &r53types.ChangeBatch{Changes: back}})
	})
	return strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/")
}

func shopFunction(ctx context.Context, t *testing.T, roles *iam.Client, client *lambda.Client) {
	t.Helper()
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("shop-api"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",` +
			`"Principal":{"Service":"lambda.amazonaws.com"}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "v1.zip")
	pack(t, name, "v1")
	code, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	created, err := client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("shop-api"), Role: role.Role.Arn, Handler: aws.String("index.handler"), Runtime: lambdatypes.RuntimeNodejs20x,
		Code: &lambdatypes.FunctionCode{ZipFile: code}, Publish: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteAlias(context.WithoutCancel(ctx), &lambda.DeleteAliasInput{FunctionName: aws.String("shop-api"), Name: aws.String("live")})
		_, _ = client.DeleteFunction(context.WithoutCancel(ctx), &lambda.DeleteFunctionInput{FunctionName: aws.String("shop-api")})
	})
	if _, err := client.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: aws.String("shop-api"), Name: aws.String("live"), FunctionVersion: created.Version}); err != nil {
		t.Fatal(err)
	}
}
