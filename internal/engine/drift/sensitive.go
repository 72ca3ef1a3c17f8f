package drift

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Hidden stands for a value that is compared and not shown.
const Hidden = "(sensitive value)"

// sealKey is of this process alone: a fingerprint says nothing to anybody who does not have it, short passwords included.
var sealKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return key
})

// seal is the fingerprint of a text; equal texts have equal ones. No text stays no text, as that is what absent means.
func seal(text string) string {
	if text == "" {
		return ""
	}
	mac := hmac.New(sha256.New, sealKey())
	mac.Write([]byte(text))
	return string(mac.Sum(nil))
}

func sealAll(list []string) []string {
	sealed := make([]string, 0, len(list))
	for _, text := range list {
		sealed = append(sealed, seal(text))
	}
	return sealed
}

// sealed puts fingerprints in the place of all that is secret in a normalised value: everything, or, in a Map, only the values
// under keys that secret names. What compares two of them never has the texts in its hands.
func sealed(attribute live.Attribute, value any, secret func(path string) bool) any {
	switch attribute.Kind {
	case live.Map:
		all := as[map[string]string](value)
		out := make(map[string]string, len(all))
		for key, text := range all {
			if out[key] = text; secret(attribute.Name() + "." + key) {
				out[key] = seal(text)
			}
		}
		return out
	case live.Rules:
		var rules []live.Rule
		for _, rule := range as[[]live.Rule](value) {
			rules = append(rules, live.Rule{Protocol: seal(rule.String()), Description: seal(rule.Description), Source: rule.Source})
		}
		return rules
	case live.Set, live.Policy:
		list := sealAll(as[[]string](value))
		slices.Sort(list)
		return list
	case live.List:
		return sealAll(as[[]string](value))
	default:
		return seal(as[string](value))
	}
}

// hide takes out of a change all that is secret, the fingerprints too.
func (c *Change) hide() {
	hidden := Hidden
	if c.Expected != nil {
		c.Expected = &hidden
	}
	if c.Actual != nil {
		c.Actual = &hidden
	}
	c.rule, c.statement, c.sensitive = nil, "", true
}

// isSensitive tells that the state marks the path, or something above or below it, as sensitive.
func (r Resource) isSensitive(path string) bool {
	return slices.ContainsFunc(r.Sensitive, func(marked string) bool {
		marked = shownAs(marked)
		return covers(marked, path) || strings.HasPrefix(marked, path+".")
	})
}

// isWholeSensitive tells that the state marks the path or something above it, so that even the keys below it are secret.
func (r Resource) isWholeSensitive(path string) bool {
	return slices.ContainsFunc(r.Sensitive, func(marked string) bool { return covers(shownAs(marked), path) })
}

// covers tells that a mark is on a path or above it; an empty one is on everything.
func covers(marked, path string) bool {
	return marked == "" || path == marked || strings.HasPrefix(path, marked+".")
}

// shownAs is a mark in the form of Change.Path: tags_all is shown as tags.
func shownAs(marked string) string {
	if below, ok := strings.CutPrefix(marked, "tags_all"); ok && (below == "" || below[0] == '.') {
		return "tags" + below
	}
	return marked
}

// shownID is the id, unless the state says that it is a secret.
func (r Resource) shownID() string {
	if slices.Contains(r.Sensitive, "id") {
		return Hidden
	}
	return r.ID
}
