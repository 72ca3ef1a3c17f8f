package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// The parts of SARIF 2.1.0 that are written, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, with what code scanning
// asks for: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string            `json:"id"`
		Name                 string            `json:"name"`
		ShortDescription     sarifText         `json:"shortDescription"`
		FullDescription      sarifText         `json:"fullDescription"`
		Help                 sarifText         `json:"help"`
		HelpURI              string            `json:"helpUri"`
		DefaultConfiguration map[string]string `json:"defaultConfiguration"`
		Properties           map[string]any    `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical       `json:"physicalLocation"`
		LogicalLocations []map[string]string `json:"logicalLocations"`
	}
	sarifPhysical struct {
		ArtifactLocation map[string]string `json:"artifactLocation"`
		Region           map[string]int    `json:"region"`
	}
)

// Place is where in a configuration something is written; columns count UTF-16 code units, EndColumn is the one after the last.
type Place struct {
	URI                              string
	Line, Column, EndLine, EndColumn int
}

// nowhere is where results are shown of which nothing tells where they are written: code scanning wants a file, and shows no result
// without one.
var nowhere = Place{URI: "main.tf", Line: 1, Column: 1, EndLine: 1, EndColumn: 2}

// sarifLevels are the levels of the categories; severities order them in code scanning, where above 9.0 is critical, from 4.0 medium.
var (
	sarifLevels     = map[string]string{"critical": "error", "major": "warning", "minor": "note"}
	sarifSeverities = map[string]string{"critical": "9.5", "major": "6.0", "minor": "2.0"}
	sarifMeanings   = map[string]string{
		"critical": "access was opened or cut off, protection is off, it moved, or it is gone",
		"major":    "it behaves, performs or costs differently, or nothing manages it, or it could not be looked at",
		"minor":    "it is described, watched or kept differently",
	}
)

const (
	driftDocs = "https://registry.terraform.io/providers/project3-ls/reliability/latest/docs/data-sources/drift"
	driftHelp = "Decide which of the two is right, AWS or the configuration. To put AWS back, run what is named \"put back\"; to keep what is live, do what is named \"accept\". " +
		"Drift that is meant belongs into `ignore`, with a reason and an expiry."
)

// SARIF is the document as SARIF 2.1.0: a rule for each category and attribute of a type, a result for each difference, and for what
// could not be verified. Results are where Locate says that the attribute is written.
func (d Drift) SARIF() ([]byte, error) {
	s := &sarif{drift: d, rules: map[string]int{}, run: sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "terraform-provider-reliability drift", InformationURI: driftDocs, Rules: []sarifRule{}}},
		ColumnKind: "utf16CodeUnits", Results: []sarifResult{},
	}}
	for _, item := range d.Items {
		address, remedies := printable(item.Address), item.remedies()
		if len(item.Changes) == 0 {
			s.add(finding{category: item.Category, kind: item.Type, attribute: item.Kind, address: item.Address, text: address + " is " + item.Kind + ": " + printable(item.Reason) + remedies})
		}
		for _, change := range item.Changes {
			found := finding{category: change.Category, kind: item.Type, attribute: attributeOf(change.Path), address: item.Address, identity: change.identity()}
			found.text = address + ": " + printable(change.Path) + " is " + value(change.Expected) + " in the state and " + value(change.Actual) + " live: " + printable(change.Reason) + remedies
			s.add(found)
		}
	}
	for _, unverified := range d.Unverified {
		s.add(finding{
			category: "major", kind: unverified.Type, attribute: "unverified", address: unverified.Address,
			text: printable(unverified.Address) + " could not be verified: " + printable(unverified.Reason),
		})
	}
	return json.MarshalIndent(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{s.run}}, "", "  ")
}

// finding is what becomes one result.
type finding struct {
	category, kind, attribute, address, text string
	// identity tells findings of one attribute of one resource from each other.
	identity string
}

// sarif is a document while it is made.
type sarif struct {
	drift Drift
	run   sarifRun
	rules map[string]int
}

func (s *sarif) add(f finding) {
	id := f.category + "/" + f.kind + "." + f.attribute
	if _, ok := s.rules[id]; !ok {
		s.rules[id] = len(s.run.Tool.Driver.Rules)
		s.run.Tool.Driver.Rules = append(s.run.Tool.Driver.Rules, ruleOf(id, f))
	}
	sum := sha256.Sum256([]byte(f.address + "\n" + f.attribute + "\n" + f.identity))
	hash := hex.EncodeToString(sum[:16])
	s.run.Results = append(s.run.Results, sarifResult{
		RuleID: id, RuleIndex: s.rules[id], Level: sarifLevels[f.category], Message: sarifText{f.text}, Locations: []sarifLocation{s.drift.location(f)},
		// Code scanning uses the first only. It need not be of a line: it tells whether two results are the same.
		PartialFingerprints: map[string]string{"primaryLocationLineHash": hash, "driftOf/v2": hash},
	})
}

func ruleOf(id string, f finding) sarifRule {
	short := f.kind + ": " + f.attribute + " differs from the state"
	switch f.attribute {
	case "deleted":
		short = f.kind + ": it is in the state and no longer in AWS"
	case "unmanaged":
		short = f.kind + ": it is in AWS and in no state"
	case "unverified":
		short = f.kind + ": whether it differs from the state is not known"
	}
	return sarifRule{
		ID: id, Name: f.category + " drift of " + f.kind + "." + f.attribute, ShortDescription: sarifText{short},
		FullDescription: sarifText{short + ". Drift of category " + f.category + ": " + sarifMeanings[f.category] + "."},
		Help:            sarifText{driftHelp}, HelpURI: driftDocs, DefaultConfiguration: map[string]string{"level": sarifLevels[f.category]},
		Properties: map[string]any{"security-severity": sarifSeverities[f.category], "precision": "very-high", "tags": []string{"drift", f.category}},
	}
}

// location is where a finding is written and which resource it is about.
func (d Drift) location(f finding) sarifLocation {
	place := nowhere
	if d.Locate != nil {
		if found, ok := d.Locate(f.address, f.attribute); ok {
			place = found
		}
	}
	return sarifLocation{
		PhysicalLocation: sarifPhysical{
			ArtifactLocation: map[string]string{"uri": place.URI},
			Region:           map[string]int{"startLine": place.Line, "startColumn": place.Column, "endLine": place.EndLine, "endColumn": place.EndColumn},
		},
		LogicalLocations: []map[string]string{{"fullyQualifiedName": printable(f.address), "kind": "resource"}},
	}
}

// identity is what stays the same of a change from one look to the next: its path, and of what came or went (a rule, a statement, a
// key) what it is.
func (c DriftChange) identity() string {
	switch {
	case c.Expected == nil && c.Actual != nil:
		return c.Path + "\n+" + *c.Actual
	case c.Actual == nil && c.Expected != nil:
		return c.Path + "\n-" + *c.Expected
	}
	return c.Path
}

// remedies are both ways out of an item, as lines below a message.
func (i DriftItem) remedies() string {
	var out strings.Builder
	for _, way := range []struct {
		name  string
		lines []string
	}{{"put back", i.Remediation}, {"accept", i.Reconciliation}} {
		for _, line := range way.lines {
			out.WriteString("\n" + way.name + ": " + printable(line))
		}
	}
	return out.String()
}

// attributeOf is a path without what a user's own key adds: every tag is one rule.
func attributeOf(path string) string {
	for _, root := range []string{"tags", "environment.variables"} {
		if strings.HasPrefix(path, root+".") {
			return root
		}
	}
	return printable(path)
}
