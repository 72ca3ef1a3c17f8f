package traffic

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53Pair is both records with all their fields, as Route 53 gave them: the precondition of a Set, and what it
// creates.
type route53Pair struct{ blue, green types.ResourceRecordSet }

// weighted returns the pair with other weights and everything else untouched.
func (p route53Pair) weighted(weights Weights) route53Pair {
	p.blue.Weight = aws.Int64(int64(weights.Blue))
	p.green.Weight = aws.Int64(int64(weights.Green))
	return p
}

// same tells whether the two pairs hold the same records in every field.
func (p route53Pair) same(other route53Pair) bool {
	return reflect.DeepEqual(p.blue, other.blue) && reflect.DeepEqual(p.green, other.green)
}

// weights are the shares of the two colours in percent. Weights of all zero make Route 53 answer with each equally
// often. A colour has 0 % only when its weight is 0: one that still gets anything has at least 1 %.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
func (p route53Pair) weights() Weights {
	blue, green := aws.ToInt64(p.blue.Weight), aws.ToInt64(p.green.Weight)
	switch {
	case blue == 0 && green == 0:
		return Weights{Blue: 50, Green: 50}
	case green == 0:
		return Weights{Blue: 100}
	case blue == 0:
		return Weights{Green: 100}
	}
	share := int(math.Round(100 * float64(blue) / float64(blue+green)))
	return On(Blue, min(max(share, 1), 99))
}

// state is what the pair serves. others are the further records of the same name and type.
func (p route53Pair) state(others []types.ResourceRecordSet) State {
	return State{
		Weights: p.weights(), Settled: true, Settling: route53Settling,
		Propagation: max(ttl(p.blue), ttl(p.green)), Unfit: p.unfit(others), Doubts: p.doubts(), Precondition: Precondition{Token: p},
	}
}

func ttl(record types.ResourceRecordSet) time.Duration {
	if record.AliasTarget != nil {
		return aliasTTL
	}
	return time.Duration(aws.ToInt64(record.TTL)) * time.Second
}

func (p route53Pair) unfit(others []types.ResourceRecordSet) []*UnfitError {
	var found []*UnfitError
	add := func(reason UnfitReason, format string, values ...any) {
		found = append(found, &UnfitError{Reason: reason, Detail: fmt.Sprintf(format, values...)})
	}
	name := strings.TrimSuffix(NormalName(aws.ToString(p.blue.Name)), ".")
	if p.blue.Weight == nil || p.green.Weight == nil {
		add(UnfitRouting, "the records of %s are not weighted: they follow another routing policy", name)
	}
	if blue, green := ttl(p.blue), ttl(p.green); blue != green {
		add(UnfitTTL, "the records of %s have unequal TTLs: blue %d s, green %d s", name, int(blue.Seconds()), int(green.Seconds()))
	}
	if leadsToCloudFront(p.blue) && leadsToCloudFront(p.green) {
		add(UnfitCloudFront, "both records of %s lead to CloudFront (blue %s, green %s), which chooses the distribution by host name: only one of them can have the name",
			name, destination(p.blue), destination(p.green))
	}
	for _, other := range others {
		if other.Weight == nil || *other.Weight > 0 {
			add(UnfitThird, "the record of %s with set identifier %q takes a share of the traffic besides blue and green", name, aws.ToString(other.SetIdentifier))
		}
	}
	return found
}

// leadsToCloudFront tells whether a record is an alias or a CNAME of a distribution. An alternate name belongs to one
// distribution only.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-restrictions
func leadsToCloudFront(record types.ResourceRecordSet) bool {
	if record.AliasTarget != nil && strings.TrimPrefix(aws.ToString(record.AliasTarget.HostedZoneId), "/hostedzone/") == cloudFrontZone {
		return true
	}
	return strings.HasSuffix(NormalName(destination(record)), ".cloudfront.net.")
}

func destination(record types.ResourceRecordSet) string {
	if record.AliasTarget != nil {
		return strings.TrimSuffix(aws.ToString(record.AliasTarget.DNSName), ".")
	}
	if record.Type == types.RRTypeCname && len(record.ResourceRecords) > 0 {
		return strings.TrimSuffix(aws.ToString(record.ResourceRecords[0].Value), ".")
	}
	return ""
}
