package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// TargetGroupAPI is what a target group check calls.
type TargetGroupAPI interface {
	DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
}

// TargetGroup counts the healthy targets of a load balancer's target group.
type TargetGroup struct {
	Client     func(context.Context) (TargetGroupAPI, error) // made at the first attempt
	ARN        string
	MinHealthy int
}

// Name is "target_group".
func (*TargetGroup) Name() string { return "target_group" }

// maxTargetsNamed bounds how many targets a reason names.
const maxTargetsNamed = 10

// Probe reads the health of all targets once. Targets without health checks ("unavailable") are not healthy, for nobody
// knows. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
func (g *TargetGroup) Probe(ctx context.Context) Observation {
	name := targetGroupName(g.ARN)
	what := "read the target group " + name
	started := time.Now()
	client, err := g.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, what, err, 0)
	}
	output, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(g.ARN)}, func(o *elb.Options) { o.RetryMaxAttempts = awsAttempts })
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return absent(latency, "there is no target group %s in this account and Region", g.ARN)
	case err != nil:
		return refused(ctx, what, "elasticloadbalancing:DescribeTargetHealth", err, latency)
	}
	healthy := 0
	var others []string
	for _, target := range output.TargetHealthDescriptions {
		if target.TargetHealth != nil && target.TargetHealth.State == types.TargetHealthStateEnumHealthy {
			healthy++
			continue
		}
		others = append(others, targetWords(target))
	}
	total := len(output.TargetHealthDescriptions)
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{"healthy": strconv.Itoa(healthy), "targets": strconv.Itoa(total)}}
	switch {
	case healthy >= g.MinHealthy:
	case total == 0:
		seen = seen.fail("no target is registered in the target group %s", name)
	default:
		slices.Sort(others)
		if more := len(others) - maxTargetsNamed; more > 0 {
			others = append(others[:maxTargetsNamed], fmt.Sprintf("%d more", more))
		}
		seen = seen.fail("%d of %d targets in the target group %s are healthy, fewer than %d: %s", healthy, total, name, g.MinHealthy, strings.Join(others, ", "))
	}
	return seen
}

func targetWords(target types.TargetHealthDescription) string {
	var name, state string
	if target.Target != nil {
		name = aws.ToString(target.Target.Id)
		if target.Target.Port != nil {
			name += ":" + strconv.Itoa(int(*target.Target.Port))
		}
	}
	if target.TargetHealth != nil {
		state = string(target.TargetHealth.State)
		if target.TargetHealth.Reason != "" {
			state += " (" + string(target.TargetHealth.Reason) + ")"
		}
	}
	return name + " " + state
}

// targetGroupName is the name in an ARN such as arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef.
func targetGroupName(arn string) string {
	_, rest, found := strings.Cut(arn, ":targetgroup/")
	name, _, _ := strings.Cut(rest, "/")
	if !found || name == "" {
		return arn
	}
	return name
}
