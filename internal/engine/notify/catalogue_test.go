package notify

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The guide names every metric, with its unit, as it is sent.
func TestTheGuideListsEveryMetric(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "guides", "metrics-and-notices.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, kind := range Catalogue() {
		want = append(want, fmt.Sprintf("| `%s` | %s |", kind.Name, kind.Unit))
	}
	for line := range strings.Lines(string(guide)) {
		if cells := strings.Split(line, "|"); len(cells) == 6 && strings.HasPrefix(line, "| `") && !strings.Contains(cells[1], ",") {
			got = append(got, "|"+strings.Join(cells[1:3], "|")+"|")
		}
	}
	if strings.Join(want, "\n") != strings.Join(got, "\n") {
		t.Errorf("the guide lists\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is sent is in the catalogue, and what is in the catalogue is sent: outside this package a metric is made of its kind only.
func TestEveryMetricIsSentAndIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	unsent := map[string]bool{}
	for _, name := range declared(t) {
		unsent[name] = true
	}
	if len(unsent) != len(Catalogue()) {
		t.Errorf("%d kinds are declared, and %d are in the catalogue", len(unsent), len(Catalogue()))
	}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || filepath.Base(filepath.Dir(name)) == "notify" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CompositeLit:
				if makesMetric(node) {
					t.Errorf("%s makes a metric that is in no catalogue", name)
				}
			case *ast.SelectorExpr:
				if fmt.Sprint(node.X) == "notify" {
					delete(unsent, node.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range unsent {
		t.Errorf("%s is in the catalogue, and nobody sends it", name)
	}
}

// makesMetric: notify.Metric{...}, or []notify.Metric{{...}}.
func makesMetric(made *ast.CompositeLit) bool {
	of := made.Type
	if list, ok := of.(*ast.ArrayType); ok {
		of = list.Elt
		if len(made.Elts) == 0 {
			return false
		}
		if element, ok := made.Elts[0].(*ast.CompositeLit); !ok || element.Type != nil {
			return false
		}
	}
	selector, ok := of.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Metric" && fmt.Sprint(selector.X) == "notify"
}

// declared are the variables of type MetricKind.
func declared(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "catalogue.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok {
				names = append(names, value.Names[0].Name)
			}
		}
	}
	return names
}
