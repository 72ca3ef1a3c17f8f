package drift

import (
	"errors"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// UnreachableError says that nothing at all could be read: AWS was not reached, or takes no credentials, or nothing says
// in which Region to look.
type UnreachableError struct{ Err error }

// Error gives the cause.
func (e *UnreachableError) Error() string { return "no resource could be looked at: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// NoRegion tells that nothing says in which Region to look.
func (e *UnreachableError) NoRegion() bool { return errors.Is(e.Err, awsapi.ErrNoRegion) }

// NoCredentials tells that there are no credentials, or that AWS does not take them.
func (e *UnreachableError) NoCredentials() bool { return awsapi.IsCredentials(e.Err) }

// unreachable returns an error when all reads failed for want of a way to AWS. Reads that AWS itself refused, for lack of
// permission or too many calls, leave their resources unverified instead.
func unreachable(failures []error, reads int) error {
	if reads == 0 || len(failures) < reads {
		return nil
	}
	for _, err := range failures {
		failure, _ := awsapi.Explain(err)
		cutOff := awsapi.IsUnreachable(err) && failure.Status == 0
		if !cutOff && !awsapi.IsCredentials(err) && !errors.Is(err, awsapi.ErrNoRegion) {
			return nil
		}
	}
	return &UnreachableError{Err: failures[0]}
}

// why says in words why a resource is unverified.
func why(outcome live.Outcome) string {
	if outcome.Err == nil {
		return outcome.Reason
	}
	failure, isAWS := awsapi.Explain(outcome.Err)
	if !isAWS {
		return outcome.Reason + ": " + outcome.Err.Error()
	}
	class := "the call failed"
	switch {
	case awsapi.HasCode(outcome.Err, "OptInRequired"):
		class = "the account has not enabled this Region or service"
	case awsapi.IsDenied(outcome.Err):
		class = "access denied"
	case awsapi.IsThrottled(outcome.Err):
		class = "throttled"
	case awsapi.IsCredentials(outcome.Err):
		class = "the credentials were not accepted, which is how a Region answers too that the account has not enabled"
	case awsapi.IsUnreachable(outcome.Err):
		class = "AWS was not reached, or failed"
	}
	parts := []string{outcome.Reason + ": " + class, strings.TrimSpace(failure.Service + " " + failure.Operation)}
	if failure.Code != "" {
		parts = append(parts, failure.Code)
	}
	if needed := failure.Permission(); needed != "" && awsapi.IsDenied(outcome.Err) {
		parts = append(parts, "which needs "+needed)
	}
	return strings.Join(parts, ", ")
}
