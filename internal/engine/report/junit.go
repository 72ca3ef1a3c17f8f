package report

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The part of JUnit's XML that CI systems agree on, AWS CodeBuild among them:
// https://docs.aws.amazon.com/codebuild/latest/userguide/test-reporting.html, https://github.com/testmoapp/junitxml
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
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit is the document as JUnit XML, a test case a check, in order of their names; its time is that of the check from
// its first attempt to the end of its last. What did not pass but blocks nothing is skipped, not failed: it must not turn
// a build red.
func (h Health) JUnit() ([]byte, error) {
	return junit("health", h.StartedAt, h.DurationMS, h.cases("health"))
}

// elapsed is the time of a check, in milliseconds.
func elapsed(check Check) int64 {
	if len(check.Attempts) == 0 {
		return 0
	}
	first, last := check.Attempts[0], check.Attempts[len(check.Attempts)-1]
	return last.StartedAt.Sub(first.StartedAt).Milliseconds() + last.LatencyMS
}

// log is a line for each attempt.
func log(check Check) string {
	var out strings.Builder
	for i, attempt := range check.Attempts {
		fmt.Fprintf(&out, "%s attempt %d: %s, %d ms", attempt.StartedAt.UTC().Format("15:04:05.000"), i+1, attempt.Status, attempt.LatencyMS)
		if attempt.Reason != "" {
			out.WriteString(": " + attempt.Reason)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}

// junit writes a suite of cases whose text is harmless whatever it holds.
func junit(name string, started time.Time, ms int64, cases []junitCase) ([]byte, error) {
	suite := junitSuite{Name: name, Time: seconds(ms), Tests: len(cases), Cases: cases}
	if !started.IsZero() {
		suite.Timestamp = started.UTC().Format("2006-01-02T15:04:05")
	}
	for i := range cases {
		c := &cases[i]
		c.Name, c.Class, c.Out = printable(c.Name), printable(c.Class), multiline(c.Out)
		for _, end := range []struct {
			outcome *junitOutcome
			count   *int
		}{{c.Failure, &suite.Failures}, {c.Error, &suite.Errors}, {c.Skipped, &suite.Skipped}} {
			if end.outcome != nil {
				*end.count++
				end.outcome.Message, end.outcome.Text = printable(end.outcome.Message), multiline(end.outcome.Text)
			}
		}
	}
	data, err := xml.MarshalIndent(junitSuites{Suite: suite, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors}, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// cases are the test cases of a health document that lies within another.
func (h Health) cases(class string) []junitCase {
	var cases []junitCase
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) {
		check := h.Checks[name]
		entry := junitCase{Name: name, Class: class + "." + check.Kind, Time: seconds(elapsed(check)), Out: log(check)}
		switch {
		case check.Status == "passed":
		case check.Advisory, check.Excused, check.Status == "skipped":
			entry.Skipped = &junitOutcome{Message: check.Reason}
		case check.Status == "failed":
			entry.Failure = &junitOutcome{Message: check.Reason, Type: check.Status, Text: check.Reason}
		default:
			entry.Error = &junitOutcome{Message: check.Reason, Type: check.Status, Text: check.Reason}
		}
		cases = append(cases, entry)
	}
	return cases
}
