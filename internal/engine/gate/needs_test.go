package gate_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
)

func TestValidateNeeds(t *testing.T) {
	t.Parallel()
	if err := gate.ValidateNeeds(map[string][]string{"a": nil, "b": {"a"}, "c": {"a", "b"}}); err != nil {
		t.Error(err)
	}
	var unknown *gate.UnknownNeedError
	if err := gate.ValidateNeeds(map[string][]string{"a": {"z"}}); !errors.As(err, &unknown) || unknown.Check != "a" || unknown.Need != "z" {
		t.Errorf("got %v", err)
	}
	var cycle *gate.NeedCycleError
	if err := gate.ValidateNeeds(map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"b"}}); !errors.As(err, &cycle) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"b", "c"}, cycle.Cycle); diff != "" {
		t.Error(diff)
	}
	if err := gate.ValidateNeeds(map[string][]string{"a": {"a"}}); !errors.As(err, &cycle) {
		t.Errorf("a check that needs itself: %v", err)
	}
}
