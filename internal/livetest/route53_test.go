package livetest

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/miekg/dns"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_route53: while weights move, name servers always know the name; a batch with old values is refused whole.
func TestAccLive_route53(t *testing.T) {
	domain := "example.org"
	if live != nil {
		if domain = os.Getenv(domainVariable); domain == "" {
			t.Skip(domainVariable + " is not set: no hosted zone is made, and nothing is known of Route 53")
		}
	}
	a := open(t, "route53", "zone")
	z := newZone(a, a.name+"."+domain)
	config := func(active string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active   = %q
  strategy = { type = "canary", steps = [10, 50], interval = "1s", bake = "1s" }
  routes = { www = { route53 = {
    zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
  } } }
}
`, active, z.id, z.record)
	}
	stop := z.watch()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("blue"), Check: z.weighs("blue 100 green 0")},
			{Config: config("green"), Check: z.weighs("blue 0 green 100")},
			{Config: config("blue"), Check: z.weighs("blue 100 green 0")},
		},
	})
	stop()
	z.refusesABatchWithOldValues()
}

// zone is a hosted zone with two weighted records.
type zone struct {
	*account
	client  *route53.Client
	id      string
	record  string
	servers []string
}

func newZone(a *account, domain string) *zone {
	a.t.Helper()
	z := &zone{account: a, client: route53.NewFromConfig(a.config), record: "www." + domain}
	made, err := z.client.CreateHostedZone(a.ctx(), &route53.CreateHostedZoneInput{Name: &domain, CallerReference: &a.name})
	a.must(err)
	z.id = strings.TrimPrefix(*made.HostedZone.Id, "/hostedzone/")
	if made.DelegationSet != nil {
		z.servers = made.DelegationSet.NameServers
	}
	a.must(z.change(types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: z.set("blue", 100)}, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: z.set("green", 0)}))
	return z
}

func (z *zone) set(colour string, weight int64) *types.ResourceRecordSet {
	address := map[string]string{"blue": "192.0.2.1", "green": "192.0.2.2"}[colour]
	return &types.ResourceRecordSet{
		Name: &z.record, Type: types.RRTypeA, SetIdentifier: &colour, Weight: &weight, TTL: aws.Int64(1), ResourceRecords: []types.ResourceRecord{{Value: &address}},
	}
}

// change sends one batch and waits until all name servers follow it.
func (z *zone) change(changes ...types.Change) error {
	out, err := z.client.ChangeResourceRecordSets(z.ctx(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &z.id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	if err != nil {
		return err
	}
	return route53.NewResourceRecordSetsChangedWaiter(z.client).Wait(z.ctx(), &route53.GetChangeInput{Id: out.ChangeInfo.Id}, 5*time.Minute)
}

func (z *zone) weights() (text string, err error) {
	out, err := z.client.ListResourceRecordSets(z.ctx(), &route53.ListResourceRecordSetsInput{HostedZoneId: &z.id, StartRecordName: &z.record, StartRecordType: types.RRTypeA})
	if err != nil {
		return "", err
	}
	weights := map[string]int64{}
	for i := range out.ResourceRecordSets {
		if id := out.ResourceRecordSets[i].SetIdentifier; id != nil {
			weights[*id] = *out.ResourceRecordSets[i].Weight
		}
	}
	return fmt.Sprintf("blue %d green %d", weights["blue"], weights["green"]), nil
}

func (z *zone) weighs(want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, err := z.weights(); err != nil || got != want {
			return fmt.Errorf("live: %s (%w), want %s", got, err, want)
		}
		return nil
	}
}

// watch asks the zone's own name servers for the name ten times a second, until the function it returns is called. Only
// a real zone has name servers.
func (z *zone) watch() (stop func()) {
	if !z.live {
		return func() {}
	}
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() { // owner: stop waits for it
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		client := dns.Client{Timeout: 2 * time.Second}
		for asked := 0; ; asked++ {
			select {
			case <-done:
				z.t.Logf("%d questions to %v", asked, z.servers)
				return
			case <-tick.C:
			}
			question := new(dns.Msg).SetQuestion(z.record+".", dns.TypeA)
			answer, _, err := client.Exchange(question, z.servers[asked%len(z.servers)]+":53")
			if err != nil {
				continue // an answer that is lost on the way says nothing of the zone
			}
			if answer.Rcode != dns.RcodeSuccess || len(answer.Answer) == 0 {
				z.t.Errorf("question %d: %s with %d addresses", asked, dns.RcodeToString[answer.Rcode], len(answer.Answer))
			}
		}
	})
	return func() { close(done); ended.Wait() }
}

// refusesABatchWithOldValues: DELETE of values that are no more is refused, and so is all that is with it.
func (z *zone) refusesABatchWithOldValues() {
	z.t.Helper()
	z.must(z.change(types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: z.set("blue", 90)}))
	err := z.change(
		types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: z.set("blue", 100)}, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: z.set("blue", 50)},
		types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: z.set("green", 0)}, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: z.set("green", 50)},
	)
	if !is[*types.InvalidChangeBatch](err) {
		z.t.Errorf("a batch over old values: %v, want an InvalidChangeBatch", err)
	}
	z.must(z.weighs("blue 90 green 0")(nil))
}
