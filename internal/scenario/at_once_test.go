//go:build !windows

package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestAccTenAppliesAtOnce: ten processes, over one target and over ten. Over one, nine are told who holds it, and move
// nothing; over ten, all come to their end. It is a part of make proof.
func TestAccTenAppliesAtOnce(t *testing.T) {
	acctest.Emulator(t)
	if !wholeProof {
		t.Skip("ten times Terraform; RELIABILITY_PROOF=full runs it")
	}
	provider := newStack(t, "").Provider
	world, store := targettest.New(t, "ten-at-once"), t.TempDir()
	record := func(world *targettest.World) string {
		return fmt.Sprintf(`route53 = { zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" } }`, world.ZoneID, world.Record())
	}
	var stacks []*stack
	for range 10 {
		s := newStack(t, provider)
		s.switches(store, record(world), "")
		if err := s.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.apply("blue", 0)
		stacks = append(stacks, s)
	}
	t.Run("over one target", func(t *testing.T) {
		moving, goOn := make(chan struct{}), make(chan struct{})
		remove := acctest.Emulator(t).Inject(emulator.Fault{
			Service: "route53", Operation: "ChangeResourceRecordSets", Resource: world.ZoneID, Times: 1, Hook: func(emulator.Call) { close(moving); <-goOn },
		})
		defer remove()
		exits := applyAll(t, stacks[:1], func() {
			until(t, "the first moves something", func() bool {
				select {
				case <-moving:
					return true
				default:
					return false
				}
			})
			for _, told := range applyAll(t, stacks[1:], nil) {
				if told.Exit != 1 || !strings.Contains(strings.Join(strings.Fields(told.Output), " "), "held by") {
					t.Errorf("another apply: exit %d\n%s", told.Exit, told.Output)
				}
			}
			close(goOn)
		})
		if exits[0].Exit != 0 {
			t.Errorf("the first: exit %d\n%s", exits[0].Exit, exits[0].Output)
		}
		stacks[0].t = t
		stacks[0].wantGreen()
	})
	t.Run("over ten targets", func(t *testing.T) {
		for i, s := range stacks {
			s.t = t
			_ = os.Remove(filepath.Join(s.Dir, "terraform.tfstate")) // of the one target
			s.switches(store, record(targettest.New(t, fmt.Sprintf("ten-at-once-%d", i))), "")
		}
		for i, ended := range applyAll(t, stacks, nil) {
			if ended.Exit != 0 {
				t.Errorf("apply %d: exit %d\n%s", i, ended.Exit, ended.Output)
			}
			stacks[i].wantGreen()
		}
	})
}

// TestAccRollbacksAtOnce: processes that roll back to one snapshot at once: two in the ordinary tests, ten in make proof. One
// puts everything back; the others are told who is at it, and change nothing.
func TestAccRollbacksAtOnce(t *testing.T) {
	t.Parallel()
	world, settings, provider := targettest.New(t, acctest.Unique(t)), localStore(t), ""
	all := make([]*stack, atATime())
	for i := range all {
		s := newStack(t, provider)
		provider = s.Provider
		s.begins(t, settings)
		if i == 0 {
			s.configures(snapshotOf(world))
			s.apply("green", 0)
		}
		s.configures(fmt.Sprintf("resource \"reliability_rollback\" \"web\" {\n  snapshot_id = \"%s/000001\"\n  reason      = \"at once\"\n}\n"+
			"removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n", world.Name))
		all[i] = s
	}
	world.Release(2)
	moving, goOn := make(chan struct{}), make(chan struct{})
	t.Cleanup(acctest.Emulator(t).Inject(emulator.Fault{Caller: all[0].key, Mutating: true, Service: "lambda", Times: 1, Hook: func(emulator.Call) { close(moving); <-goOn }}))
	first := applyAll(t, all[:1], func() {
		<-moving
		for _, told := range applyAll(t, all[1:], nil) {
			if told.Exit != 1 || !strings.Contains(unboxed(told.Output), "is held by") {
				t.Errorf("another rollback: exit %d\n%s", told.Exit, told.Output)
			}
		}
		close(goOn)
	})[0]
	if first.Exit != 1 || !strings.Contains(first.Output, "The release was rolled back") {
		t.Errorf("the first: exit %d\n%s", first.Exit, first.Output)
	}
	if live := world.Live(); live != "alias 1, index one, blue 100 green 0, new true" {
		t.Errorf("live: %s", live)
	}
}

// TestAccSnapshotsAtOnce: processes that capture one deployment at once: two in the ordinary tests, ten in make proof. Each has a
// version of its own, and none is lost.
func TestAccSnapshotsAtOnce(t *testing.T) {
	t.Parallel()
	world, folder, provider := targettest.New(t, acctest.Unique(t)), filepath.Join(t.TempDir(), "store"), ""
	all := make([]*stack, atATime())
	for i := range all {
		s := newStack(t, provider)
		provider = s.Provider
		s.begins(t, fmt.Sprintf("store = { local = { path = %q } }", folder))
		s.configures(snapshotOf(world) + "output \"id\" {\n  value = reliability_deployment_snapshot.web.id\n}\n")
		all[i] = s
	}
	ids := map[string]bool{}
	for i, ended := range applyAll(t, all, nil) {
		if ended.Exit != 0 {
			t.Errorf("apply %d: exit %d\n%s", i, ended.Exit, ended.Output)
			continue
		}
		id, err := all[i].Run(t.Context(), "output", "-raw", "id")
		if err != nil || ids[id.Output] {
			t.Errorf("apply %d: %v, %s is another one's", i, err, id.Output)
		}
		ids[id.Output] = true
	}
	kept, err := filepath.Glob(filepath.Join(folder, "deployments", world.Name, "*", "manifest.json"))
	if err != nil || len(kept) != len(ids) {
		t.Errorf("%d snapshots were taken, and there are %q (%v)", len(ids), kept, err)
	}
}

// atATime is how many processes there are.
func atATime() int {
	if wholeProof {
		return 10
	}
	return 2
}

// applyAll applies green in all stacks at once, and meanwhile does something else.
func applyAll(t *testing.T, stacks []*stack, meanwhile func()) []workspace.Result {
	t.Helper()
	results := make([]workspace.Result, len(stacks))
	var all sync.WaitGroup
	for i, s := range stacks {
		all.Go(func() {
			ended, err := s.Apply(t.Context(), "-var=active=green")
			if err != nil {
				t.Error(err)
			}
			results[i] = ended
		})
	}
	if meanwhile != nil {
		meanwhile()
	}
	all.Wait()
	return results
}
