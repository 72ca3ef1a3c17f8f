package emulator

import (
	"encoding/xml"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// changeBatch is the body of ChangeResourceRecordSets.
type changeBatch struct {
	XMLName xml.Name       `xml:"ChangeResourceRecordSetsRequest"`
	Comment string         `xml:"ChangeBatch>Comment"`
	Changes []recordChange `xml:"ChangeBatch>Changes>Change"`
}

type recordChange struct {
	Action string    `xml:"Action"`
	Record recordSet `xml:"ResourceRecordSet"`
}

// maxValues is how many values one batch may hold; those of an UPSERT count twice:
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html.
const maxValues = 1000

// refusal is why Route 53 refuses a batch.
type refusal struct {
	code     string // InvalidInput (the request is malformed) or InvalidChangeBatch (it does not fit the zone)
	messages []string
}

// apply returns the records of a zone after a batch, or why the batch is refused: it is done whole or not at all
// (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
func (b changeBatch) apply(zone string, current []recordSet) ([]recordSet, *refusal) {
	if messages := b.malformed(); len(messages) > 0 {
		return nil, &refusal{code: "InvalidInput", messages: messages}
	}
	after := slices.Clone(current)
	var written []recordSet
	var messages []string
	for _, change := range b.Changes {
		record := change.Record.normal()
		var message string
		if change.Action != "DELETE" && slices.ContainsFunc(written, record.same) {
			message = fmt.Sprintf("The request contains an invalid set of changes for a resource record set '%s %s'", record.Type, record.Name)
		} else {
			after, message = change.apply(zone, record, after)
		}
		if message != "" {
			messages = append(messages, message)
		}
		if change.Action != "DELETE" {
			written = append(written, record)
		}
	}
	if len(messages) == 0 {
		messages = unfit(zone, written, after)
	}
	if len(messages) > 0 {
		return nil, &refusal{code: "InvalidChangeBatch", messages: messages}
	}
	slices.SortFunc(after, compareRecords)
	return after, nil
}

// apply does one change to the records, or says why it cannot be done.
func (c recordChange) apply(zone string, record recordSet, records []recordSet) (after []recordSet, message string) {
	at := slices.IndexFunc(records, record.same)
	switch {
	case record.Name != zone && !strings.HasSuffix(record.Name, "."+zone):
		return records, fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", record.Name, zone)
	case c.Action == "DELETE" && at < 0:
		return records, fmt.Sprintf("Tried to delete resource record set %s but it was not found", record.label())
	case c.Action == "DELETE" && !records[at].equal(record):
		return records, fmt.Sprintf("Tried to delete resource record set %s but the values provided do not match the current values", record.label())
	case c.Action == "DELETE":
		return slices.Delete(records, at, at+1), ""
	case c.Action == "CREATE" && at >= 0:
		return records, fmt.Sprintf("Tried to create resource record set %s but it already exists", record.label())
	case at >= 0:
		records[at] = record
		return records, ""
	}
	return append(records, record), ""
}

// unfit says what of a zone's records after a batch may not stand together.
func unfit(zone string, written, after []recordSet) (messages []string) {
	for _, record := range written {
		if !slices.ContainsFunc(after, record.same) {
			continue // written and taken back in the same batch
		}
		for _, other := range after {
			if record.Name != other.Name || record.same(other) {
				continue
			}
			if message := conflict(zone, record, other); message != "" {
				messages = append(messages, message)
				break
			}
		}
		if record.Type == "CNAME" && record.Name == zone {
			messages = append(messages, fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", record.Name, zone))
		}
		messages = append(messages, badValues(record)...)
	}
	for _, kind := range []string{"NS", "SOA"} {
		if !slices.ContainsFunc(after, func(r recordSet) bool { return r.Name == zone && r.Type == kind }) {
			messages = append(messages, fmt.Sprintf("A HostedZone must contain at least one %s record for the zone itself.", kind))
		}
	}
	return messages
}

// conflict says why two records of one name cannot stand together
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-shared.html,
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted.html).
func conflict(zone string, record, other recordSet) string {
	switch {
	case record.Type != other.Type && (record.Type == "CNAME" || other.Type == "CNAME"):
		return fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type %s with the same DNS name already exists in zone %s",
			record.Type, record.Name, other.Type, zone)
	case record.Type != other.Type:
		return ""
	case record.policy() == "simple" || other.policy() == "simple":
		return fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because a non multivalue answer rrset exists with the same name and type.",
			record.Name, record.Type, orNull(record.SetIdentifier))
	case record.policy() != other.policy():
		return fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because a %s RRSet with the same name and type already exists.",
			record.Name, record.Type, record.SetIdentifier, other.policy())
	case record.Region != "" && record.Region == other.Region:
		return fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s, and Region Name=%s cannot be created because a latency RRSet with the same name, type and region already exists.",
			record.Name, record.Type, record.SetIdentifier, record.Region)
	}
	return ""
}

