package emulator

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// recordSet is https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html.
type recordSet struct {
	XMLName          xml.Name     `xml:"ResourceRecordSet"`
	Name             string       `xml:"Name"`
	Type             string       `xml:"Type"`
	SetIdentifier    string       `xml:"SetIdentifier,omitempty"`
	Weight           *int64       `xml:"Weight"`
	Region           string       `xml:"Region,omitempty"`
	GeoLocation      *geoLocation `xml:"GeoLocation"`
	Failover         string       `xml:"Failover,omitempty"`
	MultiValueAnswer *bool        `xml:"MultiValueAnswer"`
	TTL              *int64       `xml:"TTL"`
	Records          *records     `xml:"ResourceRecords"`
	AliasTarget      *aliasTarget `xml:"AliasTarget"`
	HealthCheckID    string       `xml:"HealthCheckId,omitempty"`
}

type records struct {
	Values []string `xml:"ResourceRecord>Value"`
}

// MarshalXML writes each value in an element of its own, which the xml package's paths do not.
func (r *records) MarshalXML(encoder *xml.Encoder, start xml.StartElement) error {
	type record struct {
		Value string `xml:"Value"`
	}
	var list struct {
		Records []record `xml:"ResourceRecord"`
	}
	for _, value := range r.Values {
		list.Records = append(list.Records, record{Value: value})
	}
	return encoder.EncodeElement(list, start)
}

type geoLocation struct {
	ContinentCode   string `xml:"ContinentCode,omitempty"`
	CountryCode     string `xml:"CountryCode,omitempty"`
	SubdivisionCode string `xml:"SubdivisionCode,omitempty"`
}

type aliasTarget struct {
	HostedZoneID         string `xml:"HostedZoneId"`
	DNSName              string `xml:"DNSName"`
	EvaluateTargetHealth bool   `xml:"EvaluateTargetHealth"`
}

// normal returns the record as Route 53 keeps it: names in lower case, ending in a dot, odd characters as \ooo
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html).
func (r recordSet) normal() recordSet {
	r.Name = normalName(r.Name)
	if r.AliasTarget != nil {
		target := *r.AliasTarget
		target.DNSName = normalName(target.DNSName)
		r.AliasTarget = &target
	}
	return r
}

func normalName(name string) string {
	var out strings.Builder
	name = strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '\\':
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, `\%03o`, c)
		}
	}
	return out.String()
}

// policy names the routing policy: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html.
func (r recordSet) policy() string {
	switch {
	case r.Weight != nil:
		return "weighted"
	case r.Region != "":
		return "latency"
	case r.GeoLocation != nil:
		return "geolocation"
	case r.Failover != "":
		return "failover"
	case r.MultiValueAnswer != nil:
		return "multivalue answer"
	}
	return "simple"
}

// label describes the record in Route 53's messages.
func (r recordSet) label() string {
	label := fmt.Sprintf("[name='%s', type='%s'", r.Name, r.Type)
	if r.SetIdentifier != "" {
		label += fmt.Sprintf(", set-identifier='%s'", r.SetIdentifier)
	}
	return label + "]"
}

// same tells that two records have the same key: name, type and set identifier.
func (r recordSet) same(other recordSet) bool {
	return r.Name == other.Name && r.Type == other.Type && r.SetIdentifier == other.SetIdentifier
}

// equal tells that two records hold the same values. The order of the values does not matter.
func (r recordSet) equal(other recordSet) bool {
	return r.same(other) && r.Region == other.Region && r.Failover == other.Failover && r.HealthCheckID == other.HealthCheckID &&
		equalPointer(r.Weight, other.Weight) && equalPointer(r.TTL, other.TTL) && equalPointer(r.MultiValueAnswer, other.MultiValueAnswer) &&
		equalPointer(r.GeoLocation, other.GeoLocation) && equalPointer(r.AliasTarget, other.AliasTarget) &&
		slices.Equal(r.sortedValues(), other.sortedValues())
}

func (r recordSet) sortedValues() []string {
	if r.Records == nil {
		return nil
	}
	return slices.Sorted(slices.Values(r.Records.Values))
}

func equalPointer[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// compareRecords is the order of ListResourceRecordSets: by the labels of the name from the right, then type, then set
// identifier (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html).
func compareRecords(a, b recordSet) int {
	return cmp.Or(
		cmp.Compare(reversedLabels(a.Name), reversedLabels(b.Name)),
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.SetIdentifier, b.SetIdentifier),
	)
}

func reversedLabels(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
