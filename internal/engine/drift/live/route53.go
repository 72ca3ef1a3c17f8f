package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const route53Doc = "https://docs.aws.amazon.com/Route53/latest/APIReference/"

// newRoute53 reads hosted zones and records.
func newRoute53(clients *awsapi.Clients) Reader {
	return service{
		listing[liveZone, *awsapi.Route53]{
			client: clients.Route53, pages: zones, probe: probeZone, outcome: zoneOutcome, table: zoneTable, id: func(z liveZone) string { return bareID(z.Id) },
			thing: func(z liveZone) Thing {
				thing := Thing{ID: bareID(z.Id), Name: strings.TrimSuffix(aws.ToString(z.Name), ".")}
				if z.LinkedService != nil {
					thing.Excluded = excludedService
				}
				return thing
			},
		}.kind(Spec{Type: "aws_route53_zone", Doc: route53Doc + "API_HostedZone.html", Global: true}),
		listing[liveRecord, *awsapi.Route53]{
			client: clients.Route53, pages: records, probe: probeRecord, table: recordTable, id: func(r liveRecord) string { return r.key() }, key: recordKey,
		}.kind(Spec{Type: "aws_route53_record", Doc: route53Doc + "API_ResourceRecordSet.html", Context: []string{"zone_id", "fqdn", "name", "type", "set_identifier"}, Global: true}),
	}
}

// liveZone is a zone with what has calls of its own; nil where it was not asked for, or failed.
type liveZone struct {
	types.HostedZone
	vpcs *[]string
	tags map[string]string
}

// bareID is an id without the path that Route 53 puts before it.
func bareID(id *string) string {
	text := aws.ToString(id)
	return text[strings.LastIndexByte(text, '/')+1:]
}

// The name of a zone cannot be changed.
var zoneTable = []field[liveZone]{
	{Attribute{Path: "comment", API: "HostedZone.Config.Comment"}, func(z liveZone, _ Resource) any {
		return through(z.Config, func(c *types.HostedZoneConfig) any { return c.Comment })
	}},
	{
		Attribute{Path: "vpc", API: "GetHostedZone.VPCs.VPCId", Kind: Set, Expect: func(resource Resource) (any, bool) {
			value, held := resource.State.Get("vpc")
			list, _ := value.([]any)
			ids := make([]string, 0, len(list))
			for _, vpc := range list {
				ids = append(ids, scalar(inside(vpc, "vpc_id")))
			}
			return ids, held
		}},
		func(z liveZone, _ Resource) any {
			if z.vpcs == nil {
				return unread
			}
			return *z.vpcs
		},
	},
	{tagsAttribute("ListTagsForResource.Tags"), func(z liveZone, _ Resource) any {
		if z.tags == nil {
			return unread
		}
		return z.tags
	}},
}

// liveRecord is a record with the zone that it is in.
type liveRecord struct {
	types.ResourceRecordSet
	zone string
}

func (r liveRecord) key() string {
	return strings.Join([]string{r.zone, recordName(aws.ToString(r.Name)), string(r.Type), aws.ToString(r.SetIdentifier)}, " ")
}

func recordKey(resource Resource) string {
	name := resource.Text("fqdn")
	if name == "" {
		name = resource.Text("name")
	}
	return strings.Join([]string{resource.Text("zone_id"), recordName(name), resource.Text("type"), resource.Text("set_identifier")}, " ")
}

// recordName writes a domain name in one form: lower case, without the final dot, and with the only character that people write
// unescaped, https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html.
func recordName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(name), "."), `\052`, "*")
}

// recordValue writes a value without the quotes of its strings, which a state leaves out.
func recordValue(value string) string {
	return strings.Trim(strings.ReplaceAll(strings.ReplaceAll(value, `" "`, ""), `""`, ""), `"`)
}

func aliasName(name string) string { return strings.TrimPrefix(recordName(name), "dualstack.") }

// Name, type and set identifier say which record it is.
var recordTable = []field[liveRecord]{
	{Attribute{Path: "records", API: "ResourceRecords.Value", Kind: Set, Canon: recordValue}, func(r liveRecord, _ Resource) any {
		return eachText(r.ResourceRecords, func(record types.ResourceRecord) *string { return record.Value })
	}},
	{Attribute{Path: "ttl", API: "TTL", Default: 0}, func(r liveRecord, _ Resource) any { return r.TTL }},
	{Attribute{Path: "alias.0.name", API: "AliasTarget.DNSName", Canon: aliasName}, recordAlias(func(a *types.AliasTarget) any { return a.DNSName })},
	{Attribute{Path: "alias.0.zone_id", API: "AliasTarget.HostedZoneId"}, recordAlias(func(a *types.AliasTarget) any { return a.HostedZoneId })},
	{Attribute{Path: "alias.0.evaluate_target_health", API: "AliasTarget.EvaluateTargetHealth", Default: false}, recordAlias(func(a *types.AliasTarget) any { return a.EvaluateTargetHealth })},
	{Attribute{Path: "weighted_routing_policy.0.weight", API: "Weight"}, func(r liveRecord, _ Resource) any { return r.Weight }},
	{Attribute{Path: "failover_routing_policy.0.type", API: "Failover"}, func(r liveRecord, _ Resource) any { return string(r.Failover) }},
	{Attribute{Path: "latency_routing_policy.0.region", API: "Region"}, func(r liveRecord, _ Resource) any { return string(r.Region) }},
	{Attribute{Path: "geolocation_routing_policy.0.continent", API: "GeoLocation.ContinentCode"}, recordPlace(func(g *types.GeoLocation) any { return g.ContinentCode })},
	{Attribute{Path: "geolocation_routing_policy.0.country", API: "GeoLocation.CountryCode"}, recordPlace(func(g *types.GeoLocation) any { return g.CountryCode })},
	{Attribute{Path: "geolocation_routing_policy.0.subdivision", API: "GeoLocation.SubdivisionCode"}, recordPlace(func(g *types.GeoLocation) any { return g.SubdivisionCode })},
	{Attribute{Path: "multivalue_answer_routing_policy", API: "MultiValueAnswer", Default: false}, func(r liveRecord, _ Resource) any { return r.MultiValueAnswer }},
	{Attribute{Path: "health_check_id", API: "HealthCheckId"}, func(r liveRecord, _ Resource) any { return r.HealthCheckId }},
}

