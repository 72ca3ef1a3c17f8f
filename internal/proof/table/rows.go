package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
)

// row is one promise and how it was tried.
type row struct {
	Promise string `json:"promise"`
	Tried   string `json:"tried"`
	Runs    int    `json:"runs"`
	Losses  int    `json:"losses"`
	Seeds   string `json:"seeds"`
	// Date and Version are of the run; empty where it is the one that the table is made for.
	Date    string `json:"date"`
	Version string `json:"version"`
}

// bound is the upper bound, at 95 % confidence, of the share of losses: exact for none of n (1 - 0.05^(1/n), which the rule of
// three approximates by 3/n, https://pubmed.ncbi.nlm.nih.gov/6827763/); negative when there were losses.
func (r row) bound() float64 {
	if r.Losses > 0 || r.Runs == 0 {
		return -1
	}
	return 1 - math.Pow(0.05, 1/float64(r.Runs))
}

// processes are the tests with the real Terraform and the built provider. A run is one test without tests below it.
var processes = []struct {
	tests          *regexp.Regexp
	promise, tried string
}{
	{regexp.MustCompile(`^TestAccSignals/`), "Signals leave a sound state, and the next apply converges", "gate, snapshot, rollback, switch (also of a staging distribution) × kill -9 of the provider, kill -9 of Terraform, SIGINT, SIGTERM, a second SIGINT; after each call to AWS and to the store in S3: in each way where the call changed something, else by a kill and an interrupt; real processes"},
	{regexp.MustCompile(`^TestAccFaults/`), "A fault of AWS leaves nothing half-written, and an error that names the call", "gate, snapshot, rollback, switch (also of a staging distribution), drift × 30 % throttling, 5 s a call, resets, lost and truncated answers, clock skew, credentials that expire half-way, STS down, store down; real processes"},
	{regexp.MustCompile(`^(TestAccTheSwitchAndTheRealTerraform|TestAccTerraformIsKilledInTheMiddleOfASwitch|TestAccTheGuardOfAKilledProviderPutsTrafficBack)(/|$)`), "A power cut in a switch ends at one colour", "kill -9 of Terraform and provider together beside the decisive call, of each router; in a revert; with a guard; two applies at once; real processes"},
	{regexp.MustCompile(`^TestAccARollbackIsKilled(/|$)`), "A power cut in a rollback ends with everything back", "kill -9 of Terraform and provider together, before and after calls that put something back; real processes"},
	{regexp.MustCompile(`^(TestAccTenAppliesAtOnce|TestAccRollbacksAtOnce|TestAccSnapshotsAtOnce)(/|$)`), "Of ten processes at once, one moves traffic", "ten times terraform apply over one target, and ten over ten targets; ten rollbacks to one snapshot, and ten snapshots of one deployment; real processes"},
}

// readCounted reads what internal/proof counted.
func readCounted(path string) ([]row, error) {
	file, err := os.Open(path) //nolint:gosec // named by whoever runs us
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it is read
	var rows []row
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: nothing was counted", path)
	}
	return rows, nil
}

// readTested counts the tests with real processes.
func readTested(path string) ([]row, error) {
	file, err := os.Open(path) //nolint:gosec // named by whoever runs us
	if err != nil {
		return nil, err
	}
	defer file.Close()         //nolint:errcheck // it is read
	ended := map[string]bool{} // and passed
	for lines := json.NewDecoder(file); lines.More(); {
		var event struct{ Action, Test string }
		if err := lines.Decode(&event); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if event.Test != "" && (event.Action == "pass" || event.Action == "fail") {
			ended[event.Test] = event.Action == "pass"
		}
	}
	var rows []row
	for _, p := range processes {
		r := row{Promise: p.promise, Tried: p.tried}
		for test, passed := range ended {
			if !p.tests.MatchString(test) || hasChild(ended, test) {
				continue
			}
			r.Runs++
			if !passed {
				r.Losses++
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func hasChild(tests map[string]bool, parent string) bool {
	for test := range tests {
		if strings.HasPrefix(test, parent+"/") {
			return true
		}
	}
	return false
}

// verdict is an error when something was lost, or not tried.
func verdict(rows []row) error {
	var errs []error
	for _, r := range rows {
		switch {
		case r.Losses > 0:
			errs = append(errs, fmt.Errorf("%d of %d runs lost: %s", r.Losses, r.Runs, r.Promise))
		case r.Runs == 0:
			errs = append(errs, fmt.Errorf("not tried: %s", r.Promise))
		}
	}
	return errors.Join(errs...)
}

// table is the Markdown of the rows.
func table(rows []row, date, version string) string {
	lines := []string{
		"| promise | how it was tried | runs | losses | upper bound of the share lost, 95 % | seeds | date | version |", "|---|---|---|---|---|---|---|---|",
	}
	for _, r := range rows {
		bound := "none: there were losses"
		if b := r.bound(); b >= 0 {
			bound = fmt.Sprintf("%.2g %%", 100*b)
		}
		seeds := r.Seeds
		if seeds == "" {
			seeds = "not drawn"
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %d | %d | %s | %s | %s | `%s` |", r.Promise, r.Tried, r.Runs, r.Losses, bound, seeds, cmp.Or(r.Date, date), cmp.Or(r.Version, version)))
	}
	return strings.Join(lines, "\n")
}
