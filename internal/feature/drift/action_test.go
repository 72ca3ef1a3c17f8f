package drift_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// actionsFrom is the first Terraform whose actions are of use: 1.14.0 starts after_* too early.
var actionsFrom = tfversion.SkipBelow(version.Must(version.NewVersion("1.14.1")))

// TestAccDriftPublishAction_byHand_basic: a plan tells nobody, the invocation tells what is critical and sends the metrics;
// with nobody to tell, or a topic that is gone, it fails.
func TestAccDriftPublishAction_byHand_basic(t *testing.T) {
	client := os.Getenv("TF_ACC_TERRAFORM_1_14_PATH")
	if client == "" {
		t.Skip("TF_ACC_TERRAFORM_1_14_PATH names no Terraform 1.14.1 or newer")
	}
	s := newStack(t, "by-hand")
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	topic := must[*sns.CreateTopicOutput](s)(sns.NewFromConfig(s.emulator.AWSConfig()).CreateTopic(s.context(), &sns.CreateTopicInput{Name: aws.String("drift-by-hand")}))
	w := must[*workspace.Workspace](s)(workspace.New(t.Context(), workspace.Options{Dir: t.TempDir(), Root: "../../..", Terraform: client, Env: s.emulator.Env()}))
	write := func(provider string) {
		must[any](s)(nil, w.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}
provider "reliability" {
  %s
}
data "reliability_drift" "test" {
  state = { path = %q }
}
action "reliability_drift_publish" "test" {
  config {
    report_json = data.reliability_drift.test.report_json
  }
}
`, provider, s.file())))
	}
	told := func() [2]int {
		return [2]int{acctest.CountCalls(t, "sns", "Publish", ""), acctest.CountCalls(t, "cloudwatch", "PutMetricData", "")}
	}
	invoke := func(exit int, want string) {
		t.Helper()
		ended := must[workspace.Result](s)(w.Apply(t.Context(), "-invoke=action.reliability_drift_publish.test"))
		if ended.Exit != exit || !regexp.MustCompile(want).MatchString(ended.Output) {
			t.Fatalf("exit %d, not %d; or no %q in\n%s", ended.Exit, exit, want, ended.Output)
		}
	}
	write("")
	must[any](s)(nil, w.Init(t.Context()))
	s.emulator.ResetCalls()
	invoke(1, `There is nobody to tell`)
	if got := told(); got != [2]int{} {
		t.Errorf("somebody was told: %v", got)
	}
	write(fmt.Sprintf("metrics = {}\n  notify = { sns_topic_arn = %q }", *topic.TopicArn))
	invoke(0, `Drift: 1 critical, 0 major, 0 minor; sent 4 metrics`)
	if got := told(); got != [2]int{1, 1} {
		t.Errorf("SNS and CloudWatch were called %v times", got)
	}
	write(fmt.Sprintf("notify = { sns_topic_arn = %q }", *topic.TopicArn+"-gone"))
	invoke(1, `Not everybody was told`)
}

// TestAccDriftPublishAction_badInput: what is no report is refused at plan.
func TestAccDriftPublishAction_badInput(t *testing.T) {
	acctest.Emulator(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{actionsFrom},
		Steps: []resource.TestStep{{
			Config:   acctest.ProviderBlock(t) + "action \"reliability_drift_publish\" \"a\" {\n  config {\n    report_json = \"{}\"\n  }\n}\n",
			PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)Not a drift report.*report_json`),
		}},
	})
}
