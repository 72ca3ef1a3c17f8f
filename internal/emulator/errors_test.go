package emulator_test

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"
)

// wantCode fails the test unless the SDK has read the error as that code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
	if api.ErrorMessage() == "" {
		t.Fatalf("error %v has no message", err)
	}
}

// must returns a call's output or fails the test.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(output T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return output
	}
}
