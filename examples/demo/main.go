// Command demo shows the provider at its main job, on this machine alone: a good release goes out without a failed
// request, a broken one is taken back by the same apply, and a change by hand blocks the next plan. It exits 0 only when
// each of the three did exactly that. Run it from the project's root with `make demo`.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 4 && os.Args[1] == "deploy" {
		if err := deploy(ctx, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "deploy:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// demo is everything that runs while the demo runs.
type demo struct {
	*timeline
	world     *world
	terraform *workspace.Workspace
	blue      *app
	green     *app
	edge      *edge
	customers *customers
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "reliability-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	fmt.Println("Building the provider and starting an AWS emulator, two servers and an edge on loopback ...")
	aws, err := emulator.Start(ctx, emulator.Options{Propagation: 300 * time.Millisecond})
	if err != nil {
		return err
	}
	defer aws.Close() //nolint:errcheck // the process ends
	aws.OnInvoke(functionName, func(version string, _ []byte) ([]byte, string) {
		return fmt.Appendf(nil, `{"ok":true,"version":%q}`, version), ""
	})
	d := &demo{timeline: &timeline{out: os.Stdout}, world: newWorld(aws.AWSConfig())}
	if err := d.world.build(ctx); err != nil {
		return fmt.Errorf("building the demo's account: %w", err)
	}
	if d.blue, err = startApp(ctx, "blue", "v1"); err != nil {
		return err
	}
	defer d.blue.stop()
	if d.green, err = startApp(ctx, "green", "none"); err != nil {
		return err
	}
	defer d.green.stop()
	if err := d.prepareTerraform(ctx, dir, aws.Env()); err != nil {
		return err
	}
	d.start = time.Now()
	if err := d.openTheShop(ctx); err != nil {
		return err
	}
	defer d.edge.stop()
	trafficCtx, stopTraffic := context.WithCancel(ctx)
	d.customers = startCustomers(trafficCtx, d.edge.url)
	defer func() { stopTraffic(); d.customers.done.Wait() }()
	return d.play(ctx)
}

func (d *demo) prepareTerraform(ctx context.Context, dir string, env []string) error {
	env = append(env, "DEMO_BLUE_URL="+d.blue.url, "DEMO_GREEN_URL="+d.green.url)
	var err error
	if d.terraform, err = workspace.New(ctx, workspace.Options{Dir: dir, Root: ".", Env: env}); err != nil {
		return err
	}
	if err := d.terraform.Copy(filepath.Join("examples", "demo"), "*.tf"); err != nil {
		return fmt.Errorf("the demo runs from the project's root (make demo): %w", err)
	}
	state := filepath.Join(dir, "network.tfstate")
	if err := d.world.networkState(state); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	d.terraform.Vars = []string{
		"-var=zone_id=" + d.world.zoneID, "-var=network_state=" + state, "-var=deployer=" + self + " deploy",
		fmt.Sprintf("-var=colour_urls={blue=%q,green=%q}", d.blue.url, d.green.url),
	}
	return d.terraform.Init(ctx)
}

func (d *demo) openTheShop(ctx context.Context) error {
	backends := map[string]*url.URL{}
	for address, a := range map[string]*app{blueAddress: d.blue, greenAddress: d.green} {
		parsed, err := url.Parse(a.url)
		if err != nil {
			return err
		}
		backends[address] = parsed
	}
	var err error
	d.edge, err = startEdge(ctx, d.world.route53, d.world.zoneID, backends, func(blue, green int64) {
		line := fmt.Sprintf("traffic   blue %3d %%   green %3d %%", blue, green)
		if d.customers != nil {
			sent, failed := d.customers.count()
			blueProbes, _ := d.blue.status()
			greenProbes, _ := d.green.status()
			line += fmt.Sprintf("   %5d requests sent, %d failed   %d probes answered", sent, failed, blueProbes+greenProbes)
		}
		d.say("%s", line)
	})
	return err
}

// play runs the three acts and fails at the first that did not do exactly what it should.
func (d *demo) play(ctx context.Context) error {
	for _, act := range []func(context.Context) error{d.goodRelease, d.brokenRelease, d.changeByHand} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	sent, failed := d.customers.count()
	d.chapter("Done")
	d.say("all three did what they should; %d requests sent in all, %d failed, every one of those to the broken release", sent, failed)
	return nil
}

// expect returns an error that lists what is not so.
func expect(what string, facts map[string]bool) error {
	var wrong []string
	for fact, holds := range facts {
		if !holds {
			wrong = append(wrong, fact)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s: not so: %s", what, strings.Join(wrong, "; "))
}
