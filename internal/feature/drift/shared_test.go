package drift_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

const looksTogether = 3

// meeting holds whoever comes until so many have come, again and again.
type meeting struct {
	mu     sync.Mutex
	here   int
	held   int // meetings so far
	onward chan struct{}
	late   bool
}

func (m *meeting) come(emulator.Call) {
	m.mu.Lock()
	if m.onward == nil {
		m.onward = make(chan struct{})
	}
	goOn := m.onward
	if m.here++; m.here == looksTogether {
		m.here, m.onward = 0, nil
		m.held++
		close(goOn)
	}
	m.mu.Unlock()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	select {
	case <-goOn:
	case <-deadline.C:
		m.mu.Lock()
		m.late = true
		m.mu.Unlock()
	}
}

// Several data sources of one plan, as of several workspaces over the same account and Region, ask AWS for the same once, and each finds the
// same. The looks meet where each reads its state, which is after it has begun and before it asks for anything else.
func TestAccLooksOfOnePlanShare(t *testing.T) {
	s := newStack(t, "shared")
	client := s3.NewFromConfig(s.emulator.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := acctest.Unique(t), "net.tfstate"
	must[*s3.CreateBucketOutput](s)(client.CreateBucket(s.context(), &s3.CreateBucketInput{Bucket: &bucket}))
	must[*s3.PutObjectOutput](s)(client.PutObject(s.context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(s.json())}))
	var looks meeting
	defer s.emulator.Inject(emulator.Fault{Service: "s3", Operation: "GetObject", Resource: key, Hook: looks.come})()
	s.emulator.ResetCalls()
	var checks []statecheck.StateCheck
	for i := range looksTogether {
		checks = append(checks,
			statecheck.ExpectKnownValue(fmt.Sprintf("data.reliability_drift.test[%d]", i), tfjsonpath.New("checked"), knownvalue.Int64Exact(5+groupRules)),
			statecheck.ExpectKnownValue(fmt.Sprintf("data.reliability_drift.test[%d]", i), tfjsonpath.New("total"), knownvalue.Int64Exact(0)))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: acctest.ProviderBlock(t) + fmt.Sprintf(`
data "reliability_drift" "test" {
  count   = %d
  state   = { s3 = { bucket = %q, key = %q, region = "us-east-1" } }
  fail_on = "minor"
}
`, looksTogether, bucket, key),
			ConfigStateChecks: checks,
			ConfigPlanChecks:  resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}},
	})
	if looks.late || looks.held == 0 || looks.here != 0 {
		t.Fatalf("%d times %d looks met; %d are left", looks.held, looksTogether, looks.here)
	}
	asked, groups := map[string]int{}, 0
	for _, call := range s.emulator.Calls() {
		if call.Operation == "GetObject" {
			continue
		}
		if call.Operation == "DescribeSecurityGroups" {
			groups++
		}
		if asked[call.Digest]++; asked[call.Digest] > looks.held {
			t.Errorf("%s %s %s was asked %d times in %d plans", call.Service, call.Operation, call.Resource, asked[call.Digest], looks.held)
		}
	}
	if groups != looks.held {
		t.Errorf("security groups were listed %d times in %d plans", groups, looks.held)
	}
}
