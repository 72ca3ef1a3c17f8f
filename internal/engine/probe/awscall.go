package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// awsAttempts is how often a call is tried within one attempt of a check. The gate repeats the attempt; were it the client
// that did, a throttled call would look like one that got no answer in time.
const awsAttempts = 3

// refused is awsTrouble that names the permission to ask for where it is missing.
func refused(ctx context.Context, what, action string, err error, latency time.Duration) Observation {
	seen := awsTrouble(ctx, what, err, latency)
	if seen.Final && awsapi.IsDenied(err) {
		seen.Reason += "; the credentials need " + action
	}
	return seen
}

// absent is the observation of something that does not exist, which waiting does not change.
func absent(latency time.Duration, format string, args ...any) Observation {
	return Observation{Status: Fail, Final: true, Reason: fmt.Sprintf(format, args...), Latency: latency}
}
