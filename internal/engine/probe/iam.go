package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// IAMAPI is what an IAM check calls.
type IAMAPI interface {
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

// IAM asks whether a principal may do things.
type IAM struct {
	Client    func(context.Context) (IAMAPI, error) // made at the first attempt
	Principal string                                // ARN of a user, group or role
	Actions   []string
	Resources []string // ARNs; empty means all ("*")
}

// Name is "iam".
func (*IAM) Name() string { return "iam" }

// maxSimulated is how many results one answer may hold: the most that IAM allows.
const maxSimulated = 1000

// maxDeniedNamed bounds how many denials a reason names.
const maxDeniedNamed = 20

// Probe simulates all actions on all resources at once. What IAM changes takes some seconds to reach everywhere, so that a
// denial, or a principal that does not exist, may yet change.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func (i *IAM) Probe(ctx context.Context) Observation {
	what := "simulate the policies of " + i.Principal
	started := time.Now()
	client, err := i.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, what, err, 0)
	}
	results, err := i.simulate(ctx, client)
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return Observation{Status: Fail, Latency: latency, Reason: fmt.Sprintf("the principal %s does not exist", i.Principal)}
	case err != nil:
		return refused(ctx, what, "iam:SimulatePrincipalPolicy", err, latency)
	case len(results) == 0:
		return Observation{Status: Error, Latency: latency, Reason: what + ": IAM answered without a decision"}
	}
	var denied []string
	decided := 0
	for _, result := range results {
		count, words := denials(&result)
		decided += count
		denied = append(denied, words...)
	}
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{"decisions": strconv.Itoa(decided), "denied": strconv.Itoa(len(denied))}}
	if len(denied) > 0 {
		slices.Sort(denied)
		denied = slices.Compact(denied) // where IAM tells an action and its resource twice
		if more := len(denied) - maxDeniedNamed; more > 0 {
			denied = append(denied[:maxDeniedNamed], fmt.Sprintf("%d more", more))
		}
		seen = seen.fail("%s may not: %s", i.Principal, strings.Join(denied, ", "))
	}
	return seen
}

func (i *IAM) simulate(ctx context.Context, client IAMAPI) ([]types.EvaluationResult, error) {
	input := &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String(i.Principal), ActionNames: i.Actions, ResourceArns: i.Resources, MaxItems: aws.Int32(maxSimulated),
	}
	var results []types.EvaluationResult
	for {
		output, err := client.SimulatePrincipalPolicy(ctx, input, func(o *iam.Options) { o.RetryMaxAttempts = awsAttempts })
		if err != nil {
			return nil, err
		}
		results = append(results, output.EvaluationResults...)
		if !output.IsTruncated {
			return results, nil
		}
		input.Marker = output.Marker
	}
}

// denials lists what of an action is not allowed, resource by resource where IAM tells them apart, among how many decisions.
func denials(result *types.EvaluationResult) (decided int, denied []string) {
	action := aws.ToString(result.EvalActionName)
	add := func(resource string, decision types.PolicyEvaluationDecisionType, missing []string, boundary *types.PermissionsBoundaryDecisionDetail) {
		decided++
		if decision == types.PolicyEvaluationDecisionTypeAllowed {
			return
		}
		words := action
		if resource != "" && resource != "*" {
			words += " on " + resource
		}
		words += " (" + string(decision)
		if organization := result.OrganizationsDecisionDetail; organization != nil && !organization.AllowedByOrganizations {
			words += ", by a policy of the organization"
		}
		if boundary != nil && !boundary.AllowedByPermissionsBoundary {
			words += ", by the permissions boundary"
		}
		if len(missing) > 0 {
			words += ", and a policy asks for " + strings.Join(missing, ", ") + ", which is not known here"
		}
		denied = append(denied, words+")")
	}
	if len(result.ResourceSpecificResults) == 0 {
		add(aws.ToString(result.EvalResourceName), result.EvalDecision, result.MissingContextValues, result.PermissionsBoundaryDecisionDetail)
	}
	for _, one := range result.ResourceSpecificResults {
		add(aws.ToString(one.EvalResourceName), one.EvalResourceDecision, one.MissingContextValues, one.PermissionsBoundaryDecisionDetail)
	}
	return decided, denied
}
