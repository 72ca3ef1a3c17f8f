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
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
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
		PhysicalLocation struct {
			ArtifactLocation struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
		LogicalLocations []map[string]string `json:"logicalLocations"`
	}
)

// sarifLevels are the levels of the categories; severities order them in code scanning.
var (
	sarifLevels     = map[string]string{"critical": "error", "major": "warning", "minor": "note"}
	sarifSeverities = map[string]string{"critical": "9.5", "major": "6.0", "minor": "2.0"}
)

// sarifFile is where results are shown: drift is in no line of code, and code scanning wants a file.
const sarifFile = "main.tf"

// SARIF is the document as SARIF 2.1.0: a rule for each category and attribute of a type, a result for each difference, and for what
// could not be verified.
func (d Drift) SARIF() ([]byte, error) {
	run := sarifRun{Tool: sarifTool{sarifDriver{
		Name: "terraform-provider-reliability drift", InformationURI: "https://registry.terraform.io/providers/project3-ls/reliability/latest/docs/data-sources/drift", Rules: []sarifRule{},
	}}, Results: []sarifResult{}}
	rules := map[string]int{}
	add := func(category, kind, what, address, text string) {
		id := category + "/" + kind + "." + what
		if _, ok := rules[id]; !ok {
			rules[id] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
				ID: id, Name: category + " drift of " + kind + "." + what, ShortDescription: sarifText{kind + ": " + what + " differs from the state"},
				DefaultConfiguration: map[string]string{"level": sarifLevels[category]}, Properties: map[string]any{"security-severity": sarifSeverities[category], "tags": []string{"drift", category}},
			})
		}
		sum := sha256.Sum256([]byte(address + "\n" + what))
		location := sarifLocation{LogicalLocations: []map[string]string{{"fullyQualifiedName": address, "kind": "resource"}}}
		location.PhysicalLocation.ArtifactLocation.URI = sarifFile
		location.PhysicalLocation.Region.StartLine = 1
		run.Results = append(run.Results, sarifResult{
			RuleID: id, RuleIndex: rules[id], Level: sarifLevels[category], Message: sarifText{text}, Locations: []sarifLocation{location},
			PartialFingerprints: map[string]string{"driftOf/v1": hex.EncodeToString(sum[:16])},
		})
	}
	for _, item := range d.Items {
		address := printable(item.Address)
		if len(item.Changes) == 0 {
			add(item.Category, item.Type, item.Kind, address, address+" is "+item.Kind+": "+printable(item.Reason))
		}
		for _, change := range item.Changes {
			add(change.Category, item.Type, attributeOf(change.Path), address,
				address+": "+printable(change.Path)+" is "+value(change.Expected)+" in the state and "+value(change.Actual)+" live: "+printable(change.Reason))
		}
	}
	for _, unverified := range d.Unverified {
		add("major", unverified.Type, "unverified", printable(unverified.Address), printable(unverified.Address)+" could not be verified: "+printable(unverified.Reason))
	}
	return json.MarshalIndent(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}, "", "  ")
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
