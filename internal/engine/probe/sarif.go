package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// sarifError is a file that is JSON and yet no SARIF.
type sarifError struct{ reason string }

func (e *sarifError) Error() string { return e.reason }

// sarifLog is what a scan needs of a SARIF log. It is read as a stream, result by result: a log may be larger than
// memory, and a run's rules may stand behind its results.
type sarifLog struct {
	scans      int  // runs that have results, if only an empty list
	broken     bool // an invocation did not succeed
	elsewhere  bool // results are in external property files
	suppressed int
	runs       []*sarifRun
}

type sarifRun struct {
	tool        sarifTool
	invocations []sarifInvocation
	counts      map[sarifKey]*sarifCount
}

type sarifTool struct {
	Driver     sarifComponent   `json:"driver"`
	Extensions []sarifComponent `json:"extensions"`
}

type sarifComponent struct {
	GUID  string      `json:"guid"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string `json:"id"`
	Default *struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifInvocation struct {
	Successful *bool `json:"executionSuccessful"`
	Overrides  []struct {
		Descriptor    sarifReference `json:"descriptor"`
		Configuration struct {
			Level string `json:"level"`
		} `json:"configuration"`
	} `json:"ruleConfigurationOverrides"`
}

// sarifReference points to a rule (section 3.52). Pointers tell what is not there from what is 0.
type sarifReference struct {
	ID        string `json:"id"`
	Index     *int   `json:"index"`
	Component *struct {
		Index *int   `json:"index"`
		GUID  string `json:"guid"`
	} `json:"toolComponent"`
}

type sarifResult struct {
	Level        string          `json:"level"`
	Kind         string          `json:"kind"`
	RuleID       string          `json:"ruleId"`
	RuleIndex    *int            `json:"ruleIndex"`
	Rule         *sarifReference `json:"rule"`
	Baseline     string          `json:"baselineState"`
	Suppressions []struct {
		Status string `json:"status"`
	} `json:"suppressions"`
	Provenance *struct {
		Invocation *int `json:"invocationIndex"`
	} `json:"provenance"`
	Locations []struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				Line int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
	} `json:"locations"`
}

// sarifKey is what decides the level of a result. -1 is an index that is not there.
type sarifKey struct {
	level, kind, rule, component     string
	ruleIndex, extension, invocation int
}

type sarifCount struct {
	count int
	place string
}

// sarifFinding is results of one rule at one level.
type sarifFinding struct {
	level ScanLevel
	rule  string
	count int
	place string
}

// No scanner comes near these; they bound what a file can cost.
const (
	maxSARIFKeys  = 100_000
	maxSARIFDepth = 1000
)

// decode reads a whole log.
func (l *sarifLog) decode(r io.Reader) error {
	decoder := json.NewDecoder(r)
	version, hasRuns := "", false
	err := members(decoder, func(name string) error {
		switch name {
		case "version":
			return decoder.Decode(&version)
		case "runs":
			hasRuns = true
			return elements(decoder, func() error { return l.run(decoder) })
		case "inlineExternalProperties":
			var inline []struct {
				Results []json.RawMessage `json:"results"`
			}
			err := decoder.Decode(&inline)
			for _, properties := range inline {
				l.elsewhere = l.elsewhere || len(properties.Results) > 0
			}
			return err
		}
		return skip(decoder)
	})
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(version, "2."):
		return &sarifError{"there is no version 2 in it"}
	case !hasRuns:
		return &sarifError{"there are no runs in it"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &sarifError{"something stands behind its end"}
	}
	return nil
}

func (l *sarifLog) run(decoder *json.Decoder) error {
	run := &sarifRun{counts: map[sarifKey]*sarifCount{}}
	l.runs = append(l.runs, run)
	return members(decoder, func(name string) error {
		switch name {
		case "tool":
			return decoder.Decode(&run.tool)
		case "invocations":
			err := decoder.Decode(&run.invocations)
			for _, invocation := range run.invocations {
				l.broken = l.broken || (invocation.Successful != nil && !*invocation.Successful)
			}
			return err
		case "externalPropertyFileReferences":
			var external struct {
				Results []json.RawMessage `json:"results"`
			}
			err := decoder.Decode(&external)
			l.elsewhere = l.elsewhere || len(external.Results) > 0
			return err
		case "results":
			before := l.scans
			l.scans++
			return elements(decoder, func() error {
				var result sarifResult
				if err := decoder.Decode(&result); err != nil {
					return err
				}
				l.count(run, &result)
				if len(run.counts) > maxSARIFKeys {
					return &sarifError{"its results are of more rules than any scanner has"}
				}
				return nil
			}, func() { l.scans = before }) // null: the scan did not get as far as results
		}
		return skip(decoder)
	})
}

// count keeps a result's key. One that is suppressed, or that is in the baseline only, is no finding any more.
func (l *sarifLog) count(run *sarifRun, result *sarifResult) {
	if result.suppressed() {
		l.suppressed++
		return
	}
	if result.Baseline == "absent" {
		return
	}
	key := result.key()
	kept := run.counts[key]
	if kept == nil {
		kept = &sarifCount{}
		run.counts[key] = kept
		if len(result.Locations) > 0 {
			place := result.Locations[0].Physical
			kept.place = printable(place.Artifact.URI)
			if place.Region.Line > 0 && kept.place != "" {
				kept.place += fmt.Sprintf(":%d", place.Region.Line)
			}
		}
	}
	kept.count++
}

// suppressed is so when there are suppressions and each is accepted, which is what no status means (section 3.27.23).
func (r *sarifResult) suppressed() bool {
	for _, suppression := range r.Suppressions {
		if suppression.Status != "" && suppression.Status != "accepted" {
			return false
		}
	}
	return len(r.Suppressions) > 0
}

func (r *sarifResult) key() sarifKey {
	key := sarifKey{level: r.Level, kind: r.Kind, rule: r.RuleID, ruleIndex: index(r.RuleIndex), extension: -1, invocation: -1}
	if r.Rule != nil {
		if key.rule == "" {
			key.rule = r.Rule.ID
		}
		if key.ruleIndex < 0 {
			key.ruleIndex = index(r.Rule.Index)
		}
		key.extension, key.component = r.Rule.extension()
	}
	if r.Provenance != nil {
		key.invocation = index(r.Provenance.Invocation)
	}
	return key
}

func index(value *int) int {
	if value == nil {
		return -1
	}
	return max(*value, -1)
}

// extension names the component that has the rule: by index, else by GUID; -1 and nothing mean the driver.
func (r *sarifReference) extension() (at int, guid string) {
	if r.Component == nil {
		return -1, ""
	}
	return index(r.Component.Index), strings.ToLower(r.Component.GUID)
}

// findings are the results that are not suppressed, by rule and level.
func (l *sarifLog) findings() iter.Seq[sarifFinding] {
	return func(yield func(sarifFinding) bool) {
		for _, run := range l.runs {
			for key, kept := range run.counts {
				rule := run.rule(key)
				name := key.rule
				if name == "" && rule != nil {
					name = rule.ID
				}
				if !yield(sarifFinding{level: run.level(key, rule), rule: printable(name), count: kept.count, place: kept.place}) {
					return
				}
			}
		}
	}
}

// level is section 3.27.10: the result's own; none for what is no failure; else what the invocation configured for the
// rule, the rule's default, and "warning".
func (r *sarifRun) level(key sarifKey, rule *sarifRule) ScanLevel {
	for _, text := range []string{key.level, passes(key.kind), r.override(key, rule)} {
		if at := slices.Index(scanLevels, text); at >= 0 {
			return ScanLevel(at)
		}
	}
	if rule != nil && rule.Default != nil {
		if at := slices.Index(scanLevels, rule.Default.Level); at >= 0 {
			return ScanLevel(at)
		}
	}
	return LevelWarning
}

func passes(kind string) string {
	if kind == "" || kind == "fail" {
		return ""
	}
	return LevelNone.String()
}

func (r *sarifRun) override(key sarifKey, rule *sarifRule) string {
	if key.invocation < 0 || key.invocation >= len(r.invocations) {
		return ""
	}
	for _, override := range r.invocations[key.invocation].Overrides {
		named := rule != nil && override.Descriptor.ID != "" && override.Descriptor.ID == rule.ID
		numbered := override.Descriptor.Index != nil && key.ruleIndex >= 0 && *override.Descriptor.Index == key.ruleIndex
		at, guid := override.Descriptor.extension()
		if (named || numbered) && at == key.extension && guid == key.component {
			return override.Configuration.Level
		}
	}
	return ""
}

// rule finds the rule of a result by index, else by id, of which trailing components may be the result's own
// ("CA2101/1", section 3.27.5).
func (r *sarifRun) rule(key sarifKey) *sarifRule {
	rules := r.rules(key)
	if key.ruleIndex >= 0 && key.ruleIndex < len(rules) {
		return &rules[key.ruleIndex]
	}
	for id := key.rule; id != ""; {
		if at := slices.IndexFunc(rules, func(rule sarifRule) bool { return rule.ID == id }); at >= 0 {
			return &rules[at]
		}
		cut := strings.LastIndex(id, "/")
		if cut < 0 {
			return nil
		}
		id = id[:cut]
	}
	return nil
}

func (r *sarifRun) rules(key sarifKey) []sarifRule {
	at := key.extension
	if at < 0 && key.component != "" {
		at = slices.IndexFunc(r.tool.Extensions, func(c sarifComponent) bool { return strings.EqualFold(c.GUID, key.component) })
	}
	if at >= 0 && at < len(r.tool.Extensions) {
		return r.tool.Extensions[at].Rules
	}
	if key.extension >= 0 {
		return nil
	}
	return r.tool.Driver.Rules
}

// members calls member for each name of an object; member reads the value.
func members(decoder *json.Decoder, member func(name string) error) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return &sarifError{"an object is missing"}
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return &sarifError{"a name is missing"}
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// elements calls element for each element of a list; element reads it. For null it calls otherwise.
func elements(decoder *json.Decoder, element func() error, otherwise ...func()) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token == nil {
		for _, call := range otherwise {
			call()
		}
		return nil
	}
	if token != json.Delim('[') {
		return &sarifError{"a list is missing"}
	}
	for decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// skip passes over one value without keeping it.
func skip(decoder *json.Decoder) error {
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			if depth > maxSARIFDepth {
				return &sarifError{"it is nested too deeply"}
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
