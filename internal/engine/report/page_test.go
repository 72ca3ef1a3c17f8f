package report_test

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

const hostile = `</title></svg><script>alert("x")</script><img src=//evil.test/a onerror=alert(1)> {{.}} ' " & ` + "\x00\x1b[31m\u202e" + ` \`

// everything has each status, many attempts, long words and hostile text.
func everything() report.Health {
	at := time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return at.Add(d) }
	flapping := report.Check{Kind: "http", Status: "passed", LatencyMS: 84}
	for i := range 60 {
		seen := report.Attempt{StartedAt: after(time.Duration(i) * 1500 * time.Millisecond), Status: "pass", LatencyMS: int64(40 + i*7%300), Values: map[string]string{"status": "200"}}
		if i%7 == 3 {
			seen.Status, seen.Reason, seen.Values = "fail", "GET https://www.example.com/health: status 502 instead of 200-299 (body of 512 bytes)", map[string]string{"status": "502"}
		}
		flapping.Attempts = append(flapping.Attempts, seen)
	}
	refused := "connect to cache.example.internal:6379: connection refused"
	return report.Health{
		Verdict: "failed", StartedAt: at, DurationMS: 94_300, Deployment: "web/000012",
		Checks: map[string]report.Check{
			"site": {
				Kind: "http", Status: "failed", Reason: "GET https://www.example.com/health: json.status is \"degraded\" instead of \"ok\"", LatencyMS: 1210,
				Attempts: []report.Attempt{
					{StartedAt: after(0), Status: "error", Reason: "GET https://www.example.com/health: no answer within 10s", LatencyMS: 10_000},
					{StartedAt: after(20 * time.Second), Status: "fail", Reason: "GET https://www.example.com/health: status 503 instead of 200-299", LatencyMS: 310, Values: map[string]string{"status": "503", "protocol": "HTTP/2.0"}},
					{StartedAt: after(41 * time.Second), Status: "fail", Reason: "GET https://www.example.com/health: json.status is \"degraded\" instead of \"ok\"", LatencyMS: 1210, Values: map[string]string{"status": "200", "protocol": "HTTP/2.0"}},
				},
			},
			"cache":    {Kind: "tcp", Status: "timed_out", Reason: "timed out: the gate's timeout of 1m34s passed; attempt 2: " + refused, Attempts: []report.Attempt{{StartedAt: after(0), Status: "error", Reason: refused, LatencyMS: 2}, {StartedAt: after(60 * time.Second), Status: "error", Reason: refused, LatencyMS: 34_000}}},
			"errors":   {Kind: "metric", Status: "inconclusive", Reason: "no data point of AWS/ApplicationELB HTTPCode_Target_5XX_Count in the last 5 minutes", LatencyMS: 88, Attempts: []report.Attempt{{StartedAt: after(0), Status: "inconclusive", Reason: "no data point", LatencyMS: 120}, {StartedAt: after(30 * time.Second), Status: "inconclusive", Reason: "no data point", LatencyMS: 88}}},
			"canary":   {Kind: "alarm", Status: "inconclusive", Excused: true, Reason: "INSUFFICIENT_DATA: web-canary", LatencyMS: 88, Attempts: []report.Attempt{{StartedAt: after(time.Second), Status: "inconclusive", Reason: "INSUFFICIENT_DATA: web-canary", LatencyMS: 120}}},
			"orders":   {Kind: "workflow", Status: "skipped", Reason: `skipped: it needs "site" (failed), which did not pass`},
			"docs":     {Kind: "http", Status: "failed", Advisory: true, Reason: "status 404 instead of 200-299", LatencyMS: 51, Attempts: []report.Attempt{{StartedAt: after(0), Status: "fail", Reason: "status 404 instead of 200-299", LatencyMS: 51}}},
			"flapping": flapping,
			"database": {Kind: "lambda", Status: "passed", LatencyMS: 231, Attempts: []report.Attempt{{StartedAt: after(0), Status: "pass", LatencyMS: 231, Values: map[string]string{"version": "7"}}}},
			hostile + strings.Repeat("unbroken", 20): {
				Kind: "http", Status: "error", Reason: strings.Repeat(hostile, 3), LatencyMS: 1,
				Attempts: []report.Attempt{{StartedAt: after(0), Status: "error", Reason: hostile, LatencyMS: 1, Values: map[string]string{hostile: hostile + strings.Repeat("x", 300)}}},
			},
		},
	}
}

// TestPageIsSelfContained: hostile text stays text, and nothing is asked for from outside.
func TestPageIsSelfContained(t *testing.T) {
	t.Parallel()
	page, err := everything().HTML()
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, never := range []string{`<script`, `<img`, `<link`, `@import`, `url(http`, `url(//`, `onerror=alert(1)>`, `ZgotmplZ`} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(never)) {
			t.Errorf("the page holds %q", never)
		}
	}
	if tags := regexp.MustCompile(`<[^>]*\s(src|href|style|on[a-z]+)=[^>]*>`).FindAllString(text, -1); len(tags) != 0 {
		t.Errorf("tags with an address or code: %q", tags)
	}
	if got := strings.Count(text, `<svg class="time`); got != 8 {
		t.Errorf("%d timelines of 8 checks that were attempted", got)
	}
	if got := len(regexp.MustCompile(`<rect class="bar thick [a-z_]+" x="[0-9.]+%"`).FindAllString(text, -1)); got != 60+3+2+2+1+1+1+1 {
		t.Errorf("%d attempts are drawn", got)
	}
	if got := strings.Count(text, "… 10 more …"); got != 1 {
		t.Errorf("%d tables are cut", got)
	}
	// What stands in the way is above what does not.
	order := regexp.MustCompile(`<h3><bdi>([a-z]+)</bdi></h3>`).FindAllStringSubmatch(text, -1)
	var names []string
	for _, match := range order {
		names = append(names, match[1])
	}
	if got := strings.Join(names, " "); got != "site cache errors orders docs canary database flapping" {
		t.Errorf("the order is %s", got)
	}
}

// TestJUnitIsXML: whatever the text is, a reader of XML takes it.
func TestJUnitIsXML(t *testing.T) {
	t.Parallel()
	data, err := everything().JUnit()
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name string `xml:"name,attr"`
				Out  string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &read); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if len(read.Suites) != 1 {
		t.Fatal(fmt.Sprint(len(read.Suites), " suites"))
	}
	suite := read.Suites[0]
	if suite.Tests != 9 || suite.Failures != 1 || suite.Errors != 3 || suite.Skipped != 3 || len(suite.Cases) != 9 {
		t.Errorf("%+v", suite)
	}
}
