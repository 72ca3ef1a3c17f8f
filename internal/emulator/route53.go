package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// route53Rules keep the record sets of every zone themselves: moto takes what Route 53 refuses, and deletes a set
// identifier under every name of the zone. Zones stay moto's.
type route53Rules struct {
	propagation time.Duration

	mu      sync.Mutex
	zones   map[string]*recordZone
	changes map[string]time.Time // when each change was submitted
	at      time.Time            // of the call that is being served
}

type recordZone struct {
	name    string
	records []recordSet // sorted
}

func newRoute53Rules(propagation time.Duration) *route53Rules {
	r := &route53Rules{propagation: propagation}
	r.reset()
	return r
}

func (r *route53Rules) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.zones, r.changes = map[string]*recordZone{}, map[string]time.Time{}
}

func (r *route53Rules) rule(operation string) rule {
	switch operation {
	case "ChangeResourceRecordSets":
		return r.locked(r.changeRecords)
	case "ListResourceRecordSets":
		return r.locked(r.listRecords)
	case "GetHostedZone", "ListHostedZones", "ListHostedZonesByName":
		return r.locked(r.count)
	case "DeleteHostedZone":
		return r.locked(r.deleteZone)
	case "CreateHostedZone", "AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone":
		return r.locked(r.submit)
	case "GetChange":
		return r.locked(r.getChange)
	}
	return nil
}

func (r *route53Rules) locked(serve rule) rule {
	return func(ctx context.Context, x *exchange) (*answer, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at = x.At
		return serve(ctx, x)
	}
}

