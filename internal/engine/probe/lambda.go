package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/textproto"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// LambdaAPI is what a Lambda check calls.
type LambdaAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Lambda invokes a function and waits for its answer.
type Lambda struct {
	Client      func(context.Context) (LambdaAPI, error) // made at the first attempt
	Function    string
	Qualifier   string // version or alias; empty means $LATEST
	Payload     string // JSON; empty sends none
	Expect      Expect
	MaxDuration time.Duration // zero means no bound
}

// Name is "lambda".
func (*Lambda) Name() string { return "lambda" }

// Probe invokes once, without the client's own retries: an invocation may have effects, and the gate repeats it. The
// answer's status is the statusCode in the payload where there is one (as API Gateway and function URLs read it), else
// that of the invocation; its body is the payload.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (l *Lambda) Probe(ctx context.Context) Observation {
	what := "invoke " + l.Function
	if l.Qualifier != "" {
		what += ":" + l.Qualifier
	}
	client, err := l.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, what, err, 0)
	}
	input := &lambda.InvokeInput{FunctionName: aws.String(l.Function), InvocationType: types.InvocationTypeRequestResponse}
	if l.Qualifier != "" {
		input.Qualifier = aws.String(l.Qualifier)
	}
	if l.Payload != "" {
		input.Payload = []byte(l.Payload)
	}
	started := time.Now()
	output, err := client.Invoke(ctx, input, func(o *lambda.Options) { o.RetryMaxAttempts = 1 })
	latency := time.Since(started)
	if err != nil {
		return awsTrouble(ctx, what, err, latency)
	}
	if output.FunctionError != nil {
		return Observation{
			Status: Fail, Latency: latency, Reason: fmt.Sprintf("%s: the function failed (%s%s); its log has the details", what, aws.ToString(output.FunctionError), errorType(output.Payload)),
			Values: map[string]string{"function_error": aws.ToString(output.FunctionError), "version": aws.ToString(output.ExecutedVersion)},
		}
	}
	answer := lambdaAnswer(output, latency)
	seen := l.Expect.judge(answer, LambdaDialect)
	seen.Values["version"] = aws.ToString(output.ExecutedVersion)
	if seen.Status == Pass && l.MaxDuration > 0 && latency > l.MaxDuration {
		seen = seen.fail("it took %s, more than %s", latency.Round(time.Millisecond), l.MaxDuration)
	}
	if seen.Reason != "" {
		seen.Reason = what + ": " + seen.Reason
	}
	return seen
}

func lambdaAnswer(output *lambda.InvokeOutput, latency time.Duration) *Answer {
	answer := &Answer{Status: int(output.StatusCode), Headers: map[string][]string{}, Body: string(output.Payload), Latency: latency}
	object, ok := answer.json().(map[string]any)
	if !ok {
		return answer
	}
	if status, ok := object["statusCode"].(int); ok {
		answer.Status = status
	}
	if headers, ok := object["headers"].(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if value, ok := render(headers[name]); ok {
				answer.Headers[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
			}
		}
	}
	return answer
}

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:]{0,79}$`)

// errorType is the class of an error that a function returned, which is no secret as its message may be.
func errorType(payload []byte) string {
	var failure struct {
		ErrorType string `json:"errorType"`
	}
	if json.Unmarshal(payload, &failure) != nil || !identifier.MatchString(failure.ErrorType) {
		return ""
	}
	return ", " + failure.ErrorType
}

func hopeless(err error) bool {
	return awsapi.IsDenied(err) || awsapi.IsNotFound(err) || awsapi.IsCredentials(err) || errors.Is(err, awsapi.ErrNoRegion)
}

// awsTrouble is an attempt that AWS did not answer as asked. What no repetition can change is final: a missing
// permission or resource, and credentials that are not taken.
func awsTrouble(ctx context.Context, what string, err error, latency time.Duration) Observation {
	seen := Observation{Status: Error, Latency: latency, Final: hopeless(err)}
	failure, ok := awsapi.Explain(err)
	switch {
	case context.Cause(ctx) != nil:
		seen.Reason, seen.Final = what+": "+words(ctx, err), false
	case ok && failure.Code != "":
		seen.Reason = fmt.Sprintf("%s: AWS answered %s: %s", what, failure.Code, failure.Message)
		if failure.RequestID != "" {
			seen.Values = map[string]string{"request_id": failure.RequestID}
		}
	default:
		seen.Reason = what + ": " + words(ctx, err)
	}
	return seen
}
