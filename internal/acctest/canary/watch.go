package canary

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Kind says what a secret is, and by that where it may be.
type Kind int

const (
	// Credential: of the run, of a role that it assumed. It may be nowhere but in what signs a request.
	Credential Kind = iota
	// WriteOnly: a value of a write-only attribute.
	WriteOnly
	// Sensitive: a value of an attribute that Terraform keeps and does not show.
	Sensitive
	// Remote: what AWS keeps, or a server answers with.
	Remote
	// Returned: what AWS keeps nowhere but in the setting that a rollback or a switch puts back: values of stage variables, custom headers
	// of origins, older values of SSM parameters.
	Returned
)

// Place is where something was found.
type Place int

const (
	// Elsewhere is every file, log, report, message and output that is none of those below.
	Elsewhere Place = iota
	// Configuration is what somebody wrote: *.tf, *.tfvars.
	Configuration
	// State is what Terraform keeps: state and plan files, and what `terraform show` and `terraform output` print of them.
	State
	// Store is a snapshot or a journal.
	Store
	// Sent is a request to AWS that is no part of the store.
	Sent
)

// reasons is the whole list of where a secret may be, and why. What is not in it may be nowhere.
var reasons = map[Kind]map[Place]string{
	Credential: {},
	WriteOnly:  {Configuration: "somebody wrote it there"},
	Sensitive: {
		Configuration: "somebody wrote it there",
		State:         "Terraform keeps the values of attributes that are not write-only, marked as sensitive",
	},
	Remote: {
		Configuration: "a test's own configuration may give AWS the value",
	},
	Returned: {
		Configuration: "somebody wrote it there",
		Store:         "AWS keeps no older value, so nothing else could put it back (DESIGN.md, What a rollback cannot bring back)",
		Sent:          "it is put back",
	},
}

// Watch knows secrets and looks for them. It is safe for many goroutines.
type Watch struct {
	mu      sync.Mutex
	planted map[string]planted // by the secret
	leaks   []string
	seen    map[string]stamp // files by path
}

type planted struct {
	kind  Kind
	label string
}

// stamp is by what a file is known to be as it was.
type stamp struct {
	size    int64
	changed int64
	secrets int // how many were known when it was looked through
}

// House watches over a whole test process.
var House = &Watch{}

// Plant makes a secret that is watched for from now on: one with awkward characters in its middle.
func (w *Watch) Plant(kind Kind, label string) string { return w.Know(kind, label, New(label)) }

// PlantToken makes one of letters, digits and hyphens.
func (w *Watch) PlantToken(kind Kind, label string) string { return w.Know(kind, label, Token(label)) }

// Know watches for a secret that somebody else made, of at least sixteen characters, and returns it.
func (w *Watch) Know(kind Kind, label, secret string) string {
	if len(secret) < leastCore {
		return secret // it could be found by chance
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.planted == nil {
		w.planted, w.seen = map[string]planted{}, map[string]stamp{}
	}
	w.planted[secret] = planted{kind: kind, label: label}
	return secret
}

// Look notes a leak for each secret that data holds and place may not.
func (w *Watch) Look(place Place, where string, data []byte) {
	for secret, what := range w.known() {
		if reasons[what.kind][place] != "" {
			continue
		}
		if shapes := Find(data, secret); len(shapes) > 0 {
			w.note(fmt.Sprintf("%s holds the %s (%s)", where, what.label, strings.Join(shapes, ", ")))
		}
	}
}

// LookBelow looks through every file of a folder that changed since it was looked through last, but for folders that skip names.
func (w *Watch) LookBelow(folder string, skip ...string) {
	root := os.DirFS(folder)
	_ = fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error { // what vanishes meanwhile was in nobody's way
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		w.Look(Elsewhere, "the name of "+filepath.Join(folder, path), []byte(entry.Name()))
		if entry.IsDir() && slices.Contains(skip, entry.Name()) {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() || !w.changed(folder, path, entry) {
			return nil
		}
		if data, err := fs.ReadFile(root, path); err == nil {
			w.Look(PlaceOf(path), filepath.Join(folder, path), data)
		}
		return nil
	})
}

// PlaceOf tells what a file is by its name.
func PlaceOf(path string) Place {
	name := filepath.Base(path)
	switch {
	case strings.HasSuffix(name, ".tf"), strings.HasSuffix(name, ".tfvars"), strings.HasSuffix(name, ".tf.json"), strings.HasSuffix(name, ".tfvars.json"):
		return Configuration
	case strings.Contains(name, ".tfstate"), strings.HasSuffix(name, ".tfplan"), name == "tfplan":
		return State
	case strings.Contains(filepath.ToSlash(path), "deployments/"), strings.Contains(filepath.ToSlash(path), "journal/"):
		return Store
	}
	return Elsewhere
}

// changed tells whether a file is to be looked through, and notes that it was.
func (w *Watch) changed(folder, path string, entry fs.DirEntry) bool {
	info, err := entry.Info()
	if err != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := stamp{size: info.Size(), changed: info.ModTime().UnixNano(), secrets: len(w.planted)}
	full := filepath.Join(folder, path)
	if w.planted == nil || w.seen[full] == now {
		return false
	}
	w.seen[full] = now
	return true
}

func (w *Watch) known() map[string]planted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.planted)
}

func (w *Watch) note(leak string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.leaks, leak) {
		w.leaks = append(w.leaks, leak)
	}
}

// Leaks are what was found until now.
func (w *Watch) Leaks() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.leaks)
}
