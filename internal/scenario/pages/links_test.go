package pages

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	inlined = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ (.+?)\s*$`)
	anchor  = regexp.MustCompile(`<a id="([^"]+)"`)
)

// TestLinksLeadSomewhere: each link from a page to a file of this repository, or to a heading, leads to one that is there. What is
// on the web is not asked.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	looked := 0
	for _, page := range pagesOf(t, "docs", "examples") {
		for _, found := range link.FindAllStringSubmatch(prose(t, page), -1) {
			if strings.Contains(found[1], "://") || strings.HasPrefix(found[1], "mailto:") {
				continue
			}
			looked++
			name, fragment, _ := strings.Cut(found[1], "#")
			target := page
			if name != "" {
				target = path.Join(path.Dir(page), name)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: %s leads nowhere", page, found[1])
				continue
			}
			if fragment != "" && !slices.Contains(anchors(t, target), fragment) {
				t.Errorf("%s: %s has no heading #%s", page, target, fragment)
			}
		}
	}
	if looked < 50 {
		t.Errorf("only %d links were found", looked)
	}
}

// TestTheGuidesAreReached: each guide is linked from the index of the documentation, so that somebody finds it.
func TestTheGuidesAreReached(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "templates", "index.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	guides, err := filepath.Glob(filepath.Join(root, "templates", "guides", "*.md.tmpl"))
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are no guides: %v", err)
	}
	for _, guide := range guides {
		name := "guides/" + strings.TrimSuffix(filepath.Base(guide), ".tmpl")
		if !strings.Contains(string(content), "]("+name+")") {
			t.Errorf("the index does not lead to %s", name)
		}
	}
}

// prose is a page without its code.
func prose(t *testing.T, page string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	return inlined.ReplaceAllString(fenced.ReplaceAllString(string(content), ""), "code")
}

// anchors are the fragments that a page answers to: its headings as GitHub and the registry name them, and those set by hand.
func anchors(t *testing.T, page string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, found := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(string(content), ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, found[1]))
	}
	for _, found := range anchor.FindAllStringSubmatch(string(content), -1) {
		names = append(names, found[1])
	}
	return names
}
