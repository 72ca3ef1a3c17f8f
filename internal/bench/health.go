package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const (
	manyChecks    = 500
	answerTime    = 100 * time.Millisecond
	wallFactor    = 1.3 // of the slowest check, and then
	wallExtra     = 100 * time.Millisecond
	checksMemory  = 120_000_000
	gateOverhead  = 20 * time.Millisecond
	besideChecks  = 100
	mostRuns      = 3       // Terraform itself takes seconds over a configuration of 500 checks
	besideVersion = "1.2.0" // the newest hashicorp/http that the Go module proxy serves
)

// healthRows measure a gate of many checks, a gate of one, and the same addresses asked by hashicorp/http.
func healthRows(ctx context.Context, b *bench) ([]row, error) {
	address, stop, err := slowServer(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	many, err := b.gateRows(ctx, address)
	if err != nil {
		return nil, err
	}
	beside, err := b.besideHTTP(ctx, address)
	return append(many, beside), err
}

// slowServer answers each request after answerTime.
func slowServer(ctx context.Context) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(answerTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`)) // who asked may be gone
	})}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// gateRows plan a data source of many checks, and of one, and read from its report how long it and its slowest check
// took. Of some runs the best is taken: the machine may be busy, the engine is not.
func (b *bench) gateRows(ctx context.Context, address string) ([]row, error) {
	many, memory, err := b.gate(ctx, "many", manyChecks, address)
	if err != nil {
		return nil, err
	}
	one, _, err := b.gate(ctx, "one", 1, address)
	if err != nil {
		return nil, err
	}
	limit, added := time.Duration(wallFactor*float64(many.slowest))+wallExtra, one.wall-one.slowest
	return []row{
		{
			What: fmt.Sprintf("a gate of %d HTTP checks that answer in %s", manyChecks, ms(answerTime)), Ours: ms(many.wall), Bound: "its slowest check: " + ms(many.slowest) + " (" + ratio(many.wall, many.slowest) + ")", Limit: ms(limit),
			Beside: "its slowest check " + ms(many.slowest), Ratio: ratio(many.wall, many.slowest), Exceeded: many.wall > limit,
		},
		{What: "resident memory of it", Ours: mb(memory), Limit: mb(checksMemory), Exceeded: memory > checksMemory},
		{
			What: "what a gate adds to its only check", Ours: ms(added), Bound: "nothing added: " + ms(one.slowest) + " (" + ratio(one.wall, one.slowest) + ")", Limit: ms(gateOverhead), Beside: "the check alone " + ms(one.slowest),
			Ratio: ratio(one.wall, one.slowest), Exceeded: added > gateOverhead,
		},
	}, nil
}

// timing is how long a gate and the slowest of its checks took.
type timing struct{ wall, slowest time.Duration }

func (b *bench) gate(ctx context.Context, name string, checks int, address string) (best timing, memory int64, err error) {
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, name), Root: "."})
	if err != nil {
		return best, 0, err
	}
	err = w.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

data "reliability_health" "test" {
  checks = { for i in range(%d) : "site-${i}" => { http = { url = "%s/${i}", expect = { json = { "json.status" = "ok" } } } } }
  report = { json = "health.json" }
}
`, checks, address))
	if err == nil {
		err = w.Init(ctx)
	}
	for range min(b.runs, mostRuns) + 1 {
		if err != nil {
			return best, 0, err
		}
		var most int64
		if most, err = watched(ctx, w, w.Provider, "plan", "-no-color", "-input=false"); err != nil {
			return best, 0, err
		}
		var took timing
		took, err = readReport(filepath.Join(w.Dir, "health.json"), checks)
		if memory = max(memory, most); best.wall == 0 || took.wall < best.wall {
			best = took
		}
	}
	return best, memory, err
}

func readReport(file string, checks int) (took timing, err error) {
	data, err := os.ReadFile(file) //nolint:gosec // the gate's own report
	if err != nil {
		return took, err
	}
	var found struct {
		Healthy    bool  `json:"healthy"`
		DurationMS int64 `json:"duration_ms"`
		Checks     map[string]struct {
			LatencyMS int64 `json:"latency_ms"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return took, err
	}
	if !found.Healthy || len(found.Checks) != checks {
		return took, fmt.Errorf("%d checks, healthy %v: this is no measurement", len(found.Checks), found.Healthy)
	}
	for _, check := range found.Checks {
		took.slowest = max(took.slowest, time.Duration(check.LatencyMS)*time.Millisecond)
	}
	took.wall = time.Duration(found.DurationMS) * time.Millisecond
	return took, nil
}

// besideHTTP plans the same addresses with our data source and with that of hashicorp/http, where it can be had.
func (b *bench) besideHTTP(ctx context.Context, address string) (row, error) {
	const head = "terraform {\n  required_providers {\n    reliability = { source = \"project3-ls/reliability\" }\n    %s\n  }\n}\n"
	ours := fmt.Sprintf(head, "") + fmt.Sprintf(`
data "reliability_health" "all" {
  checks = { for i in range(%d) : "site-${i}" => { http = { url = "%s/${i}" } } }
}
`, besideChecks, address)
	theirs := fmt.Sprintf(head, `http = { source = "hashicorp/http" }`) + fmt.Sprintf(`
data "http" "all" {
  count = %d
  url   = "%s/${count.index}"
}
`, besideChecks, address)
	found := row{What: fmt.Sprintf("a plan that asks %d addresses", besideChecks), Bound: "one answer: " + ms(answerTime), Limit: "as fast as hashicorp/http"}
	took, err := b.plans(ctx, "ours", ours, "")
	if err != nil {
		return found, err
	}
	found.Ours = ms(took)
	found.Bound += " (" + ratio(took, answerTime) + ", Terraform's own part among it)"
	mirror, err := b.buildHTTP(ctx)
	if err != nil {
		found.Beside = "hashicorp/http could not be had"
		fmt.Fprintln(os.Stderr, "hashicorp/http could not be had:", err)
		return found, nil
	}
	other, err := b.plans(ctx, "theirs", theirs, mirror)
	if err != nil {
		return found, err
	}
	found.Beside, found.Ratio, found.Exceeded = "hashicorp/http "+besideVersion+" "+ms(other), ratio(took, other), took > other
	return found, nil
}

func (b *bench) plans(ctx context.Context, name, text, mirror string) (time.Duration, error) {
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, name), Root: ".", Mirror: mirror})
	if err == nil {
		err = w.Write("main.tf", text)
	}
	if err == nil {
		err = w.Init(ctx)
	}
	if err != nil {
		return 0, err
	}
	return b.median(func() (time.Duration, error) {
		began := time.Now()
		ended, err := w.Plan(ctx)
		if err == nil && ended.Exit != 0 {
			err = fmt.Errorf("plan failed:\n%s", ended.Output)
		}
		return time.Since(began), err
	})
}

// buildHTTP builds hashicorp/http from the Go module proxy, under the name that it has there, and returns a mirror with it.
func (b *bench) buildHTTP(ctx context.Context) (mirror string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	mirror = filepath.Join(b.dir, "http-mirror")
	folder := filepath.Join(mirror, "registry.terraform.io", "hashicorp", "http", besideVersion, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "install", "-trimpath", "github.com/terraform-providers/terraform-provider-http@v"+besideVersion)
	build.Dir = b.dir
	build.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return mirror, os.Rename(filepath.Join(folder, "terraform-provider-http"), filepath.Join(folder, "terraform-provider-http_v"+besideVersion+"_x4"))
}
