package live

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// largest are the pages' sizes in what is sent, each at the most that the call's page in the API reference allows; the calls
// with "" take no size.
var largest = map[string]string{
	"aws_api_gateway_rest_api": "limit=500", "aws_apigatewayv2_api": "maxResults=500", "aws_autoscaling_group": "MaxRecords=100",
	"aws_cloudwatch_metric_alarm": `"MaxRecords":100`, "aws_cloudwatch_log_group": `"limit":50`, "aws_dynamodb_table": `"Limit":100`,
	"aws_vpc": "MaxResults=1000&", "aws_security_group": "MaxResults=1000&", "aws_lb": "PageSize=400",
	"aws_lb_target_group": "PageSize=400", "aws_iam_role": "MaxItems=1000", "aws_iam_policy": "MaxItems=1000",
	"aws_instance": "MaxResults=1000&", "aws_ebs_volume": "MaxResults=1000&", "aws_lambda_function": "MaxItems=50",
	"aws_lambda_event_source_mapping": "MaxItems=100", "aws_launch_template": "MaxResults=200", "aws_network_acl": "MaxResults=1000&",
	"aws_db_instance": "MaxRecords=100", "aws_rds_cluster": "MaxRecords=100", "aws_db_subnet_group": "MaxRecords=100",
	"aws_route53_zone": "maxitems=100", "aws_route_table": "MaxResults=100&", "aws_s3_bucket": "max-buckets=10000",
	"aws_sns_topic": "", "aws_sqs_queue": `"MaxResults":1000`, "aws_ssm_parameter": `"MaxResults":50`,
	"aws_secretsmanager_secret": `"MaxResults":100`, "aws_subnet": "MaxResults=1000&", "aws_internet_gateway": "MaxResults=1000&",
	"aws_nat_gateway": "MaxResults=1000&", "aws_vpc_endpoint": "MaxResults=1000&",
	"aws_cloudfront_distribution": "MaxItems=100", "aws_iam_role_policy": "MaxItems=1000", "aws_db_parameter_group": "MaxRecords=100",
	"aws_rds_cluster_parameter_group": "MaxRecords=100", "aws_sns_topic_subscription": "",
}

// Every listing asks for the largest page that there is.
func TestPagesAreAtTheirLargest(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		asked = append(asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Amz-Target")+" "+string(body))
		mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	endpoints := map[string]string{}
	for _, key := range awsapi.ServiceKeys {
		endpoints[key] = server.URL
	}
	clients := awsapi.New(awsapi.Config{
		Config:    awsbase.Config{AccessKey: "AKIDEXAMPLE", SecretKey: "example", Region: "eu-west-1", SkipCredsValidation: true, MaxRetries: 1, SuppressDebugLog: true},
		Endpoints: endpoints, S3UsePathStyle: true,
	}, "test")
	for _, reader := range Readers(clients) {
		for _, spec := range reader.Types() {
			if !spec.Listed {
				continue
			}
			asked = nil
			if _, err := reader.(Lister).List(t.Context(), Inventory{Type: spec.Type, Region: "eu-west-1", Caller: caller(1, account)}); err == nil || len(asked) == 0 {
				t.Fatalf("%s: %v after %d calls", spec.Type, err, len(asked))
			}
			size, known := largest[spec.Type]
			if !known || !strings.Contains(asked[0], size) {
				t.Errorf("%q: %q asks %s", spec.Type, size, asked[0])
			}
		}
	}
}
