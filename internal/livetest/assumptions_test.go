package livetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stories are the names after TestAccLive_ of all stories of this room.
func stories(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				if story, ours := strings.CutPrefix(function.Name.Name, "TestAccLive_"); ours {
					names = append(names, story)
				}
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("there is no story")
	}
	return names
}

// TestEveryAssumptionSaysWhatWouldSettleIt: the last column of the table "Unverified live" in DESIGN.md names a story of
// this room, or says by hand what to do; and each story settles something.
func TestEveryAssumptionSaysWhatWouldSettleIt(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## Unverified live\n")
	if !found {
		t.Fatal("DESIGN.md has no section Unverified live")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	known, settled := stories(t), map[string]bool{}
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| assumption") {
			continue
		}
		rows++
		if len(cells) != 4 {
			t.Errorf("a row of %d columns, want 4: %s", len(cells), line)
			continue
		}
		test := strings.TrimSpace(cells[3])
		for _, match := range regexp.MustCompile(`TestAccLive_(\w+)`).FindAllStringSubmatch(test, -1) {
			settled[match[1]] = true
			if !slices.Contains(known, match[1]) {
				t.Errorf("%s is no test of this room: %s", match[0], line)
			}
		}
		if test != "by hand" && !strings.Contains(test, "TestAccLive_") {
			t.Errorf("the last column is %q, neither a test nor \"by hand\": %s", test, line)
		}
	}
	if rows == 0 {
		t.Fatal("the table has no row")
	}
	for _, story := range known {
		if !settled[story] {
			t.Errorf("TestAccLive_%s settles no assumption of DESIGN.md", story)
		}
	}
}
