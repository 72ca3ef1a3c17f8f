// Package lint_test shows that the arrows between the rooms of the house are held: it plants every breach that there can
// be and expects the linter to report each of them, and nothing else.
package lint_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	module   = "github.com/project3-ls/terraform-provider-reliability"
	root     = "../.."
	engine   = "internal/engine/"
	feature  = "internal/feature/"
	awsapi   = "internal/awsapi"
	emulator = "internal/emulator"

	leastprivilege = "internal/leastprivilege"

	workspace = "internal/workspace"
	provider  = "internal/provider"
	headroom  = "internal/headroom"
	lifeline  = "internal/lifeline"
	clock     = engine + "clock"
	tfdiag    = feature + "tfdiag"
)

// engines and what each may import besides awsapi and the clock.
var engines = map[string][]string{
	"blocks":          nil,
	"clock":           nil,
	"drift":           {"drift/live", "price"},
	"drift/live":      nil,
	"gate":            {"probe"},
	"journal":         {"store"},
	"ledger":          {"store"},
	"notify":          nil,
	"price":           nil,
	"probe":           nil,
	"report":          nil,
	"restore":         {"snapshot", "service", "journal", "gate", "notify"},
	"service":         nil,
	"snapshot":        {"service", "store"},
	"store":           nil,
	"store/storetest": {"store"},
	"traffic":         {"gate", "journal", "notify"},
}

// features and what each may import besides the engines, configured and tfdiag.
var features = map[string][]string{
	"bluegreenswitch": {"checkset", "reportset", "targetset"},
	"checkset":        nil,
	"configured":      nil,
	"deployment":      {"reportset", "targetset"},
	"drift":           nil,
	"healthgate":      {"checkset", "reportset"},
	"rollback":        {"checkset", "reportset", "targetset"},
	"reportset":       nil,
	"targetset":       nil,
	"tfdiag":          nil,
}

// Modules from outside, of which only some storeys may know.
const (
	framework  = "github.com/hashicorp/terraform-plugin-framework/types"
	tflog      = "github.com/hashicorp/terraform-plugin-log/tflog"
	sdk        = "github.com/aws/aws-sdk-go-v2/aws"
	sdkConfig  = "github.com/aws/aws-sdk-go-v2/config"
	awsbase    = "github.com/hashicorp/aws-sdk-go-base/v2"
	gocmp      = "github.com/google/go-cmp/cmp"
	acctesting = "github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

var outside = []string{framework, tflog, sdk, sdkConfig, awsbase, gocmp, acctesting, "testing", "log/slog"}

// house returns what each room may import: rooms of the module by their folder, and modules from outside.
func house() map[string][]string {
	anything := []string{framework, tflog, sdk, sdkConfig, awsbase}
	rooms := map[string][]string{
		".":                 append([]string{headroom, lifeline, provider}, anything...),
		headroom:            nil,
		lifeline:            anything,
		awsapi:              {sdk, sdkConfig, awsbase},
		emulator:            {sdk, sdkConfig, awsbase},
		workspace:           anything,
		"internal/acctest":  append([]string{emulator, leastprivilege, provider, workspace}, outside...),
		leastprivilege:      append([]string{emulator}, anything...),
		"internal/bench":    append([]string{emulator, workspace, "internal/engine/clock", "internal/engine/drift", "internal/engine/drift/live", "internal/engine/gate", "internal/engine/probe", "internal/engine/service"}, anything...),
		"internal/scenario": append([]string{emulator, workspace, "internal/acctest"}, anything...),
		"examples/demo":     append([]string{emulator, workspace}, anything...),
	}
	var allEngines []string
	for name, knows := range engines {
		may := []string{awsapi, clock, sdk}
		if name == "clock" {
			may = []string{sdk}
		}
		if name == "store/storetest" {
			may = []string{clock, sdk, gocmp, "testing"}
		}
		for _, other := range knows {
			may = append(may, engine+other)
		}
		rooms[engine+name] = may
		allEngines = append(allEngines, engine+name)
	}
	rooms["internal/proof"] = slices.Concat([]string{emulator, awsapi}, allEngines, anything)
	shared := []string{feature + "configured", tfdiag, framework, tflog}
	rooms[provider] = []string{awsapi, clock, engine + "notify", engine + "store", framework, tflog, sdk, sdkConfig, awsbase}
	for name, knows := range features {
		may := slices.Concat(shared, allEngines)
		switch name {
		case "configured":
			may = append(may, awsapi)
		case "tfdiag":
			may = slices.Concat([]string{awsapi, framework, tflog}, allEngines)
		}
		for _, other := range knows {
			may = append(may, feature+other)
		}
		rooms[feature+name] = may
		rooms[provider] = append(rooms[provider], feature+name)
	}
	for name := range rooms {
		rooms[name] = append(rooms[name], "log/slog")
	}
	return rooms
}

// TestEveryRoomIsListed fails for a package that no rule holds.
func TestEveryRoomIsListed(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "./...")
	command.Dir = root
	packages, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	rooms := house()
	for name := range strings.FieldsSeq(string(packages)) {
		folder, inside := strings.CutPrefix(name, module+"/")
		room := folder
		for inside && room != "." && rooms[room] == nil {
			room = path.Dir(room)
		}
		if inside && room == "." {
			t.Errorf("%s is in no room: add a rule to .golangci.yml, and the room here", folder)
		}
	}
}

