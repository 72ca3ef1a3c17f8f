package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheBoundIsTheRuleOfThree(t *testing.T) {
	t.Parallel()
	if got := (row{Runs: 10_000}).bound(); math.Abs(got-3.0/10_000) > 2e-6 {
		t.Errorf("bound %v", got)
	}
	if (row{Runs: 10, Losses: 1}).bound() >= 0 || (row{}).bound() >= 0 {
		t.Error("a bound where there is none")
	}
}

// A loss, or a promise that was not tried, ends non-zero and leaves the guide alone; else the table stands between the marks.
func TestATableIsWrittenOnlyWhenAllHeld(t *testing.T) {
	t.Parallel()
	const counted = `{"promise":"it holds","tried":"often","runs":3000,"losses":0,"seeds":"1 to 3000"}`
	const signals = `{"Action":"pass","Test":"TestAccSignals/gate/SIGINT"}
{"Action":"pass","Test":"TestAccSignals/gate"}
{"Action":"run","Test":"TestAccSignals"}
{"Action":"pass","Test":"TestAccARollbackIsKilled/x"}
{"Action":"pass","Test":"TestAccTenAppliesAtOnce"}
{"Action":"pass","Test":"TestAccFaults/gate/STS_is_down"}
`
	for name, test := range map[string]struct{ tested, want string }{
		"all held":  {signals + `{"Action":"pass","Test":"TestAccTheSwitchAndTheRealTerraform/x"}`, ""},
		"a loss":    {signals + `{"Action":"fail","Test":"TestAccTheSwitchAndTheRealTerraform/x"}`, "1 of 1 runs lost: A power cut in a switch"},
		"not tried": {signals, "not tried: A power cut in a switch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := func(name, text string) string {
				path := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			const page = "before\n" + begins + "\nold\n" + ends + "\nafter\n"
			guide := file("guide.md", page)
			err := run(file("counted", counted), file("tested", test.tested), guide, "2026-11-24", "abc")
			got, readErr := os.ReadFile(guide)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || string(got) != page {
					t.Fatalf("%v\n%s", err, got)
				}
				return
			}
			if err != nil || !strings.Contains(string(got), "| it holds | often | 3000 | 0 | 0.1 % | 1 to 3000 | 2026-11-24 | `abc` |") || !strings.HasSuffix(string(got), ends+"\nafter\n") {
				t.Fatalf("%v\n%s", err, got)
			}
		})
	}
}
