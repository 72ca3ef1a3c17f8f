package probe

import (
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	answer := func(body string) *Answer {
		return &Answer{Status: 200, Headers: map[string][]string{"Content-Type": {"text/plain"}}, Body: body, Latency: 5 * time.Millisecond}
	}
	const doc = `{"status":"ok","n":3,"big":9007199254740993,"items":[{"up":true},{"up":true}],"none":null}`
	for text, want := range map[string]string{
		`status == 200 && latency_ms < 10`:           "true",
		`headers["content-type"]`:                    "text/plain",
		`headers["Content-Type"]`:                    "text/plain",
		`json.status`:                                "ok",
		`json["status"] == "ok"`:                     "true",
		`json.n`:                                     "3",
		`json.big`:                                   "9007199254740993",
		`all(json.items, .up)`:                       "true",
		`all(json.items, #.up)`:                      "true",
		`json.items[0].up`:                           "true",
		`json.items[-1].up`:                          "true",
		`json.none`:                                  "null",
		`json.gone ?? "x"`:                           "x",
		`json?.gone == nil`:                          "true",
		`len(json.items)`:                            "2",
		`let x = json.n; x + 1`:                      "4",
		`json.gone != "fatal"`:                       "!the answer has no gone",
		`json.gone == nil`:                           "!the answer has no gone",
		`json.status.deep`:                           "!the answer has no deep",
		`json.items[7]`:                              "!the answer has no 7",
		`all(json.items, .down)`:                     "!the answer has no down",
		`headers["X-Gone"] == "1"`:                   "!the answer has no X-Gone",
		`int(json.status) > 1`:                       "!cannot be evaluated",
		`status > 100 ? json.status : json.whatever`: "ok",
	} {
		compiled, err := CompileExpression(text, HTTPDialect)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		result, err := compiled.eval(answer(doc), HTTPDialect)
		if why, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), `"ok"`) {
				t.Errorf("%s: got %v, %v", text, result, err)
			}
			continue
		}
		if got, _ := render(result); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`statuz == 200`, `payload.ok`, `json.`, `status + "x" == 1`, `nope(1)`} {
		if _, err := CompileExpression(text, HTTPDialect); err == nil {
			t.Errorf("%s compiles", text)
		}
	}
	if _, err := CompileCondition(`status`, HTTPDialect); err == nil {
		t.Error("a number is no condition")
	}
	compiled, err := CompileCondition(`payload.ok == true && json.ok`, LambdaDialect)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := compiled.holds(answer(`{"ok":true}`), LambdaDialect); !held || err != nil {
		t.Error(held, err)
	}
	if _, err := compiled.holds(answer(`not json`), LambdaDialect); err == nil || !strings.Contains(err.Error(), "not JSON") {
		t.Error(err)
	}
}

// mostAllocated bounds what one input may make an expression allocate in all, garbage included, in bytes: the bound of internal/fuzz,
// which nothing can import.
const mostAllocated = 512 << 20

// allocationBounded runs do and fails the test when it allocated more than the bound.
func allocationBounded(t *testing.T, do func()) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	do()
	metrics.Read(sample)
	if more := sample[0].Value.Uint64() - before; more > mostAllocated {
		t.Errorf("one input made an expression allocate %d MB, which may be %d at most", more>>20, mostAllocated>>20)
	}
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{`json.a.b[0]?.c ?? "x"`, `all(json, .a)`, `headers["a"]`, `$env.json.a`, `let x = json; x.a`} {
		f.Add(text, `{"a":{"b":[1]}}`)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		if len(text) > 200 || strings.Contains(text, "..") || strings.Contains(text, "repeat") {
			return // ranges and repetitions only cost time
		}
		allocationBounded(t, func() {
			compiled, err := CompileExpression(text, HTTPDialect)
			if err == nil {
				_, _ = compiled.eval(&Answer{Body: body}, HTTPDialect) // must not panic
			}
		})
	})
}
