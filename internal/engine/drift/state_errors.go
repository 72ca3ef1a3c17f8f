package drift

import "fmt"

// Problem is what is wrong with a state.
type Problem string

// The problems, each of which asks for something else from the user.
const (
	// NotJSON: it is no JSON at all.
	NotJSON Problem = "not JSON"
	// Truncated: it is the beginning of a state.
	Truncated Problem = "truncated"
	// EmptyFile: there is nothing in it.
	EmptyFile Problem = "empty"
	// OtherVersion: it is a state of a format other than 4.
	OtherVersion Problem = "another version"
	// Encrypted: OpenTofu encrypted it.
	Encrypted Problem = "encrypted"
	// PlanOutput: it is the output of terraform show -json for a plan.
	PlanOutput Problem = "a plan"
	// BinaryPlan: it is a saved plan.
	BinaryPlan Problem = "a saved plan"
	// NotState: it is JSON, and no state.
	NotState Problem = "not a state"
)

// StateError says that a state cannot be used. Nothing of the state's contents is in it.
type StateError struct {
	Problem Problem
	// Offset is how many bytes were read, where that helps.
	Offset int64
	// Version of the format, for OtherVersion.
	Version string
	// At says where in the state, for NotState.
	At string
}

// Error says what is wrong.
func (e *StateError) Error() string {
	switch e.Problem {
	case OtherVersion:
		return "the state has format version " + e.Version + ", and only version 4 (Terraform 0.12 and newer), or 0 and 1 of terraform show -json, are read"
	case Truncated:
		return fmt.Sprintf("the state ends in the middle, after %d bytes", e.Offset)
	case NotJSON:
		return fmt.Sprintf("the state is not JSON (at byte %d)", e.Offset)
	case EmptyFile:
		return "the state is empty"
	case Encrypted:
		return "the state is encrypted (OpenTofu state encryption)"
	case PlanOutput:
		return "this is the output of terraform show -json for a plan, not a state"
	case BinaryPlan:
		return "this is a saved plan, not a state"
	default:
		if e.At != "" {
			return "the JSON is not a Terraform state: " + e.At
		}
		return "the JSON is not a Terraform state"
	}
}
