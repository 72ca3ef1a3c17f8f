package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// revertCalls is what a revert may cost for each route.
const revertCalls = 2

// sick is an application that is well until it was asked once, and remembers when it first said that it is not.
type sick struct {
	mu    sync.Mutex
	asked int
	since time.Time
}

func (s *sick) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.asked == 1 {
		return
	}
	if s.since.IsZero() {
		s.since = time.Now()
	}
	w.WriteHeader(http.StatusInternalServerError)
}

func (s *sick) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.since = 0, time.Time{}
}

// revertRow switches to a colour that is well only before it has traffic, and counts the calls to AWS after its first bad
// answer.
func revertRow(ctx context.Context, w *workspace.Workspace, e *emulator.Emulator) (row, error) {
	application := &sick{}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return row{}, err
	}
	server := &http.Server{Handler: application, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer server.Close()                       //nolint:errcheck // the bench goes on
	if err := w.Write("checks_override.tf", fmt.Sprintf(`
resource "reliability_blue_green_switch" "site" {
  checks      = { app = { http = { url = "http://%s" } } }
  max_retries = 0
}
`, listener.Addr())); err != nil {
		return row{}, err
	}
	defer os.Remove(filepath.Join(w.Dir, "checks_override.tf")) //nolint:errcheck // a temporary folder
	if err := apply(ctx, w, "blue"); err != nil {
		return row{}, err
	}
	application.reset()
	e.ResetCalls()
	ended, err := w.Apply(ctx, "-var=active=green")
	if err != nil {
		return row{}, err
	}
	if ended.Exit == 0 || application.since.IsZero() {
		return row{}, fmt.Errorf("a switch to a colour that is not well went well:\n%s", ended.Output)
	}
	calls := 0
	for _, call := range e.Calls() {
		if call.At.After(application.since) {
			calls++
		}
	}
	return row{
		What: "route53 revert: AWS calls after the first bad answer", Ours: fmt.Sprint(calls), Bound: fmt.Sprintf("the change, and whether it arrived: 2 (%s)", ratio(calls, 2)), Limit: fmt.Sprint(revertCalls), Exceeded: calls > revertCalls,
	}, nil
}

// besideConfig has the same two records as resources of hashicorp/aws; they are imported, as they are there already.
const besideConfig = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  skip_credentials_validation = true
}

variable "zone_id" {}
variable "active" {}

locals {
  addresses = { blue = "127.0.0.11", green = "127.0.0.12" }
}

resource "aws_route53_record" "www" {
  for_each       = local.addresses
  zone_id        = var.zone_id
  name           = "www.bench.example"
  type           = "A"
  ttl            = 0
  records        = [each.value]
  set_identifier = each.key
  weighted_routing_policy {
    weight = each.key == var.active ? 100 : 0
  }
}

import {
  for_each = local.addresses
  to       = aws_route53_record.www[each.key]
  id       = "${var.zone_id}_www.bench.example_A_${each.key}"
}
`

// besideRecords changes the same two weights with hashicorp/aws, once, where that provider is at hand: it takes half a
// minute. Ours is what a switch took, each less an apply with nothing to do.
func (b *bench) besideRecords(ctx context.Context, ours *workspace.Workspace, e *emulator.Emulator, client *route53.Client, took, byHand time.Duration) ([]row, error) {
	if b.mirror == "" {
		fmt.Fprintln(os.Stderr, "hashicorp/aws is in no filesystem mirror of this machine: there is no row beside its records")
		return nil, nil
	}
	zone := strings.TrimPrefix(ours.Vars[0], "-var=zone_id=")
	if err := switchByHand(ctx, client, zone, "blue"); err != nil {
		return nil, err
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "records"), Root: ".", Env: e.Env(), Mirror: b.mirror, Provider: ours.Provider})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", besideConfig); err != nil {
		return nil, err
	}
	w.Vars = ours.Vars
	if err := w.Init(ctx); err != nil {
		return nil, err
	}
	var spent []time.Duration
	for _, colour := range []string{"blue", "green", "green"} { // the import, the change, and nothing to do
		began := time.Now()
		if err := apply(ctx, w, colour); err != nil {
			return nil, err
		}
		spent = append(spent, time.Since(began))
	}
	theirs := spent[1] - spent[2]
	return []row{{
		What: "the weights of two records: a switch beside terraform apply of hashicorp/aws, each less an apply with nothing to do", Ours: ms(took), Bound: "the same calls by hand: " + ms(byHand) + " (" + ratio(took, byHand) + ")",
		Beside: "hashicorp/aws " + ms(theirs), Ratio: ratio(took, theirs),
	}}, nil
}
