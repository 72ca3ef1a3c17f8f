//go:build !windows

package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
)

// TestAccAStateOfTheFoundationIsApplied: one of each resource, in a state file as the first schema of each would have written it
// (internal/provider/testdata/foundation.json: its attributes and no others, those that are gone since among them). The real Terraform
// plans over it without replacing anything, applies, moves nothing, and then has nothing left to do.
func TestAccAStateOfTheFoundationIsApplied(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	world := targettest.New(t, acctest.Unique(t))
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(app.Close)
	s.begins(t, localStore(t))
	s.configures(fmt.Sprintf(`resource "reliability_health_gate" "it" {
  triggers    = { release = "v1" }
  max_retries = 0
  checks      = { site = { http = { url = %[1]q } } }
  report      = { json = "health.json" }
}

resource "reliability_deployment_snapshot" "it" {
  name    = %[2]q
  release = "v1"
  targets = { code = { lambda_alias = { function_name = %[2]q, name = "live" } } }
}

resource "reliability_rollback" "it" {
  snapshot_id       = reliability_deployment_snapshot.it.id
  reason            = "unhealthy"
  when              = false
  max_recovery_time = "5m"
  on_complete       = "error"
  cleanup           = {}
}

resource "reliability_blue_green_switch" "it" {
  active   = var.active
  routes   = { main = { %[3]s } }
  strategy = { type = "canary", steps = [10, 50], interval = "1s", bake = "1s" }
}
`, app.URL, world.Name, recordOf(world)))
	s.apply("blue", 0)
	live, kinds := world.Live(), s.asFoundation()
	if kinds != 4 {
		t.Fatalf("the state holds %d resources that the foundation had", kinds)
	}
	if plan := s.plan("blue"); strings.Contains(plan, "must be replaced") || strings.Contains(plan, "to be created") {
		t.Errorf("the plan over the old state:\n%s", plan)
	}
	s.apply("blue", 0)
	if now := world.Live(); now != live {
		t.Errorf("it was %s and is %s", live, now)
	}
	if plan := s.plan("blue"); !strings.Contains(plan, "No changes.") {
		t.Errorf("the second plan is not empty:\n%s", plan)
	}
}

// asFoundation rewrites the state to what the foundation would have written, and tells how many resources that were.
func (s *stack) asFoundation() (rewritten int) {
	s.t.Helper()
	read := func(path string, into any) {
		s.t.Helper()
		raw, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	var shapes map[string]map[string]any
	read(filepath.Join(root, "internal", "provider", "testdata", "foundation.json"), &shapes)
	path := filepath.Join(s.Dir, "terraform.tfstate")
	var state map[string]any
	read(path, &state)
	resources, _ := state["resources"].([]any)
	for _, each := range resources {
		resource, _ := each.(map[string]any)
		kind, _ := resource["type"].(string)
		instances, _ := resource["instances"].([]any)
		if shapes[kind] == nil || len(instances) != 1 {
			continue
		}
		instance, _ := instances[0].(map[string]any)
		old, _ := shaped(instance["attributes"], shapes[kind]).(map[string]any)
		instance["attributes"], instance["schema_version"] = old, 0
		delete(instance, "private")
		rewritten++
	}
	raw, err := json.MarshalIndent(state, "", "  ")
	if err == nil {
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return rewritten
}

// shaped is what of a value has a place in a shape, and what only the shape has.
func shaped(value, shape any) any {
	have, isObject := value.(map[string]any)
	places, isShape := shape.(map[string]any)
	if !isObject || !isShape {
		return value
	}
	kept := map[string]any{}
	for name, place := range places {
		if inner, ok := have[name]; ok {
			kept[name] = shaped(inner, place)
		} else {
			kept[name] = place
		}
	}
	return kept
}