// zone returns a zone's records, which at first are those that Route 53 makes with it. refused is moto's answer when
// there is no such zone.
func (r *route53Rules) zone(ctx context.Context, x *exchange) (zone *recordZone, refused *answer, err error) {
	if known := r.zones[x.Resource]; known != nil {
		return known, nil, nil
	}
	path := "/2013-04-01/hostedzone/" + x.Resource
	reply, err := x.ask(ctx, path)
	if err != nil || reply.status != http.StatusOK {
		return nil, reply, err
	}
	var described struct {
		Name string `xml:"HostedZone>Name"`
	}
	if err := xml.Unmarshal(reply.body, &described); err != nil {
		return nil, nil, fmt.Errorf("read moto's zone: %w", err)
	}
	reply, err = x.ask(ctx, path+"/rrset")
	if err != nil || reply.status != http.StatusOK {
		return nil, reply, err
	}
	var listed struct {
		Records []recordSet `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	if err := xml.Unmarshal(reply.body, &listed); err != nil {
		return nil, nil, fmt.Errorf("read moto's records: %w", err)
	}
	zone = &recordZone{name: normalName(described.Name)}
	for _, record := range listed.Records {
		zone.records = append(zone.records, record.normal())
	}
	slices.SortFunc(zone.records, compareRecords)
	r.zones[x.Resource] = zone
	return zone, nil, nil
}

// changeRecords is https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html.
func (r *route53Rules) changeRecords(ctx context.Context, x *exchange) (*answer, error) {
	zone, refused, err := r.zone(ctx, x)
	if zone == nil {
		return refused, err
	}
	var batch changeBatch
	if err := xml.Unmarshal(x.body, &batch); err != nil {
		return x.fail(http.StatusBadRequest, "InvalidInput", "Invalid XML ; "+err.Error()), nil
	}
	after, why := batch.apply(zone.name, zone.records)
	if why != nil {
		return x.fail(http.StatusBadRequest, why.code, "["+strings.Join(why.messages, ", ")+"]"), nil
	}
	zone.records = after
	return xmlAnswer("ChangeResourceRecordSetsResponse", struct {
		Info changeInfo `xml:"ChangeInfo"`
	}{r.submitted()}), nil
}

// changeInfo is https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html.
type changeInfo struct {
	ID          string `xml:"Id"`
	Status      string `xml:"Status"`
	SubmittedAt string `xml:"SubmittedAt"`
}

// submitted notes a change that begins to propagate now.
func (r *route53Rules) submitted() changeInfo {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(r.changes))))
	id := "C" + strings.ToUpper(hex.EncodeToString(sum[:10]))
	r.changes[id] = r.at
	return r.info(id)
}

// info is PENDING until the change has propagated to every name server, then INSYNC.
func (r *route53Rules) info(id string) changeInfo {
	at := r.changes[id]
	info := changeInfo{ID: "/change/" + id, Status: "PENDING", SubmittedAt: at.UTC().Format("2006-01-02T15:04:05.000Z")}
	if r.at.Sub(at) >= r.propagation {
		info.Status = "INSYNC"
	}
	return info
}

// getChange is https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html.
func (r *route53Rules) getChange(_ context.Context, x *exchange) (*answer, error) {
	if _, known := r.changes[x.Resource]; !known {
		return x.fail(http.StatusNotFound, "NoSuchChange", "Could not find resource with ID: "+x.Resource), nil
	}
	return xmlAnswer("GetChangeResponse", struct {
		Info changeInfo `xml:"ChangeInfo"`
	}{r.info(x.Resource)}), nil
}

// submit gives moto's answer a change of its own.
func (r *route53Rules) submit(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	before, after, found := bytes.Cut(reply.body, []byte("<ChangeInfo>"))
	if !found {
		return reply, nil
	}
	info := r.submitted()
	after = replaceElement(after, "Id", info.ID)
	after = replaceElement(after, "Status", info.Status)
	reply.body = slices.Concat(before, []byte("<ChangeInfo>"), after)
	return reply, nil
}

// deleteZone is https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html: only a zone with no
// records but its own NS and SOA.
func (r *route53Rules) deleteZone(ctx context.Context, x *exchange) (*answer, error) {
	zone, refused, err := r.zone(ctx, x)
	if zone == nil {
		return refused, err
	}
	if slices.ContainsFunc(zone.records, func(record recordSet) bool {
		return record.Name != zone.name || (record.Type != "NS" && record.Type != "SOA")
	}) {
		return x.fail(http.StatusBadRequest, "HostedZoneNotEmpty",
			"The specified hosted zone contains non-required resource record sets and so cannot be deleted."), nil
	}
	reply, err := r.submit(ctx, x)
	if err == nil && reply.status < http.StatusBadRequest {
		delete(r.zones, x.Resource)
	}
	return reply, err
}

// count puts the number of our records into moto's description of zones.
func (r *route53Rules) count(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	parts := bytes.Split(reply.body, []byte("<HostedZone>"))
	for i, part := range parts[1:] {
		if zone := r.zones[strings.TrimPrefix(element(part, "Id"), "/hostedzone/")]; zone != nil {
			parts[i+1] = replaceElement(part, "ResourceRecordSetCount", strconv.Itoa(len(zone.records)))
		}
	}
	reply.body = bytes.Join(parts, []byte("<HostedZone>"))
	return reply, nil
}

// maxListed is the page size of ListResourceRecordSets.
const maxListed = 300

// listRecords is https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html.
func (r *route53Rules) listRecords(ctx context.Context, x *exchange) (*answer, error) {
	zone, refused, err := r.zone(ctx, x)
	if zone == nil {
		return refused, err
	}
	query := x.request.URL.Query()
	from := recordSet{Name: query.Get("name"), Type: query.Get("type"), SetIdentifier: query.Get("identifier")}
	if from.Name == "" && (from.Type != "" || from.SetIdentifier != "") {
		return x.fail(http.StatusBadRequest, "InvalidInput", "The input is not valid: a type needs a name"), nil
	}
	start := 0
	if from.Name != "" {
		start, _ = slices.BinarySearchFunc(zone.records, from.normal(), compareRecords)
	}
	limit := maxListed
	if asked, err := strconv.Atoi(query.Get("maxitems")); err == nil && asked > 0 && asked < maxListed {
		limit = asked
	}
	page := struct {
		Records        []recordSet `xml:"ResourceRecordSets>ResourceRecordSet"`
		IsTruncated    bool        `xml:"IsTruncated"`
		NextName       string      `xml:"NextRecordName,omitempty"`
		NextType       string      `xml:"NextRecordType,omitempty"`
		NextIdentifier string      `xml:"NextRecordIdentifier,omitempty"`
		MaxItems       int         `xml:"MaxItems"`
	}{MaxItems: limit, Records: zone.records[start:]}
	if len(page.Records) > limit {
		next := page.Records[limit]
		page.IsTruncated, page.Records = true, page.Records[:limit]
		page.NextName, page.NextType, page.NextIdentifier = next.Name, next.Type, next.SetIdentifier
	}
	return xmlAnswer("ListResourceRecordSetsResponse", page), nil
}
