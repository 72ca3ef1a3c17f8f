package drift_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

func TestAccDeletedIsCritical(t *testing.T) {
	s := newStack(t, "deleted")
	ctx := s.context()
	must[*lambda.DeleteFunctionOutput](s)(s.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &s.name}))
	s.deleteDatabase()
	must[*ec2.DeleteSecurityGroupOutput](s)(s.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &s.second}))
	result := s.detect()
	var gone []string
	for _, item := range result.Items {
		if item.Kind == engine.Deleted && item.Category == engine.Critical && len(item.Changes) == 0 {
			gone = append(gone, string(item.Address))
		}
	}
	if got, want := strings.Join(gone, " "), "aws_db_instance.db aws_lambda_function.fn aws_security_group.db"; got != want || len(result.Unverified) != 0 {
		t.Errorf("deleted: %s, want %s; unverified %+v", got, want, result.Unverified)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config:      config(t, s.file(), `fail_on = "critical"`),
			ExpectError: regexp.MustCompile(`(?s)aws_lambda_function\.fn.*was\s+deleted.*terraform\s+state\s+rm`),
		}},
	})
}

func TestAccUnreadIsNeverClean(t *testing.T) {
	s := newStack(t, "unread")
	path := s.file()
	for name, c := range map[string]struct {
		fault  emulator.Fault
		reason string
		count  int
	}{
		"denied":            {emulator.Fault{Service: "ec2", Operation: "DescribeSecurityGroups", Status: 403, Code: "UnauthorizedOperation"}, "access denied", 2},
		"throttled":         {emulator.Fault{Service: "lambda", Operation: "ListFunctions20150331", Throttle: true}, "throttled", 1},
		"half of it denied": {emulator.Fault{Service: "ec2", Operation: "DescribeVpcAttribute", Status: 403, Code: "UnauthorizedOperation"}, "DNS attributes could not be read: access denied", 1},
	} {
		t.Run(name, func(t *testing.T) {
			if c.fault.Service == "lambda" {
				c.fault.Operation = ""
			}
			defer s.emulator.Inject(c.fault)()
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: config(t, path, `fail_on = "critical"`), ExpectError: regexp.MustCompile(`(?s)Drift could not be ruled out.*fail_on_unverified`)},
					{
						Config: config(t, path, "fail_on = \"critical\"\n  fail_on_unverified = false"),
						ConfigStateChecks: []statecheck.StateCheck{
							expect("total", knownvalue.Int64Exact(0)), expect("unverified", knownvalue.Int64Exact(int64(c.count))),
							expect("unverified_resources", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
								"reason": knownvalue.StringRegexp(regexp.MustCompile(c.reason)),
							})})),
							expect("coverage_percent", knownvalue.Float64Func(func(got float64) error {
								if got >= 100 {
									t.Errorf("coverage is %v", got)
								}
								return nil
							})),
						},
					},
				},
			})
		})
	}
}

// Looking with another account's credentials, everything seems to be gone. It is not.
func TestAccOtherAccountIsNotDeleted(t *testing.T) {
	s := newStack(t, "account")
	s.state = golden(t) // made in another run: its ids do not exist here
	text := strings.ReplaceAll(string(s.json()), "123456789012", "999999999999")
	s.replaceState(text)
	result := s.detect()
	if len(result.Items) != 0 || len(result.Unverified) == 0 {
		t.Fatalf("items %+v", result.Items)
	}
	for _, unverified := range result.Unverified {
		if !strings.Contains(unverified.Reason, "999999999999") {
			t.Errorf("%s: %s", unverified.Address, unverified.Reason)
		}
	}
}

func TestAccSecretsAreComparedAndNotShown(t *testing.T) {
	s := newStack(t, "secret")
	for _, step := range s.functionChanges() {
		if step.path == "environment.variables.TOKEN" && step.category != "" {
			if err := step.change(s.context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	result := s.detect()
	text, err := result.JSON(true)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Items) != 1 || *result.Items[0].Changes[0].Actual != engine.Hidden {
		t.Errorf("got %+v", result.Items)
	}
	for _, secret := range []string{"s3cr3t", "changed\""} {
		if strings.Contains(strings.ReplaceAll(string(text), `"kind": "changed"`, ""), secret) {
			t.Errorf("%q is in the report", secret)
		}
	}
}
