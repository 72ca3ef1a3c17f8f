package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// iamNames are the services whose signing name is not their name in IAM.
var iamNames = map[string]string{"monitoring": "cloudwatch", "email": "ses", "eventbridge": "events"}

// TimeHeader is a header by which a caller whose clock is not the machine's says what time it is, as RFC 3339: what such
// a caller changed propagates by that clock.
const TimeHeader = "X-Emulator-Time"

// timeOf returns when a call was made.
func timeOf(r *http.Request) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, r.Header.Get(TimeHeader)); err == nil {
		return at
	}
	return time.Now()
}

// scopeOf returns the Region and the service (as in IAM) that a request was signed for, and the access key that signed it:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. An unsigned request is
// one to S3, as in moto.
func scopeOf(r *http.Request) (region, service, caller string) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, found := strings.Cut(r.Header.Get("Authorization"), "Credential="); found {
		credential, _, _ = strings.Cut(after, ",")
	}
	scope := strings.Split(credential, "/")
	caller = scope[0]
	switch {
	case len(scope) == 5:
		region, service = scope[2], strings.ToLower(scope[3])
	case len(scope) == 4: // SigV4A has no Region in its scope
		region, service = r.Header.Get("X-Amz-Region-Set"), strings.ToLower(scope[2])
	default:
		service = "s3"
	}
	if name, ok := iamNames[service]; ok {
		service = name
	}
	return region, service, caller
}

// identify finds the protocol, the operation and the resource of a call.
func (x *exchange) identify() {
	x.protocol = x.speaks()
	form := x.form()
	switch x.protocol {
	case protocolCBOR:
		_, x.Operation, _ = strings.Cut(x.request.URL.Path, "/operation/")
	case protocolJSON:
		target := x.request.Header.Get("X-Amz-Target") // AWSEvents.PutEvents
		x.Operation = target[strings.LastIndex(target, ".")+1:]
		x.Resource = firstName(jsonStrings(x.body))
	case protocolQuery, protocolEC2:
		x.Operation = form.Get("Action")
		x.Resource = firstName(form.Get)
	default:
		x.Operation, x.Resource = route(x.Service, x.request)
	}
	x.Mutating = mutates(x.Operation, x.request.Method)
}

// form returns the parameters of a query call.
func (x *exchange) form() url.Values {
	values := x.request.URL.Query()
	if strings.HasPrefix(x.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if parsed, err := url.ParseQuery(string(x.body)); err == nil {
			maps.Copy(values, parsed)
		}
	}
	return values
}

// nameParameters are what services call the thing that a call is about, the most telling first.
var nameParameters = []string{
	"FunctionName", "TopicArn", "QueueUrl", "RoleName", "PolicyArn", "PolicySourceArn", "UserName", "InstanceProfileName",
	"DBInstanceIdentifier", "DBClusterIdentifier", "LoadBalancerArn", "TargetGroupArn", "ListenerArn", "RuleArn", "AlarmName",
	"AlarmNames.member.1", "GroupId", "GroupId.1", "SecurityGroupId.1", "InstanceId.1", "VpcId", "VpcId.1", "SubnetId", "SubnetId.1",
	"RouteTableId", "ResourceId.1", "ResourceArn", "TableName", "Name", "Namespace", "EventBusName", "GroupName", "logGroupName",
	"cluster", "service", "secretId", "SecretId", "KeyId",
}

func firstName(get func(string) string) string {
	for _, parameter := range nameParameters {
		if value := get(parameter); value != "" {
			return value
		}
	}
	return ""
}

// readPrefixes begin the names of operations that change nothing. To invoke a function changes nothing in AWS.
var readPrefixes = []string{
	"Get", "List", "Describe", "Head", "Search", "Lookup", "Simulate", "Test", "Check", "Validate", "Query", "Scan", "Select", "BatchGet",
	"Decode", "AssumeRole", "Invoke",
}

func mutates(operation, method string) bool {
	if operation == "" || strings.Contains(operation, " ") { // not known by name
		return method != http.MethodGet && method != http.MethodHead
	}
	for _, prefix := range readPrefixes {
		if strings.HasPrefix(operation, prefix) {
			return false
		}
	}
	return true
}
