package probe

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestScanHostile: no file, however odd, makes a scan panic, pass over an error that it can see, or put more than a line
// into a reason.
func TestScanHostile(t *testing.T) {
	t.Parallel()
	whole := run(`[{"ruleId":"ERR","level":"error","locations":[{}]},{"ruleIndex":0},{"rule":{"index":-5,"toolComponent":{"index":99}},"provenance":{"invocationIndex":-9}}]`)
	pieces := rapid.SampledFrom([]string{
		"{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999", `"`, `"\n"`, `"level":"error"`, `"level":"\u001b\n"`, `"ruleIndex":7`, `"ruleId":"ERR/x"`, `"kind":"pass"`,
		`"runs":[{"results":[{}]}]`, `"results":null`, `"results":[{"level":"error"}]`, `"tool":null`, `"invocations":[null]`, `"suppressions":[null]`, `"version":"2.1.0"`,
	})
	rapid.Check(t, func(t *rapid.T) {
		text := whole
		for range rapid.IntRange(0, 4).Draw(t, "edits") {
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := rapid.IntRange(from, min(from+20, len(text))).Draw(t, "to")
			text = text[:from] + pieces.Draw(t, "piece") + text[to:]
		}
		log := &sarifLog{}
		if err := log.decode(strings.NewReader(text)); err != nil {
			if strings.ContainsAny(sarifFault(err), "\n\r\x1b") {
				t.Fatalf("%q", sarifFault(err))
			}
			return
		}
		seen := (&Scan{Path: "scan.sarif", Limit: LevelError}).judge(log)
		worst := LevelNone
		for finding := range log.findings() {
			worst = max(worst, finding.level)
		}
		if (seen.Status == Fail) != (worst == LevelError) || strings.ContainsAny(seen.Reason, "\n\r\x1b") {
			t.Fatalf("%+v although the worst is %s", seen, worst)
		}
	})
}

// TestPlaceholdersHostile: whatever a server answers, a later step goes to the host that the configuration names.
func TestPlaceholdersHostile(t *testing.T) {
	t.Parallel()
	from := &url.URL{Scheme: "https", Host: "home.test", Path: "/"}
	part := rapid.OneOf(rapid.SampledFrom([]string{"/", "//", "\\", "@", ":", ":80", "?", "#", "evil.test", ".", "..", "%", "%40", "%2f", "\r\n", " ", "[", "]", "https:", "blue", ";", "&", "="}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, "value"), "")
		j := &journey{captured: map[string]captured{"v": {text: value, isText: true, from: from}}}
		for _, text := range []string{"https://h.test{{v}}", "https://h.test/{{v}}", "https://h.test/a/{{v}}/b?c={{v}}#{{v}}", "https://h.test:8443{{v}}?c", "https://u:p@h.test{{v}}"} {
			filled, abroad, err := j.url(text)
			if err == nil && (filled.Hostname() != "h.test" || filled.Scheme != "https" || abroad) {
				t.Fatalf("%s with %q leads to %s", text, value, filled)
			}
		}
		filled, _, err := j.url("https://{{v}}.h.test/")
		if err == nil && !strings.HasSuffix(filled.Host, ".h.test") {
			t.Fatalf("%q leads to %s", value, filled)
		}
		filled, abroad, err := j.url("{{v}}")
		if err == nil && abroad == sameOrigin(from, filled) {
			t.Fatalf("%q leads to %s, abroad is %v", value, filled, abroad)
		}
	})
}
