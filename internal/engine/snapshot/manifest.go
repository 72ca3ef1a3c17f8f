// Package snapshot keeps what targets were like before a release: a manifest per deployment, written once, with a digest
// that is verified at every read.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// schemaVersion is of the manifest's own format.
const schemaVersion = 1

// Manifest is one snapshot. Once it is kept it never changes.
type Manifest struct {
	Schema     int             `json:"schema"`
	Name       string          `json:"name"`
	Version    int             `json:"version"`
	Release    string          `json:"release"`
	CapturedAt time.Time       `json:"captured_at"`
	AccountID  string          `json:"account_id"`
	Region     string          `json:"region"`
	Capture    string          `json:"capture"` // unlike any other capture's
	Items      map[string]Item `json:"items"`   // by the user's name of the target

	// Digest is the SHA-256 of the manifest as it is kept, in hex, and URI names it for people.
	Digest string `json:"-"`
	URI    string `json:"-"`
}

// Item is one captured target.
type Item struct {
	Spec     service.Spec    `json:"spec"`
	Target   string          `json:"target"`
	Summary  string          `json:"summary"`
	Objects  int             `json:"objects"`
	Bytes    int64           `json:"bytes"`
	State    json.RawMessage `json:"state"`
	Parts    []string        `json:"parts,omitempty"` // SHA-256 of each, in hex
	Warnings []string        `json:"warnings,omitempty"`
}

// ID is NAME/VERSION: "web/000012".
func (m Manifest) ID() string { return FormatID(m.Name, m.Version) }

// envelope is what is kept: the manifest's exact bytes, and their digest.
type envelope struct {
	SHA256   string          `json:"sha256"`
	Manifest json.RawMessage `json:"manifest"`
}

// CorruptError says that a manifest, or a part of one, is not what was written. Nothing of it may be used.
type CorruptError struct {
	URI             string
	Expected, Found string // digests; empty where it cannot even be read
	Err             error
}

// Error names the object and both digests.
func (e *CorruptError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s cannot be read: %v", e.URI, e.Err)
	}
	return fmt.Sprintf("%s is not what was written: its digest should be %s and is %s", e.URI, e.Expected, e.Found)
}

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// encode returns what is kept, and sets Digest.
func (m *Manifest) encode() ([]byte, error) {
	body, err := canonical(m)
	if err != nil {
		return nil, fmt.Errorf("write manifest %s: %w", m.ID(), err)
	}
	m.Digest = digest(body)
	return canonical(envelope{SHA256: m.Digest, Manifest: body})
}

// decode verifies and reads what is kept under uri for name and version.
func decode(data []byte, uri, name string, version int) (Manifest, error) {
	var kept envelope
	if err := json.Unmarshal(data, &kept); err != nil {
		return Manifest{}, &CorruptError{URI: uri, Err: err}
	}
	if found := digest(kept.Manifest); found != kept.SHA256 {
		return Manifest{}, &CorruptError{URI: uri, Expected: kept.SHA256, Found: found}
	}
	var m Manifest
	if err := json.Unmarshal(kept.Manifest, &m); err != nil {
		return Manifest{}, &CorruptError{URI: uri, Err: err}
	}
	switch {
	case m.Schema != schemaVersion:
		return Manifest{}, &CorruptError{URI: uri, Err: fmt.Errorf("its format is version %d, and this provider knows version %d", m.Schema, schemaVersion)}
	case m.Name != name || m.Version != version:
		return Manifest{}, &CorruptError{URI: uri, Err: fmt.Errorf("it says that it is %s: it was moved", m.ID())}
	}
	m.Digest, m.URI = kept.SHA256, uri
	return m, nil
}

// canonical returns JSON without insignificant space or HTML escapes, map keys sorted.
func canonical(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Store is where snapshots are kept.
type Store = store.Store

// ErrName: a name or an id is malformed.
var ErrName = errors.New("malformed")

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// CheckName returns an error that is ErrName unless name is one that a deployment can have.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("%w deployment name %q: it begins with a letter or digit and has up to 64 letters, digits, dots, underscores and hyphens", ErrName, name)
	}
	return nil
}

// FormatID returns NAME/VERSION with six digits.
func FormatID(name string, version int) string { return fmt.Sprintf("%s/%06d", name, version) }

// ParseID takes NAME/VERSION apart; leading zeros may be missing. The error is ErrName.
func ParseID(id string) (name string, version int, err error) {
	name, digits, ok := strings.Cut(id, "/")
	if ok {
		version, err = strconv.Atoi(digits)
	}
	if !ok || err != nil || version < 1 || strings.HasPrefix(digits, "+") {
		return "", 0, fmt.Errorf("%w snapshot id %q: it is NAME/VERSION, such as web/000012", ErrName, id)
	}
	return name, version, CheckName(name)
}
