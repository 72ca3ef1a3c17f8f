package report

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"time"
)

// The part of JUnit's XML that CI systems agree on: https://github.com/testmoapp/junitxml
type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Suite    junitSuite `xml:"testsuite"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitOutcome `xml:"failure,omitempty"`
	Error   *junitOutcome `xml:"error,omitempty"`
	Skipped *junitOutcome `xml:"skipped,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
}

// JUnit is the document as JUnit XML, a test case a check, in order of their names. An advisory check that did not pass
// is skipped, not failed: it must not turn a build red.
func (h Health) JUnit() ([]byte, error) {
	suite := junitSuite{Name: "health", Time: seconds(h.DurationMS), Timestamp: h.StartedAt.UTC().Format("2006-01-02T15:04:05")}
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) {
		check := h.Checks[name]
		suite.Tests++
		entry := junitCase{Name: name, Class: "health." + check.Kind, Time: seconds(check.LatencyMS)}
		outcome := &junitOutcome{Message: check.Reason, Type: check.Status}
		switch {
		case check.Status == "passed":
		case check.Advisory, check.Status == "skipped":
			suite.Skipped++
			entry.Skipped = &junitOutcome{Message: check.Reason}
		case check.Status == "failed":
			suite.Failures++
			entry.Failure = outcome
		default:
			suite.Errors++
			entry.Error = outcome
		}
		suite.Cases = append(suite.Cases, entry)
	}
	data, err := xml.MarshalIndent(junitSuites{Suite: suite, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors}, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}
