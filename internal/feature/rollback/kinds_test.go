package rollback_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// got fails the test on an error.
func got[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// with returns what takes a call's two results.
func with[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T { t.Helper(); return got(t, value, err) }
}

// TestAccRollback_kinds: a snapshot, a change behind Terraform's back and a rollback, for every kind of target: what is live then is
// what was captured, and nothing is left to do.
func TestAccRollback_kinds(t *testing.T) {
	config := acctest.Emulator(t).AWSConfig()
	for kind, newTarget := range targettest.Kinds {
		t.Run(kind, func(t *testing.T) {
			name := acctest.Unique(t)
			made := newTarget(t, name, config)
			live := func() string {
				raw, err := json.Marshal(made.Live())
				return string(got(t, raw, err))
			}
			s := scene{t: t, folder: t.TempDir()}
			captured := live()
			taken := s.provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v1\"\n  targets = { it = { %s } }\n}\n", name, made.Config)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: taken + rollback("", `when = false`), ConfigPlanChecks: settled},
					{
						PreConfig: func() {
							made.Breaks()
							if live() == captured {
								t.Error("the release changed nothing")
							}
						},
						Config:            s.provider() + rollback(fmt.Sprintf("%q", name+"/000001"), "on_complete = \"ok\""),
						ConfigStateChecks: []statecheck.StateCheck{is("status", "restored"), value("executed", knownvalue.Bool(true))},
						ConfigPlanChecks:  settled,
					},
				},
			})
			if now := live(); now != captured {
				t.Errorf("live:     %s\ncaptured: %s", now, captured)
			}
		})
	}
}
