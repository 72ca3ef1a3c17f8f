//go:build !windows

package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// names is a zone with a blue and a green record of weights 100 and 0.
type names struct {
	t      *testing.T
	client *route53.Client
	zone   string
}

func newNames(t *testing.T) *names {
	t.Helper()
	n := &names{t: t, client: route53.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	zone, err := n.client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("killed.example"), CallerReference: aws.String(t.Name())})
	n.must(err)
	n.zone = *zone.HostedZone.Id
	var changes []types.Change
	for id, weight := range map[string]int64{"blue": 100, "green": 0} {
		changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{
			Name: aws.String("www.killed.example"), Type: types.RRTypeA, SetIdentifier: aws.String(id), Weight: aws.Int64(weight), TTL: aws.Int64(1),
			ResourceRecords: []types.ResourceRecord{{Value: aws.String("127.0.0.1")}},
		}})
	}
	_, err = n.client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &n.zone, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	n.must(err)
	return n
}

func (n *names) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// green is the live weight of green.
func (n *names) green() int64 {
	n.t.Helper()
	out, err := n.client.ListResourceRecordSets(n.t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &n.zone})
	n.must(err)
	for _, record := range out.ResourceRecordSets {
		if aws.ToString(record.SetIdentifier) == "green" {
			return aws.ToInt64(record.Weight)
		}
	}
	n.t.Fatal("there is no green record")
	return 0
}

// until waits for a condition, at most a minute.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within a minute", what)
		case <-tick.C:
		}
	}
}

var holderPID = regexp.MustCompile(`process (\d+)`)

// providerPID is the process that holds the lease of the switch.
func providerPID(t *testing.T, dir string) (pid int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // in our own folder
		if found := holderPID.FindSubmatch(data); found != nil {
			pid, err = strconv.Atoi(string(found[1]))
		}
		return err
	})
	if err != nil || pid == 0 {
		t.Fatalf("no lease in %s: %v", dir, err)
	}
	return pid
}

// ended tells whether a process is gone, or waits only for somebody to notice.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

// TestAccTerraformIsKilledInTheMiddleOfASwitch: kill -9 of Terraform at 10 %. The provider notices, moves traffic back and
// exits, and the next apply goes on as if nothing had been.
func TestAccTerraformIsKilledInTheMiddleOfASwitch(t *testing.T) {
	n := newNames(t)
	ctx := t.Context()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: acctest.Emulator(t).Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	n.must(err)
	n.must(w.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "active" { type = string }

variable "interval" { type = string }

resource "reliability_blue_green_switch" "www" {
  active   = var.active
  strategy = { type = "canary", steps = [10], interval = var.interval }
  routes = {
    www = { route53 = {
      zone_id = %q, name = "www.killed.example", type = "A"
      blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
    } }
  }
}
`, n.zone)))
	n.must(w.Init(ctx))
	apply := func(active string) {
		t.Helper()
		if result, err := w.Apply(ctx, "-var=active="+active, "-var=interval=0s"); err != nil || result.Exit != 0 {
			t.Fatalf("%v\n%s", err, result.Output)
		}
	}
	apply("blue")

	terraform := w.Command(ctx, "apply", "-auto-approve", "-input=false", "-no-color", "-var=active=green", "-var=interval=10m")
	var out bytes.Buffer
	terraform.Stdout, terraform.Stderr = &out, &out
	n.must(terraform.Start())
	until(t, "green gets its first share", func() bool { return n.green() == 10 })
	provider := providerPID(t, filepath.Join(w.Dir, ".reliability"))
	killed := time.Now()
	n.must(terraform.Process.Kill())
	_ = terraform.Wait() // it was killed
	w.Printed(out.String(), "apply, killed")
	until(t, "traffic is moved back", func() bool { return n.green() == 0 })
	t.Logf("traffic was back %s after the kill", time.Since(killed).Round(time.Millisecond))
	until(t, "the provider exits", func() bool { return ended(provider) })
	t.Logf("the provider had exited %s after the kill", time.Since(killed).Round(time.Millisecond))
	n.must(os.RemoveAll(filepath.Join(w.Dir, ".terraform.tfstate.lock.info"))) // what a killed Terraform leaves
	apply("green")
	if green := n.green(); green != 100 {
		t.Errorf("green has %d", green)
	}
}
