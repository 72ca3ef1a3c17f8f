package awsapi

import "testing"

func TestPermission(t *testing.T) {
	for failure, want := range map[Failure]string{
		{Service: "Lambda", Operation: "UpdateAlias"}:                      "lambda:UpdateAlias",
		{Service: "Lambda", Operation: "Invoke"}:                           "lambda:InvokeFunction",
		{Service: "API Gateway", Operation: "UpdateStage"}:                 "apigateway:PATCH",
		{Service: "ApiGatewayV2", Operation: "GetApis"}:                    "apigateway:GET",
		{Service: "S3", Operation: "HeadObject"}:                           "s3:GetObject",
		{Service: "S3", Operation: "GetBucketPolicy"}:                      "s3:GetBucketPolicy",
		{Service: "S3 Control", Operation: "CreateJob"}:                    "s3:CreateJob",
		{Service: "Elastic Load Balancing v2", Operation: "DescribeRules"}: "elasticloadbalancing:DescribeRules",
		{Service: "CloudWatch Logs", Operation: "DescribeLogGroups"}:       "logs:DescribeLogGroups",
		{Service: "Route 53", Operation: "ChangeResourceRecordSets"}:       "route53:ChangeResourceRecordSets",
		{Service: "Something", Operation: "Else"}:                          "",
		{Service: "Lambda"}: "",
	} {
		if got := failure.Permission(); got != want {
			t.Errorf("%+v needs %q, want %q", failure, got, want)
		}
	}
}
