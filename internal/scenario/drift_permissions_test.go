package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/leastprivilege"
)

// permissions compares what each reader needs with the policy of its service below examples/policies/drift (make policies writes it), and
// takes away one action after another: the resources that cannot be read then are unverified, and why names the action.
func (l *look) permissions(t *testing.T) {
	caller := emulator.Caller{AccessKey: "AKIADRIFTDRIFTDRIFT"}
	clients := awsapi.New(awsapi.Config{Config: awsbase.Config{AccessKey: caller.AccessKey, SecretKey: "drift", MaxRetries: 1}, S3UsePathStyle: true}, "test")
	readers := live.Readers(clients)
	detect := func(reader live.Reader, state []byte) *drift.Result {
		t.Helper()
		var types []string
		for _, spec := range reader.Types() {
			if spec.Part == nil {
				types = append(types, spec.Type)
			}
		}
		if len(types) == 0 { // parts, which are read with their owner
			return &drift.Result{}
		}
		parsed, err := drift.ReadState(bytes.NewReader(state), drift.Specs(readers))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		result, err := drift.Detect(ctx, drift.Options{
			State: parsed, Readers: readers, Types: types, Parallelism: 8, Account: clients.AccountID, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
			Region: func(context.Context) (string, error) { return emulator.Region, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	gone := vanished(t, l.state)
	byService := map[string][]emulator.Permission{}
	needs := make([]leastprivilege.Policy, len(readers))
	for i, reader := range readers {
		stop := l.emulator.Record(caller)
		result := detect(reader, l.state)
		detect(reader, gone)
		all := stop()
		for _, unread := range result.Unverified {
			t.Errorf("with all rights %s is not read: %s", unread.Address, unread.Reason)
		}
		needs[i] = leastprivilege.Of(all)
		for _, permission := range all {
			service, _, _ := strings.Cut(permission.Action, ":")
			byService[service] = append(byService[service], permission)
		}
	}
	documented := l.documented(t, byService)
	for i, reader := range readers {
		for _, action := range needs[i].Actions() {
			var documents [][]byte
			for _, policy := range documented {
				documents = append(documents, policy.Without(action).Bound())
			}
			names := func(unread drift.UnverifiedResource) bool { return strings.HasSuffix(unread.Reason, " "+action) }
			release, err := l.emulator.Bind(caller, documents...)
			if err != nil {
				t.Fatal(err)
			}
			unverified := detect(reader, l.state).Unverified
			if !slices.ContainsFunc(unverified, names) {
				unverified = detect(reader, gone).Unverified
			}
			release()
			if !slices.ContainsFunc(unverified, names) {
				t.Errorf("nothing is unverified for want of %s", action)
				for _, unread := range unverified {
					t.Logf("%s: %s", unread.Address, unread.Reason)
				}
			}
		}
	}
}

// documented are the policies of the services; with RELIABILITY_POLICIES=write they are written first.
func (l *look) documented(t *testing.T, byService map[string][]emulator.Permission) map[string]leastprivilege.Policy {
	t.Helper()
	folder, err := leastprivilege.Folder()
	if err != nil {
		t.Fatal(err)
	}
	read, err := leastprivilege.Read("drift/")
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range slices.Sorted(maps.Keys(byService)) {
		policy := leastprivilege.Of(byService[service])
		name := "drift/" + service
		if os.Getenv("RELIABILITY_POLICIES") == "write" {
			if err := os.MkdirAll(filepath.Join(folder, "drift"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)+".json"), policy.JSON(), 0o644); err != nil {
				t.Fatal(err)
			}
			read[name] = policy
		}
		if documented := read[name]; !bytes.Equal(policy.JSON(), documented.JSON()) {
			t.Errorf("reading needs\n%s\nand examples/policies/%s.json has\n%s\n(make policies writes it)", policy.JSON(), name, documented.JSON())
		}
	}
	return read
}

// vanished is a state whose resources are not in AWS: each has another id, and the same everywhere that its id stood.
func vanished(t *testing.T, state []byte) []byte {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal(state, &whole); err != nil {
		t.Fatal(err)
	}
	resources, _ := whole["resources"].([]any)
	for _, resource := range resources {
		instances, _ := resource.(map[string]any)["instances"].([]any)
		for _, instance := range instances {
			attributes, _ := instance.(map[string]any)["attributes"].(map[string]any)
			id, _ := attributes["id"].(string)
			if id == "" {
				continue
			}
			last := "0"
			if strings.HasSuffix(id, last) {
				last = "1"
			}
			for name, value := range attributes {
				if text, ok := value.(string); ok {
					attributes[name] = strings.ReplaceAll(text, id, id[:len(id)-1]+last)
				}
			}
		}
	}
	changed, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}
