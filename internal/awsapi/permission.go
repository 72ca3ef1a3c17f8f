package awsapi

import "strings"

// iamPrefixes are how IAM calls the services, by how the SDK calls them:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var iamPrefixes = map[string]string{
	"API Gateway": "apigateway", "ApiGatewayV2": "apigateway", "Auto Scaling": "autoscaling", "CloudFront": "cloudfront", "CloudFront KeyValueStore": "cloudfront-keyvaluestore",
	"CloudTrail": "cloudtrail", "CloudWatch": "cloudwatch", "CloudWatch Logs": "logs", "Config Service": "config", "DynamoDB": "dynamodb", "EC2": "ec2", "ECS": "ecs",
	"Elastic Load Balancing v2": "elasticloadbalancing", "EventBridge": "events", "IAM": "iam", "KMS": "kms", "Lambda": "lambda", "Pricing": "pricing", "RDS": "rds",
	"Route 53": "route53", "S3": "s3", "S3 Control": "s3", "SNS": "sns", "SQS": "sqs", "SSM": "ssm", "STS": "sts", "Scheduler": "scheduler", "Secrets Manager": "secretsmanager",
}

// otherActions are the operations whose action has another name.
var otherActions = map[string]string{
	"lambda:Invoke": "lambda:InvokeFunction", // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistributionWithStagingConfig.html
	"cloudfront:UpdateDistributionWithStagingConfig": "cloudfront:UpdateDistribution",
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
	"s3:HeadObject": "s3:GetObject", "s3:HeadBucket": "s3:ListBucket", "s3:ListBuckets": "s3:ListAllMyBuckets", "s3:ListObjectsV2": "s3:ListBucket", "s3:ListObjectVersions": "s3:ListBucketVersions",
	"s3:CopyObject": "s3:PutObject", "s3:UploadPartCopy": "s3:PutObject", "s3:CreateMultipartUpload": "s3:PutObject", "s3:CompleteMultipartUpload": "s3:PutObject", "s3:DeleteObjects": "s3:DeleteObject",
	"s3:GetObjectTagging":    "s3:GetObjectVersionTagging", // of a version, always
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration", "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}

// apiGatewayVerbs are what API Gateway's actions are called by, after the beginning of an operation's name:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-apis.html
var apiGatewayVerbs = []struct{ operation, action string }{
	{"Get", "apigateway:GET"}, {"Create", "apigateway:POST"}, {"Update", "apigateway:PATCH"}, {"Delete", "apigateway:DELETE"},
}

// Permission is the IAM action that the failed call needs, such as "s3:GetObject" for HeadObject: what to give a caller whom AWS denied it.
// A call that needs several, as a copy does, has the one of its destination. Empty for what is no call of a service known here.
func (f Failure) Permission() string {
	prefix := iamPrefixes[f.Service]
	if prefix == "" || f.Operation == "" {
		return ""
	}
	if prefix == "apigateway" {
		for _, verb := range apiGatewayVerbs {
			if strings.HasPrefix(f.Operation, verb.operation) {
				return verb.action
			}
		}
	}
	action := prefix + ":" + f.Operation
	if other, ok := otherActions[action]; ok {
		return other
	}
	return action
}
