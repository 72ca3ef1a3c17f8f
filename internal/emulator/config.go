package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// configRules are what AWS Config tells of resources, which moto lacks: advanced queries over one account and Region or over an
// aggregator, and single items. Everything is recorded the moment it is asked for, out of moto's own state, unless a test
// says that something is not recorded. The shapes are those of
// https://github.com/awslabs/aws-config-resource-schema/tree/master/config/properties/resource-types.
type configRules struct {
	moto     string
	upstream http.RoundTripper // to moto

	mu         sync.Mutex
	unrecorded map[string]bool                    // "account region type"
	status     map[string]string                  // of an aggregator's source, by "account region"
	seen       map[string]map[string]configObject // by "account region type", then id: what a query has found
}

// configObject is a configuration item as a query answers it.
type configObject map[string]any

func newConfigRules(moto string, upstream http.RoundTripper) *configRules {
	rules := &configRules{moto: moto, upstream: upstream}
	rules.reset()
	return rules
}

func (c *configRules) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unrecorded, c.status, c.seen = map[string]bool{}, map[string]string{}, map[string]map[string]configObject{}
}

// DoNotRecord says that AWS Config does not record a resource type ("AWS::S3::Bucket") in an account and Region; what it had is
// forgotten.
func (e *Emulator) DoNotRecord(account, region, kind string) {
	e.config.mu.Lock()
	defer e.config.mu.Unlock()
	key := account + " " + region + " " + kind
	e.config.unrecorded[key] = true
	delete(e.config.seen, key)
}

// SetConfigSource says how an aggregator's last update from an account and Region went: SUCCEEDED, FAILED or OUTDATED.
func (e *Emulator) SetConfigSource(account, region, status string) {
	e.config.mu.Lock()
	defer e.config.mu.Unlock()
	e.config.status[account+" "+region] = status
}

func (c *configRules) rule(operation string) rule {
	switch operation {
	case "SelectResourceConfig", "SelectAggregateResourceConfig":
		return c.query
	case "GetAggregateResourceConfig":
		return c.aggregateItem
	case "GetResourceConfigHistory":
		return c.history
	case "DescribeConfigurationAggregatorSourcesStatus":
		return c.sources
	}
	return nil
}

// configPlace is an account and Region that are recorded; key is an access key of the account, where there is one, and host is what the
// caller calls the emulator: moto puts it into the URL of a queue, which is the queue's id.
type configPlace struct{ account, region, key, host string }

// places are those that a call sees: those of its aggregator, or the caller's own.
func (c *configRules) places(ctx context.Context, x *exchange, aggregator string) ([]configPlace, *answer, error) {
	if aggregator == "" {
		account, err := c.accountOf(ctx, configPlace{region: x.Region, key: x.Caller})
		return []configPlace{{account, x.Region, x.Caller, x.request.Host}}, nil, err
	}
	asked := *x
	asked.Operation = "DescribeConfigurationAggregators"
	asked.request = x.request.Clone(ctx)
	asked.request.Header.Set("X-Amz-Target", "StarlingDoveService.DescribeConfigurationAggregators")
	asked.body, _ = json.Marshal(map[string]any{"ConfigurationAggregatorNames": []string{aggregator}})
	reply, err := asked.forward(ctx)
	if err != nil || reply.status != http.StatusOK {
		return nil, reply, err
	}
	var out struct {
		ConfigurationAggregators []struct {
			AccountAggregationSources []struct {
				AccountIDs []string `json:"AccountIds"`
				Regions    []string `json:"AwsRegions"`
			}
		}
	}
	if err := json.Unmarshal(reply.body, &out); err != nil {
		return nil, nil, err
	}
	var places []configPlace
	for _, found := range out.ConfigurationAggregators {
		for _, source := range found.AccountAggregationSources {
			for _, account := range source.AccountIDs {
				for _, region := range source.Regions {
					places = append(places, configPlace{account: account, region: region, host: x.request.Host})
				}
			}
		}
	}
	return places, nil, nil
}