func recordAlias(get func(*types.AliasTarget) any) func(liveRecord, Resource) any {
	return func(r liveRecord, _ Resource) any { return through(r.AliasTarget, get) }
}

func recordPlace(get func(*types.GeoLocation) any) func(liveRecord, Resource) any {
	return func(r liveRecord, _ Resource) any { return through(r.GeoLocation, get) }
}

func zones(ctx context.Context, client *awsapi.Route53, caller *Caller, _ []Resource) ([]liveZone, error) {
	input := &route53.ListHostedZonesInput{MaxItems: aws.Int32(100)}
	return pages(ctx, caller, client.ListHostedZones, input, func(page *route53.ListHostedZonesOutput) ([]liveZone, bool) {
		input.Marker = page.NextMarker
		items := make([]liveZone, 0, len(page.HostedZones))
		for _, zone := range page.HostedZones {
			items = append(items, liveZone{HostedZone: zone})
		}
		return items, page.IsTruncated
	})
}

func probeZone(ctx context.Context, client *awsapi.Route53, caller *Caller, resource Resource) (*liveZone, error) {
	answer, err := call(ctx, caller, client.GetHostedZone, &route53.GetHostedZoneInput{Id: aws.String(resource.ID)})
	if err != nil || answer.HostedZone == nil {
		return nil, err
	}
	return &liveZone{HostedZone: *answer.HostedZone}, nil
}

// zoneOutcome reads tags, and, of a private zone, the VPCs that see it.
func zoneOutcome(ctx context.Context, client *awsapi.Route53, caller *Caller, zone liveZone, resource Resource) Outcome {
	var problem error
	if vpcs, _ := resource.Value("vpc").([]any); len(vpcs) > 0 {
		answer, err := call(ctx, caller, client.GetHostedZone, &route53.GetHostedZoneInput{Id: aws.String(resource.ID)})
		if problem = err; err == nil {
			ids := eachText(answer.VPCs, func(vpc types.VPC) *string { return vpc.VPCId })
			zone.vpcs = &ids
		}
	}
	tags, err := call(ctx, caller, client.ListTagsForResource, &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: aws.String(resource.ID)})
	if err != nil {
		problem = err
	} else if tags.ResourceTagSet != nil {
		zone.tags = tagMap(tags.ResourceTagSet.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	outcome := found(zoneTable, zone, resource)
	if problem != nil {
		outcome.Reason, outcome.Err = "its tags or VPCs could not be read", problem
	}
	return outcome
}

// records lists every zone that resources are in. A zone that is gone holds nothing.
func records(ctx context.Context, client *awsapi.Route53, caller *Caller, resources []Resource) ([]liveRecord, error) {
	seen := map[string]bool{}
	var all []liveRecord
	for _, resource := range resources {
		zone := resource.Text("zone_id")
		if seen[zone] {
			continue
		}
		seen[zone] = true
		input := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zone), MaxItems: aws.Int32(300)}
		sets, err := pages(ctx, caller, client.ListResourceRecordSets, input, func(page *route53.ListResourceRecordSetsOutput) ([]liveRecord, bool) {
			input.StartRecordName, input.StartRecordType, input.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
			return inZone(zone, page.ResourceRecordSets), page.IsTruncated
		})
		if err != nil && !awsapi.IsNotFound(err) {
			return nil, err
		}
		all = append(all, sets...)
	}
	return all, nil
}

func inZone(zone string, sets []types.ResourceRecordSet) []liveRecord {
	items := make([]liveRecord, 0, len(sets))
	for _, set := range sets {
		items = append(items, liveRecord{set, zone})
	}
	return items
}

// probeRecord lists from the record on.
func probeRecord(ctx context.Context, client *awsapi.Route53, caller *Caller, resource Resource) (*liveRecord, error) {
	zone := resource.Text("zone_id")
	input := &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(zone), StartRecordName: aws.String(strings.Split(recordKey(resource), " ")[1]), StartRecordType: types.RRType(resource.Text("type")), MaxItems: aws.Int32(100),
	}
	page, err := call(ctx, caller, client.ListResourceRecordSets, input)
	if err != nil {
		return nil, err
	}
	for _, record := range inZone(zone, page.ResourceRecordSets) {
		if record.key() == recordKey(resource) {
			return &record, nil
		}
	}
	return nil, awsapi.ErrNotFound
}
