package bluegreenswitch_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func TestMain(m *testing.M) {
	acctest.Main(m, "switch/", "snapshot/", "rollback/", "health/", "notices/", "store/")
}

// site is a zone with two weighted records, and an application of each colour.
type site struct {
	t        *testing.T
	emulator *emulator.Emulator
	client   *route53.Client
	zone     string
	name     string
	provider string
	blue     *app
	green    *app
}

// app is one version of an application.
type app struct {
	*httptest.Server
	status atomic.Int64
	asked  atomic.Int64
}

func newApp(t *testing.T) *app {
	a := &app{}
	a.status.Store(http.StatusOK)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		w.WriteHeader(int(a.status.Load()))
	}))
	t.Cleanup(a.Close)
	return a
}

// zones counts zones, to name them apart.
var zones atomic.Int64

func newSite(t *testing.T) *site {
	t.Helper()
	e := acctest.Emulator(t)
	s := &site{t: t, emulator: e, client: route53.NewFromConfig(e.AWSConfig()), provider: acctest.ProviderBlock(t), blue: newApp(t), green: newApp(t)}
	domain := fmt.Sprintf("switch%d.example", zones.Add(1))
	s.name = "www." + domain
	zone, err := s.client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String(domain), CallerReference: aws.String(domain)})
	if err != nil {
		t.Fatal(err)
	}
	s.zone = strings.TrimPrefix(*zone.HostedZone.Id, "/hostedzone/")
	s.put(s.record("blue", 100, 1), s.record("green", 0, 1))
	return s
}

func (s *site) record(id string, weight, ttl int64) types.ResourceRecordSet {
	return types.ResourceRecordSet{
		Name: aws.String(s.name), Type: types.RRTypeA, SetIdentifier: aws.String(id), Weight: aws.Int64(weight), TTL: aws.Int64(ttl),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String("127.0.0.1")}},
	}
}

func (s *site) change(action types.ChangeAction, records ...types.ResourceRecordSet) {
	s.t.Helper()
	var changes []types.Change
	for i := range records {
		changes = append(changes, types.Change{Action: action, ResourceRecordSet: &records[i]})
	}
	_, err := s.client.ChangeResourceRecordSets(context.WithoutCancel(s.t.Context()), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(s.zone), ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
	if err != nil {
		s.t.Errorf("change records: %v", err)
	}
}

func (s *site) put(records ...types.ResourceRecordSet) {
	s.t.Helper()
	s.change(types.ChangeActionUpsert, records...)
}

// weights are the live weights, read past the provider.
func (s *site) weights() string {
	s.t.Helper()
	out, err := s.client.ListResourceRecordSets(context.WithoutCancel(s.t.Context()), &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(s.zone), StartRecordName: aws.String(s.name), StartRecordType: types.RRTypeA,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var weights []string
	for _, record := range out.ResourceRecordSets {
		if record.SetIdentifier != nil {
			weights = append(weights, fmt.Sprintf("%s %d", *record.SetIdentifier, aws.ToInt64(record.Weight)))
		}
	}
	return strings.Join(weights, ", ")
}

func (s *site) wantWeights(want string) {
	s.t.Helper()
	if got := s.weights(); got != want {
		s.t.Errorf("live weights: %s, want %s", got, want)
	}
}

// calls are the Route 53 operations since the last reset of the call log.
func (s *site) calls() (operations []string) {
	for _, call := range s.emulator.Calls() {
		if call.Service == "route53" {
			operations = append(operations, call.Operation)
		}
	}
	return operations
}

// config is a switch to active; extra are further attributes of it.
func (s *site) config(active string, extra ...string) string {
	return s.configOf("www", active, extra...)
}

func (s *site) configOf(route, active string, extra ...string) string {
	return s.provider + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    %s = { route53 = {
      zone_id = %q, name = %q, type = "A"
      blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
    } }
  }
  %s
}
`, active, route, s.zone, s.name, strings.Join(extra, "\n  "))
}

// checks is a check of the colour's application, tried once.
func (s *site) checks(colour string) string {
	url := s.blue.URL
	if colour == "green" {
		url = s.green.URL
	}
	return fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }", url)
}

const canary = `strategy = { type = "canary", steps = [10, 50], interval = "1s", bake = "1s", check_interval = "200ms" }`