// TestArrows plants, in each room, an import of everything, and expects a report of exactly what the room may not have.
func TestArrows(t *testing.T) {
	t.Parallel()
	linter := os.Getenv("GOLANGCI_LINT")
	if linter == "" {
		linter = filepath.Join(root, ".tools", "golangci-lint")
	}
	if _, err := os.Stat(linter); err != nil {
		t.Skip("needs golangci-lint: make install-tools")
	}
	linter, err := filepath.Abs(linter)
	if err != nil {
		t.Fatal(err)
	}
	rooms, folder := house(), t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", ".golangci.yml"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), string(content))
	}
	var want []string
	for room, may := range rooms {
		want = append(want, plant(t, folder, room, may, rooms)...)
	}
	slices.Sort(want)
	if len(want) < 500 {
		t.Fatalf("only %d breaches planted", len(want))
	}
	if diff := cmp.Diff(want, breaches(t, linter, folder)); diff != "" {
		t.Errorf("breaches: - planted and not reported, + reported and allowed:\n%s", diff)
	}
}

// plant writes a room, a planted package inside it, and a test that may import everything. It returns the breaches, as
// "file -> import".
func plant(t *testing.T, folder, room string, may []string, rooms map[string][]string) []string {
	t.Helper()
	var (
		breached []string
		source   strings.Builder
		file     = path.Join(room, "planted", "planted.go")
	)
	if room == "." {
		file = "main.go"
		source.WriteString("package main\n\nfunc main() {}\n")
	} else {
		write(t, filepath.Join(folder, room, "room.go"), "package room\n")
		source.WriteString("package planted\n")
	}
	imports := slices.Concat(outside, slices.Collect(maps.Keys(rooms)))
	slices.Sort(imports)
	var lines strings.Builder
	for _, imported := range imports {
		if imported == room || imported == "." {
			continue
		}
		if !slices.Contains(may, imported) {
			breached = append(breached, file+" -> "+imported)
		}
		if _, ours := rooms[imported]; ours {
			imported = module + "/" + imported
		}
		fmt.Fprintf(&lines, "import _ %q\n", imported)
	}
	head, body, _ := strings.Cut(source.String(), "\n")
	write(t, filepath.Join(folder, file), head+"\n"+lines.String()+body)
	write(t, filepath.Join(folder, path.Dir(file), "planted_test.go"), head+"\n"+lines.String())
	return breached
}

// breaches runs the linter over folder with nothing but the arrows, and returns what it reports.
func breaches(t *testing.T, linter, folder string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), linter, "run", "--enable-only", "depguard", "--output.json.path", "stdout",
		"--output.text.path", os.DevNull, "--max-issues-per-linter", "0", "--max-same-issues", "0", "--show-stats=false", "./...")
	command.Dir = folder
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	runErr := command.Run() // 1 is what a report ends with
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct {
				Filename string
				Line     int
			}
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatalf("golangci-lint: %v (%v)\n%s%s", runErr, err, stdout.String(), stderr.String())
	}
	found := map[string]bool{}
	for _, issue := range report.Issues {
		if issue.FromLinter != "depguard" {
			t.Fatalf("%s:%d: %s (%s)", issue.Pos.Filename, issue.Pos.Line, issue.Text, issue.FromLinter)
		}
		quoted := strings.Split(issue.Text, "'")
		if len(quoted) < 5 || !strings.Contains(issue.Text, ": ") {
			t.Fatalf("a report without its reason: %q", issue.Text)
		}
		imported := strings.TrimPrefix(quoted[1], module+"/")
		found[filepath.ToSlash(issue.Pos.Filename)+" -> "+imported] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