// record lists what there is of a type, and remembers it.
func (c *configRules) record(ctx context.Context, place configPlace, kind string) ([]configObject, error) {
	key := place.account + " " + place.region + " " + kind
	c.mu.Lock()
	off := c.unrecorded[key]
	c.mu.Unlock()
	list, known := configTypes[kind]
	if off || !known || (kind == "AWS::IAM::Role" && place.region != Region) {
		return nil, nil // what lives in no Region is recorded in one of them
	}
	objects, err := list(ctx, c.clients(place))
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, object := range objects {
		object["accountId"], object["awsRegion"], object["resourceType"], object["configurationItemStatus"] = place.account, place.region, kind, "OK"
		if kind == "AWS::IAM::Role" {
			object["awsRegion"] = "global"
		}
		id, _ := object["resourceId"].(string)
		if c.seen[key] == nil {
			c.seen[key] = map[string]configObject{}
		}
		object["configurationItemCaptureTime"] = now
		if before, ok := c.seen[key][id]; ok && sameConfiguration(before, object) { // recorded when it changed last
			object["configurationItemCaptureTime"] = before["configurationItemCaptureTime"]
		}
		c.seen[key][id] = object
	}
	return objects, nil
}

func sameConfiguration(a, b configObject) bool {
	strip := func(object configObject) string {
		text, _ := json.Marshal([]any{object["configuration"], object["supplementaryConfiguration"], object["tags"]})
		return string(text)
	}
	return strip(a) == strip(b)
}

// query is https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html and its twin for aggregators.
func (c *configRules) query(ctx context.Context, x *exchange) (*answer, error) {
	var in struct {
		ConfigurationAggregatorName, Expression, NextToken string
		Limit, MaxResults                                  int
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	size := cmp.Or(in.Limit, in.MaxResults, 25)
	if size < 0 || size > 100 {
		return x.fail(http.StatusBadRequest, "InvalidLimitException", "The limit is 0 to 100."), nil
	}
	if x.Operation == "SelectAggregateResourceConfig" && in.ConfigurationAggregatorName == "" {
		return x.fail(http.StatusBadRequest, "ValidationException", "ConfigurationAggregatorName is required."), nil
	}
	query, err := parseConfigQuery(in.Expression)
	if err != nil {
		return x.fail(http.StatusBadRequest, "InvalidExpressionException", err.Error()), nil
	}
	places, refused, err := c.places(ctx, x, in.ConfigurationAggregatorName)
	if refused != nil || err != nil {
		return refused, err
	}
	results := []string{}
	for _, place := range places {
		for _, kind := range query.types() {
			objects, err := c.record(ctx, place, kind)
			if err != nil {
				return nil, err
			}
			for _, object := range objects {
				if query.matches(object) {
					results = append(results, query.pick(object))
				}
			}
		}
	}
	slices.Sort(results)
	if query.count {
		results = []string{`{"COUNT(*)":` + strconv.Itoa(len(results)) + `}`}
	}
	from, err := strconv.Atoi("0" + in.NextToken)
	if err != nil || from > len(results) {
		return x.fail(http.StatusBadRequest, "InvalidNextTokenException", "The token is invalid."), nil
	}
	out := map[string]any{"Results": results[from:min(from+size, len(results))], "QueryInfo": map[string]any{"SelectFields": query.fields()}}
	if from+size < len(results) {
		out["NextToken"] = strconv.Itoa(from + size)
	}
	return configAnswer(out)
}

func configAnswer(out any) (*answer, error) {
	encoded, err := json.Marshal(out)
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, body: encoded}, err
}

