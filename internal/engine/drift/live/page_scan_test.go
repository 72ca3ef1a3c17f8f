package live

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// sizes are what AWS calls the size of a page.
var sizes = []string{"MaxResults", "MaxItems", "MaxRecords", "PageSize", "Limit", "MaxKeys"}

// paged are the inputs of the facades' calls that take a size of a page: SERVICE.INPUT to the field.
func paged() map[string]string {
	found := map[string]string{}
	clients := reflect.TypeFor[*awsapi.Clients]()
	for client := range clients.Methods() {
		if made := client.Type; made.NumOut() == 2 && made.Out(0).Kind() == reflect.Pointer {
			facade := made.Out(0)
			for method := range facade.Methods() {
				call := method.Type
				if call.NumIn() < 3 || call.In(2).Kind() != reflect.Pointer || call.In(2).Elem().Kind() != reflect.Struct {
					continue
				}
				input := call.In(2).Elem()
				for _, size := range sizes {
					if _, has := input.FieldByName(size); has {
						found[input.String()] = size
					}
				}
			}
		}
	}
	return found
}

// unsized are calls that take a size and are made without one, and why.
var unsized = map[string]string{
	"kms.ListResourceTagsInput": "50 is the most and what it gives unasked, https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html",
}

// asksForOne are fields that name what is asked for: the answer is one.
var asksForOne = []string{"GroupIds", "VpcIds", "DBInstanceIdentifier"}

// TestEveryPageHasItsSize: whatever reads pages says how large they shall be; what that is, TestPagesAreAtTheirLargest holds.
func TestEveryPageHasItsSize(t *testing.T) {
	inputs := paged()
	if len(inputs) < 30 {
		t.Fatalf("only %d calls take a size", len(inputs))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked, set := 0, token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			ast.Inspect(declared, func(node ast.Node) bool {
				made, ok := node.(*ast.CompositeLit)
				if !ok {
					return true
				}
				kind, ok := made.Type.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				input := kind.X.(*ast.Ident).Name + "." + kind.Sel.Name
				size, is := inputs[input]
				if !is {
					return true
				}
				checked++
				if slices.ContainsFunc(asksForOne, func(field string) bool { return sets(made, field) }) {
					return true
				}
				if !sets(made, size) && !assigns(declared, size) && unsized[input] == "" {
					t.Errorf("%s: %s has no %s", set.Position(made.Pos()), input, size)
				}
				return true
			})
		}
	}
	if checked < 30 {
		t.Errorf("only %d calls were found", checked)
	}
}

// sets tells whether a literal sets a field.
func sets(made *ast.CompositeLit, field string) bool {
	return slices.ContainsFunc(made.Elts, func(element ast.Expr) bool {
		pair, ok := element.(*ast.KeyValueExpr)
		return ok && pair.Key.(*ast.Ident).Name == field
	})
}

// assigns tells whether a function sets a field of something afterwards.
func assigns(declared ast.Decl, field string) (found bool) {
	ast.Inspect(declared, func(node ast.Node) bool {
		if assigned, ok := node.(*ast.AssignStmt); ok {
			for _, left := range assigned.Lhs {
				if selected, ok := left.(*ast.SelectorExpr); ok && selected.Sel.Name == field {
					found = true
				}
			}
		}
		return true
	})
	return found
}
