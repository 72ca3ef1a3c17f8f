package traffic

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// The doubts of a pair of records.
const (
	// DoubtHealth: Route 53 judges the health of one colour and not of the other, so that it may answer with the other
	// whatever the weights say.
	DoubtHealth UnfitReason = "unequal_health_checks"
	// DoubtSame: both colours lead to the same place.
	DoubtSame UnfitReason = "same_destination"
)

// doubts are the reasons why the pair may not do what its weights say. A record that Route 53 takes for unhealthy is left
// out of the answers as if its weight were zero; one without a health check is always taken for healthy.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
func (p route53Pair) doubts() (found []*UnfitError) {
	name := strings.TrimSuffix(aws.ToString(p.blue.Name), ".")
	if blue, green := health(p.blue), health(p.green); (blue == "") != (green == "") {
		judged, how, other := Blue, blue, Green
		if blue == "" {
			judged, how, other = Green, green, Blue
		}
		found = append(found, &UnfitError{Reason: DoubtHealth, Detail: fmt.Sprintf("the %s record of %s has %s and the %s one has none: while %s is taken for unhealthy, all clients are led to %s, whatever the weights",
			judged, name, how, other, judged, other)})
	}
	if reflect.DeepEqual(p.blue.ResourceRecords, p.green.ResourceRecords) && reflect.DeepEqual(p.blue.AliasTarget, p.green.AliasTarget) {
		found = append(found, &UnfitError{Reason: DoubtSame, Detail: "both records of " + name + " lead to the same place: the weights decide nothing"})
	}
	return found
}

// health is what Route 53 judges the health of a record by; empty for nothing.
func health(record types.ResourceRecordSet) string {
	switch {
	case aws.ToString(record.HealthCheckId) != "":
		return "a health check (" + *record.HealthCheckId + ")"
	case record.AliasTarget != nil && record.AliasTarget.EvaluateTargetHealth:
		return "EvaluateTargetHealth"
	}
	return ""
}
