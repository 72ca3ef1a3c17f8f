package pages

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the project's root, seen from this package.
var root = filepath.Join("..", "..", "..")

// unit is what a reader copies as one: the configuration in a folder of examples, one file of a resource's examples, or a block
// of a page.
type unit struct {
	name   string            // a file or folder of the repository, and for a block its place on the page
	beside string            // the folder of what lies beside the files, or ""
	files  map[string]string // name to content
}

// text is all of a unit's HCL.
func (u unit) text() string {
	var all strings.Builder
	for _, name := range sortedKeys(u.files) {
		if strings.HasSuffix(name, ".tf") {
			all.WriteString(u.files[name] + "\n")
		}
	}
	return all.String()
}

// needs says whether the unit has blocks of hashicorp/aws.
func (u unit) needsAWS() bool {
	return regexp.MustCompile(`(?m)^(resource|data) "aws_|"hashicorp/aws"|^module "`).MatchString(u.text())
}

// hasAction says whether Terraform before 1.14 would refuse it.
func (u unit) hasAction() bool { return regexp.MustCompile(`(?m)^action "`).MatchString(u.text()) }

var (
	variableBlock = regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}`)
	oneLine       = regexp.MustCompile(`(?m)^variable "(\w+)" \{[^\n]*\}$`)
	hasDefault    = regexp.MustCompile(`(?m)^\s*default\s*=`)
)

// asksFor are the variables without a default.
func (u unit) asksFor() []string {
	var names []string
	for _, found := range variableBlock.FindAllStringSubmatch(u.text(), -1) {
		if !hasDefault.MatchString(found[2]) {
			names = append(names, found[1])
		}
	}
	for _, found := range oneLine.FindAllStringSubmatch(u.text(), -1) {
		if !strings.Contains(found[0], "default") {
			names = append(names, found[1])
		}
	}
	return names
}

// alone are the folders of examples of which each file is shown by itself.
var alone = regexp.MustCompile(`^(resources|data-sources|actions|functions)/`)

// examples returns the units below examples/.
func examples(t *testing.T) []unit {
	t.Helper()
	base := filepath.Join(root, "examples")
	folders := map[string]map[string]string{}
	err := fs.WalkDir(os.DirFS(base), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".tf" {
			return err
		}
		content, err := os.ReadFile(filepath.Join(base, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		folder := path.Dir(name)
		if alone.MatchString(name) {
			folder = name
		}
		if folders[folder] == nil {
			folders[folder] = map[string]string{}
		}
		folders[folder][path.Base(name)] = string(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var units []unit
	for _, folder := range sortedKeys(folders) {
		u := unit{name: "examples/" + folder, files: folders[folder]}
		if path.Ext(folder) == "" {
			u.beside = filepath.Join(base, filepath.FromSlash(folder))
		}
		units = append(units, u)
	}
	return units
}

// pagesOf are the files of Markdown in the project's root and in folders below it, such as "README.md" and "docs/index.md".
func pagesOf(t *testing.T, folders ...string) []string {
	t.Helper()
	names := []string{"README.md", "DESIGN.md", "CONTRIBUTING.md", "SECURITY.md"}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && (filepath.Ext(name) == ".md" || strings.HasSuffix(name, ".md.tmpl")) {
				relative, err := filepath.Rel(root, name)
				if err != nil {
					return err
				}
				names = append(names, filepath.ToSlash(relative))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

var fence = regexp.MustCompile("(?ms)^```(?:terraform|hcl|tf)\n(.*?)^```")

// blocks returns what the pages show that is no file of the examples, as units of their own. Templates are read instead of docs/,
// which `make docs-check` holds to templates, examples and schema.
func blocks(t *testing.T, known []unit) []unit {
	t.Helper()
	var contents []string
	for _, u := range known {
		for _, content := range u.files {
			contents = append(contents, strings.TrimSpace(content))
		}
	}
	var found []unit
	for _, page := range pagesOf(t, "templates", "examples") {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range fence.FindAllStringSubmatch(string(content), -1) {
			if slices.Contains(contents, strings.TrimSpace(block[1])) {
				continue
			}
			found = append(found, unit{name: fmt.Sprintf("%s#%d", page, i+1), files: map[string]string{"main.tf": block[1]}})
		}
	}
	return found
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
