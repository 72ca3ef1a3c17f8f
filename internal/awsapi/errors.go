package awsapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Failure is what an AWS call's error says, for people: nothing in it is a secret.
type Failure struct {
	Service   string
	Operation string
	Code      string // "AccessDeniedException"; empty when AWS was not reached
	Message   string
	Status    int // HTTP status; 0 when AWS was not reached
	RequestID string
}

// Explain takes an error apart. ok is false when it did not come from an AWS call.
func Explain(err error) (failure Failure, ok bool) {
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		failure.Service, failure.Operation, ok = operation.ServiceID, operation.OperationName, true
		failure.Message = operation.Err.Error()
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		failure.Status, failure.RequestID, ok = response.HTTPStatusCode(), response.RequestID, true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		failure.Code, failure.Message, ok = api.ErrorCode(), api.ErrorMessage(), true
	}
	if needed := headPermissions[failure.Operation]; needed != "" && failure.Status == http.StatusForbidden {
		failure.Message = "S3 gives no reason for refusing a HEAD request; it needs " + needed
	}
	return failure, ok
}

// headPermissions are what a HEAD request to S3 needs, whose refusal has no body that could say so:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
var headPermissions = map[string]string{
	"HeadObject": "s3:GetObject, for an older version s3:GetObjectVersion, and s3:ListBucket to be told that an object does not exist",
	"HeadBucket": "s3:ListBucket",
}

// Raw is the text that the SDK has for a call that failed, which is a part of err's; empty when err is of no call.
func Raw(err error) string {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return ""
	}
	return operation.Error()
}

// The codes are those of each service's API reference, "Errors"; the shared ones are in
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
// https://docs.aws.amazon.com/general/latest/gr/api-retries.html.
var (
	notFoundCodes = []string{
		"ResourceNotFoundException", "ResourceNotFound", "NoSuchHostedZone", "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NotFound",
		"NotFoundException", "NoSuchDistribution", "NoSuchEntity", "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault",
		"InvalidGroup.NotFound", "InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "LoadBalancerNotFound", "TargetGroupNotFound",
		"RuleNotFound", "ListenerNotFound", "ClusterNotFoundException", "ServiceNotFoundException", "ParameterNotFound", "NoSuchChange",
		"NatGatewayNotFound", "InvalidLaunchTemplateId.NotFoundException", "DBParameterGroupNotFound", "DBParameterGroupNotFoundFault",
		"DBSubnetGroupNotFoundFault", "NoSuchBucketPolicy", "NoSuchLifecycleConfiguration", "NoSuchWebsiteConfiguration", "NoSuchTagSet",
		"ServerSideEncryptionConfigurationNotFoundError", "NoSuchPublicAccessBlockConfiguration", "NotFoundFault",
		"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist",
	}
	deniedCodes = []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException",
		"NotAuthorized", "OptInRequired", "SubscriptionRequiredException",
		"Forbidden", // what the SDK makes of a 403 without a body: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
	}
	credentialCodes = []string{
		"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
		"InvalidSignatureException", "AuthFailure", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "RequestExpired",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
	}
	throttledCodes = []string{
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "ProvisionedThroughputExceededException",
		"SlowDown", "PriorRequestNotComplete", "TransactionInProgressException", "EC2ThrottledException",
	}
	preconditionCodes = []string{
		"PreconditionFailed", "PreconditionFailedException", "InvalidIfMatchVersion", "ConditionalRequestConflict", "ConditionalCheckFailedException",
	}
)

// ErrNotFound is for answers that say without an error that the thing asked for does not exist: a listing narrowed to it, and
// empty. IsNotFound knows it.
var ErrNotFound = errors.New("AWS answered that it does not exist")

// IsNotFound tells that the thing asked for does not exist. EC2 has a code for each kind of thing, all with the same end.
func IsNotFound(err error) bool {
	if errors.Is(err, ErrNotFound) {
		return true
	}
	failure, ok := Explain(err)
	return ok && (strings.HasSuffix(failure.Code, ".NotFound") || slices.Contains(notFoundCodes, failure.Code) || (failure.Code == "" && failure.Status == http.StatusNotFound))
}

// IsDenied tells that the caller is known and not allowed.
func IsDenied(err error) bool {
	failure, ok := Explain(err)
	return ok && (slices.Contains(deniedCodes, failure.Code) || (failure.Code == "" && failure.Status == http.StatusForbidden))
}

// IsCredentials tells that there are no credentials, or that AWS does not take them.
func IsCredentials(err error) bool {
	var config *ConfigError
	if errors.As(err, &config) {
		return true
	}
	failure, ok := Explain(err)
	return ok && slices.Contains(credentialCodes, failure.Code)
}

// IsThrottled tells that AWS asked to slow down.
func IsThrottled(err error) bool {
	failure, ok := Explain(err)
	return ok && (slices.Contains(throttledCodes, failure.Code) || failure.Status == http.StatusTooManyRequests)
}

// IsPrecondition tells that somebody else changed the thing first.
func IsPrecondition(err error) bool {
	failure, ok := Explain(err)
	return ok && (slices.Contains(preconditionCodes, failure.Code) || failure.Status == http.StatusPreconditionFailed)
}

// IsUnreachable tells that AWS was not reached at all, or answered 5xx: the same call may go through later.
func IsUnreachable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	failure, ok := Explain(err)
	if ok && failure.Status >= http.StatusInternalServerError {
		return true
	}
	var network net.Error
	return errors.As(err, &network) && (!ok || failure.Status == 0)
}

// HasCode tells that the error carries one of the codes.
func HasCode(err error, codes ...string) bool {
	failure, ok := Explain(err)
	return ok && slices.Contains(codes, failure.Code)
}

// BucketRegion is where S3 says that a bucket is, when it was asked for in another Region; empty for every other error. The header is
// that of https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html.
func BucketRegion(err error) string {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return ""
	}
	return response.Response.Header.Get("X-Amz-Bucket-Region")
}
