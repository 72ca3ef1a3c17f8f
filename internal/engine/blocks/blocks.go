// Package blocks finds where the resources of a Terraform configuration are written: the file and the line of a block, or of one of
// its attributes. It knows just enough of HCL for that (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md); the JSON
// syntax (.tf.json) it does not read.
package blocks

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// largestFile bounds what is read of one file; nobody writes more by hand.
const largestFile = 4 << 20

// Place is where something is written. Lines and columns begin with 1; columns count UTF-16 code units, and EndColumn is the one
// after the last, as SARIF has it by default: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, 3.14.17 and 3.30.
type Place struct {
	// URI of the file, relative to the finder's root where it lies below that, else with the scheme "file".
	URI                              string
	Line, Column, EndLine, EndColumn int
}

// Finder finds the blocks of one configuration. It reads each folder once; it is not for use by several goroutines at once.
type Finder struct {
	dir, root string
	folders   map[string][]block
}

// NewFinder is a Finder for the configuration in dir, whose URIs are relative to root.
func NewFinder(dir, root string) *Finder {
	return &Finder{dir: resolved(dir), root: resolved(root), folders: map[string][]block{}}
}

// resolved is name as an absolute path without symbolic links, as far as that can be told: code scanning shows nothing at links.
func resolved(name string) string {
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	return name
}

// Root is the root of the repository that dir lies in: the nearest folder with a .git. Where there is none, it is the working directory
// if dir lies below it, else dir.
func Root(dir string) string {
	dir = resolved(dir)
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if filepath.Dir(at) == at {
			break
		}
	}
	if here := resolved("."); below(here, dir) {
		return here
	}
	return dir
}

// below tells that name is root, or lies below it.
func below(root, name string) bool {
	relative, err := filepath.Rel(root, name)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// Holds tells that there is configuration in dir.
func Holds(dir string) bool { return len(files(dir)) > 0 }

// Resource finds the block of a resource, its address without instance keys, and within it the attribute or nested block that the
// path attribute begins with, if it is written there. Where the resource lies in a module that is not in a folder of this configuration, it is the block that
// calls the module. ok is false where there is neither.
func (f *Finder) Resource(address, attribute string) (place Place, ok bool) {
	steps := strings.Split(address, ".")
	dir := f.dir
	for len(steps) > 2 && steps[0] == "module" {
		call, found := f.find(dir, "module", steps[1])
		if !found {
			return place, ok
		}
		place, ok = f.place(call, call.head), true
		if !strings.HasPrefix(call.source, "./") && !strings.HasPrefix(call.source, "../") {
			return place, ok
		}
		dir, steps = resolved(filepath.Join(dir, filepath.FromSlash(call.source))), steps[2:]
	}
	if len(steps) != 2 {
		return place, ok
	}
	found, written := f.find(dir, "resource", steps[0], steps[1])
	if !written {
		return place, ok
	}
	at := found.head
	top, _, _ := strings.Cut(attribute, ".")
	if span, ok := found.attributes[top]; ok {
		at = span
	}
	return f.place(found, at), true
}

// Data finds the first data block of a type.
func (f *Finder) Data(kind string) (Place, bool) {
	for _, block := range f.folder(f.dir) {
		if block.kind == "data" && len(block.labels) > 0 && block.labels[0] == kind {
			return f.place(block, block.head), true
		}
	}
	return Place{}, false
}

// First is the beginning of the configuration's main.tf, or of its first file.
func (f *Finder) First() (Place, bool) {
	names := files(f.dir)
	if len(names) == 0 {
		return Place{}, false
	}
	first := names[0]
	if main := filepath.Join(f.dir, "main.tf"); slices.Contains(names, main) {
		first = main
	}
	return f.place(block{file: first}, span{1, 1, 1, 2}), true
}

func (f *Finder) find(dir, kind string, labels ...string) (block, bool) {
	for _, block := range f.folder(dir) {
		if block.kind == kind && slices.Equal(block.labels, labels) {
			return block, true
		}
	}
	return block{}, false
}

func (f *Finder) folder(dir string) []block {
	found, known := f.folders[dir]
	if known {
		return found
	}
	for _, name := range files(dir) {
		if info, err := os.Stat(name); err != nil || info.Size() > largestFile {
			continue
		}
		text, err := os.ReadFile(name) //nolint:gosec // the user's own configuration
		if err != nil {
			continue
		}
		found = append(found, scan(string(text), name)...)
	}
	f.folders[dir] = found
	return found
}

// files are those of a configuration, those that only override others last.
func files(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names, overrides []string
	for _, entry := range entries {
		name := entry.Name()
		stem, isTF := strings.CutSuffix(name, ".tf")
		if !isTF {
			if stem, isTF = strings.CutSuffix(name, ".tofu"); !isTF {
				continue
			}
		}
		if entry.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		if stem == "override" || strings.HasSuffix(stem, "_override") {
			overrides = append(overrides, filepath.Join(dir, name))
			continue
		}
		names = append(names, filepath.Join(dir, name))
	}
	return append(names, overrides...)
}

func (f *Finder) place(in block, at span) Place {
	place := Place{Line: at.line, Column: at.column, EndLine: at.endLine, EndColumn: at.endColumn}
	name := resolved(in.file)
	relative, err := filepath.Rel(f.root, name)
	if err != nil || !below(f.root, name) {
		place.URI = (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String()
		return place
	}
	place.URI = (&url.URL{Path: filepath.ToSlash(relative)}).String()
	return place
}
