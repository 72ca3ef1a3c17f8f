package checkset

import (
	"fmt"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
)

// Describe lists, one line each, the checks that stood in the way: name, kind, status, attempts and last reason. It is
// for diagnostics, and empty when nothing did.
func Describe(result gate.Result) string {
	var lines []string
	for _, name := range result.Blocking() {
		check := result.Checks[name]
		attempts := "1 attempt"
		if len(check.Attempts) != 1 {
			attempts = fmt.Sprintf("%d attempts", len(check.Attempts))
		}
		lines = append(lines, fmt.Sprintf("  - %s (%s) %s after %s: %s", name, check.Kind, strings.ReplaceAll(string(check.Status), "_", " "), attempts, check.Reason))
	}
	return strings.Join(lines, "\n")
}
