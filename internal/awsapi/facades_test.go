package awsapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Each service goes where its own endpoint says, with the call that was asked for.
func TestEachServiceHasAnEndpointOfItsOwn(t *testing.T) {
	bare(t)
	var asked atomic.Value
	address, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 4096)
		n, _ := r.Body.Read(body)
		asked.Store(r.URL.Path + " " + r.Header.Get("X-Amz-Target") + " " + string(body[:n]))
		w.WriteHeader(http.StatusForbidden)
	})
	for key, test := range map[string]struct {
		call func(context.Context, *Clients) error
		want string
	}{
		"configservice": {func(ctx context.Context, c *Clients) error {
			client, _ := c.ConfigService(ctx, "")
			_, err := client.SelectResourceConfig(ctx, &configservice.SelectResourceConfigInput{Expression: aws.String("SELECT resourceId")})
			return err
		}, "SelectResourceConfig"},
		"apigateway": {func(ctx context.Context, c *Clients) error {
			client, _ := c.APIGateway(ctx, "")
			_, err := client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: aws.String("a"), StageName: aws.String("prod")})
			return err
		}, "/restapis/a/stages/prod"},
		"apigatewayv2": {func(ctx context.Context, c *Clients) error {
			client, _ := c.APIGatewayV2(ctx, "")
			_, err := client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: aws.String("a"), StageName: aws.String("prod")})
			return err
		}, "/v2/apis/a/stages/prod"},
		"cloudfront": {func(ctx context.Context, c *Clients) error {
			client, _ := c.CloudFront(ctx, "")
			_, err := client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String("E1")})
			return err
		}, "/distribution/E1"},
		"cloudwatch": {func(ctx context.Context, c *Clients) error {
			client, _ := c.CloudWatch(ctx, "")
			_, err := client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(time.Unix(60, 0)), MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("a")}}})
			return err
		}, "GetMetricData"},
		"ecs": {func(ctx context.Context, c *Clients) error {
			client, _ := c.ECS(ctx, "")
			_, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
			return err
		}, "DescribeServices"},
		"elbv2": {func(ctx context.Context, c *Clients) error {
			client, _ := c.ELBV2(ctx, "")
			_, err := client.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: aws.String("a")})
			return err
		}, "DescribeTargetHealth"},
		"iam": {func(ctx context.Context, c *Clients) error {
			client, _ := c.IAM(ctx, "")
			_, err := client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("a"), ActionNames: []string{"s3:GetObject"}})
			return err
		}, "SimulatePrincipalPolicy"},
		"rds": {func(ctx context.Context, c *Clients) error {
			client, _ := c.RDS(ctx, "")
			_, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
			return err
		}, "DescribeDBClusters"},
	} {
		if !slices.Contains(ServiceKeys, key) {
			t.Errorf("%s is not a key of endpoints", key)
		}
		settings := configuration("http://127.0.0.1:1")
		settings.Endpoints[key] = address
		asked.Store("")
		err := test.call(t.Context(), New(settings, "test"))
		if failure, ok := Explain(err); !ok || failure.Status != http.StatusForbidden {
			t.Errorf("%s: %v", key, err)
		}
		if got, _ := asked.Load().(string); !strings.Contains(got, test.want) {
			t.Errorf("%s was asked for %q, not %q", key, got, test.want)
		}
	}
}

func TestDNSSuffix(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"eu-west-1": "amazonaws.com", "cn-north-1": "amazonaws.com.cn", "us-gov-west-1": "amazonaws.com", "nowhere": "amazonaws.com"} {
		if got := DNSSuffix(region); got != want {
			t.Errorf("%s: %s, not %s", region, got, want)
		}
	}
}
