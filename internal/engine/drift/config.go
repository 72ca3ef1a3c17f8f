package drift

import (
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// withoutLacking makes a resource of which the source never tells some attributes a partly read one, so that it is not clean:
// unless the ignores cover each of them, so that somebody said why that is all right.
func withoutLacking(resource Resource, outcome live.Outcome, ignores []Ignore) live.Outcome {
	var open []string
	for _, name := range outcome.Lacking {
		if !ignored(ignores, resource.Address, resource.Type, name) {
			open = append(open, name)
		}
	}
	if len(open) > 0 && outcome.Reason == "" {
		outcome.Reason = "AWS Config does not tell its " + strings.Join(open, ", ")
	}
	return outcome
}