// sources is https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html.
func (c *configRules) sources(ctx context.Context, x *exchange) (*answer, error) {
	var in struct{ ConfigurationAggregatorName string }
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	places, refused, err := c.places(ctx, x, in.ConfigurationAggregatorName)
	if refused != nil || err != nil {
		return refused, err
	}
	list := []map[string]any{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, place := range places {
		list = append(list, map[string]any{
			"SourceId": place.account, "SourceType": "ACCOUNT", "AwsRegion": place.region, "LastUpdateTime": float64(time.Now().Unix()),
			"LastUpdateStatus": cmp.Or(c.status[place.account+" "+place.region], "SUCCEEDED"),
		})
	}
	return configAnswer(map[string]any{"AggregatedSourceStatusList": list})
}

// aggregateItem is https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateResourceConfig.html: an aggregator does not
// keep what was deleted.
func (c *configRules) aggregateItem(ctx context.Context, x *exchange) (*answer, error) {
	var in struct {
		ConfigurationAggregatorName string
		ResourceIdentifier          struct {
			ID      string `json:"ResourceId"`
			Type    string `json:"ResourceType"`
			Account string `json:"SourceAccountId"`
			Region  string `json:"SourceRegion"`
		}
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	places, refused, err := c.places(ctx, x, in.ConfigurationAggregatorName)
	if refused != nil || err != nil {
		return refused, err
	}
	wanted := in.ResourceIdentifier
	for _, place := range places {
		if place.account != wanted.Account {
			continue
		}
		objects, err := c.record(ctx, place, wanted.Type)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if object["resourceId"] == wanted.ID && object["awsRegion"] == wanted.Region {
				return configAnswer(map[string]any{"ConfigurationItem": object.item()})
			}
		}
	}
	return x.fail(http.StatusBadRequest, "ResourceNotDiscoveredException", "Resource "+wanted.ID+" is either unknown or has not been discovered."), nil
}

// history is https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html, with the newest item alone.
func (c *configRules) history(ctx context.Context, x *exchange) (*answer, error) {
	var in map[string]any
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	kind, _ := in["resourceType"].(string)
	id, _ := in["resourceId"].(string)
	places, refused, err := c.places(ctx, x, "")
	if refused != nil || err != nil {
		return refused, err
	}
	key := places[0].account + " " + places[0].region + " " + kind
	c.mu.Lock()
	before, known := c.seen[key][id]
	c.mu.Unlock()
	objects, err := c.record(ctx, places[0], kind)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object["resourceId"] == id {
			return configAnswer(map[string]any{"configurationItems": []any{object.item()}})
		}
	}
	if !known {
		return x.fail(http.StatusBadRequest, "ResourceNotDiscoveredException", "Resource "+id+" of resourceType:"+kind+" is unknown or has not been discovered"), nil
	}
	gone := maps.Clone(before)
	gone["configurationItemStatus"], gone["configuration"], gone["supplementaryConfiguration"] = "ResourceDeleted", nil, nil
	gone["configurationItemCaptureTime"] = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	return configAnswer(map[string]any{"configurationItems": []any{gone.item()}})
}

// item is the form outside of queries, https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html: configuration
// is text, and so is each part of supplementaryConfiguration.
func (o configObject) item() map[string]any {
	out := map[string]any{}
	for _, name := range []string{"accountId", "awsRegion", "resourceType", "resourceId", "resourceName", "arn", "configurationItemStatus"} {
		if value := o[name]; value != nil {
			out[name] = value
		}
	}
	if text, ok := o["configurationItemCaptureTime"].(string); ok {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			out["configurationItemCaptureTime"] = float64(at.UnixMilli()) / 1000
		}
	}
	if o["configuration"] != nil {
		text, _ := json.Marshal(o["configuration"])
		out["configuration"] = string(text)
	}
	if parts, ok := o["supplementaryConfiguration"].(map[string]any); ok {
		texts := map[string]string{}
		for name, part := range parts {
			text, _ := json.Marshal(part)
			texts[name] = string(text)
		}
		out["supplementaryConfiguration"] = texts
	}
	tags := map[string]string{}
	if list, ok := o["tags"].([]map[string]string); ok {
		for _, tag := range list {
			tags[tag["key"]] = tag["value"]
		}
	}
	out["tags"] = tags
	return out
}

// lowerCamel is a name of the API as AWS Config writes it.
func lowerCamel(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}