func orNull(value string) string {
	if value == "" {
		return "null"
	}
	return value
}

// badValues says which values a record of its type cannot hold
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html).
func badValues(record recordSet) (messages []string) {
	if record.Records == nil {
		return nil
	}
	for i, value := range record.Records.Values {
		address, err := netip.ParseAddr(value)
		switch {
		case slices.Contains(record.Records.Values[:i], value):
			messages = append(messages, fmt.Sprintf("Duplicate Resource Record: '%s'", value))
		case record.Type == "A" && (err != nil || !address.Is4()):
			messages = append(messages, fmt.Sprintf("Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s''", value))
		case record.Type == "AAAA" && (err != nil || !address.Is6()):
			messages = append(messages, fmt.Sprintf("Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '%s''", value))
		}
	}
	if record.Type == "CNAME" && len(record.Records.Values) > 1 {
		messages = append(messages, fmt.Sprintf("Invalid Resource Record: a CNAME record set has one value, %s has %d", record.Name, len(record.Records.Values)))
	}
	return messages
}

// malformed says what is wrong with a batch whatever the zone holds.
func (b changeBatch) malformed() (messages []string) {
	if len(b.Changes) == 0 {
		return []string{"1 validation error detected: 'changeBatch.changes' must have length greater than or equal to 1"}
	}
	values := 0
	for _, change := range b.Changes {
		messages = append(messages, change.malformed()...)
		if change.Record.Records != nil {
			values += len(change.Record.Records.Values)
			if change.Action == "UPSERT" {
				values += len(change.Record.Records.Values)
			}
		}
	}
	if values > maxValues {
		messages = append(messages, fmt.Sprintf("Number of records limit of %d exceeded.", maxValues))
	}
	return messages
}

func (c recordChange) malformed() (messages []string) {
	r := c.Record
	where := fmt.Sprintf("in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", c.Action, r.Name, r.Type, orNull(r.SetIdentifier))
	policies := 0
	for _, set := range []bool{r.Weight != nil, r.Region != "", r.GeoLocation != nil, r.Failover != "", r.MultiValueAnswer != nil} {
		if set {
			policies++
		}
	}
	switch {
	case !slices.Contains([]string{"CREATE", "DELETE", "UPSERT"}, c.Action):
		messages = append(messages, fmt.Sprintf("Invalid XML ; '%s' is not a valid Action", c.Action))
	case r.Name == "" || r.Type == "":
		messages = append(messages, "Invalid request: Missing Name or Type "+where)
	}
	if r.Weight != nil && (*r.Weight < 0 || *r.Weight > 255) {
		messages = append(messages, fmt.Sprintf("Invalid XML ; Value '%d' is not facet-valid: a Weight is from 0 to 255", *r.Weight))
	}
	switch {
	case policies > 1:
		messages = append(messages, "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer], but found more than one "+where)
	case policies == 1 && r.SetIdentifier == "":
		messages = append(messages, "Invalid request: Missing field 'SetIdentifier' "+where)
	case policies == 0 && r.SetIdentifier != "":
		messages = append(messages, "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer], but found none "+where)
	}
	plain, alias := r.TTL != nil && r.Records != nil && len(r.Records.Values) > 0, r.AliasTarget != nil
	if plain == alias || (alias && r.TTL != nil) {
		found := "none"
		if alias {
			found = "more than one"
		}
		messages = append(messages, "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found "+found+" "+where)
	}
	return messages
}
