package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// The largest page and the longest query, https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html.
const (
	recordedPage  = 100
	recordedQuery = 4096
)

// recordedProperties are what is asked for of each item.
const recordedProperties = "SELECT accountId, awsRegion, resourceId, resourceName, configurationItemStatus, configurationItemCaptureTime, " +
	"configuration, supplementaryConfiguration, tags WHERE resourceType = "

// recordedLook is one Read.
type recordedLook struct {
	kind       recordedKind
	aggregator string
	client     ConfigAPI
	caller     *Caller
	sources    recordedSources
	region     string
	answers    *recordedAnswers // nil for a resource type that only one type is compared with

	listed map[string][]recordedItem // by the kind's field; only what the batch asks for

	mu     sync.Mutex
	counts map[[2]string]int // how many items of the type an account and Region have
}

func (l *recordedLook) keyOf(resource Resource) string {
	if l.kind.key != nil {
		return l.kind.key(resource)
	}
	return resource.ID
}

// list gets what AWS Config has of the type. The query names the accounts, Regions and keys where they fit into it, else it asks
// for more and leaves out what the state does not hold.
func (l *recordedLook) list(ctx context.Context, resources []Resource) error {
	wanted, accounts, regions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, resource := range resources {
		wanted[l.keyOf(resource)], accounts[resource.AccountID], regions[resource.Region] = true, true, true
	}
	query := recordedProperties + quoted(l.kind.resource)
	if l.aggregator != "" {
		query = narrowed(query, "accountId", accounts)
		if !l.kind.Global {
			query = narrowed(query, "awsRegion", regions)
		}
	}
	query = narrowed(query, l.kind.field, wanted)
	items, err := l.items(ctx, query, wanted)
	l.listed, l.counts = map[string][]recordedItem{}, map[[2]string]int{}
	for _, item := range items {
		l.listed[l.named(item)] = append(l.listed[l.named(item)], item)
	}
	return err
}

// named is what key compares with.
func (l *recordedLook) named(item recordedItem) string {
	if l.kind.field == "resourceName" {
		return item.Name
	}
	return item.ID
}

// items are those of a query that are wanted. What several types of Terraform are a part of is asked for once.
func (l *recordedLook) items(ctx context.Context, query string, wanted map[string]bool) ([]recordedItem, error) {
	ask := func() (items []recordedItem, err error) {
		err = l.query(ctx, query, func(text string) error {
			var item recordedItem
			if err := json.Unmarshal([]byte(text), &item); err != nil {
				return fmt.Errorf("an answer of AWS Config for %s: %w", l.kind.resource, err)
			}
			if l.answers != nil || wanted[l.named(item)] {
				items = append(items, item)
			}
			return nil
		})
		return items, err
	}
	if l.answers == nil {
		return ask()
	}
	return l.answers.of(l.caller, l.region, query, ask)
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// narrowed adds a condition, unless it makes the query too long or a value is not known.
func narrowed(query, property string, values map[string]bool) string {
	if len(values) == 0 || values[""] {
		return query
	}
	list := make([]string, 0, len(values))
	for _, value := range slices.Sorted(maps.Keys(values)) {
		list = append(list, quoted(value))
	}
	longer := query + " AND " + property + " IN (" + strings.Join(list, ", ") + ")"
	if len(longer) > recordedQuery {
		return query
	}
	return longer
}

// query turns every page.
func (l *recordedLook) query(ctx context.Context, expression string, take func(text string) error) error {
	var token *string
	for {
		var results []string
		if l.aggregator != "" {
			page, err := call(ctx, l.caller, l.client.SelectAggregateResourceConfig, &configservice.SelectAggregateResourceConfigInput{
				ConfigurationAggregatorName: aws.String(l.aggregator), Expression: aws.String(expression), Limit: recordedPage, NextToken: token,
			})
			if err != nil {
				return err
			}
			results, token = page.Results, page.NextToken
		} else {
			page, err := call(ctx, l.caller, l.client.SelectResourceConfig, &configservice.SelectResourceConfigInput{
				Expression: aws.String(expression), Limit: recordedPage, NextToken: token,
			})
			if err != nil {
				return err
			}
			results, token = page.Results, page.NextToken
		}
		for _, text := range results {
			if err := take(text); err != nil {
				return err
			}
		}
		if aws.ToString(token) == "" {
			return nil
		}
	}
}

// of are the items that may be a resource.
func (l *recordedLook) of(resource Resource) []recordedItem {
	return slices.DeleteFunc(slices.Clone(l.listed[l.keyOf(resource)]), func(item recordedItem) bool {
		elsewhere := !l.kind.Global && resource.Region != "" && item.Region != resource.Region
		return elsewhere || (resource.AccountID != "" && item.Account != resource.AccountID)
	})
}

// codeNotDiscovered: AWS Config knows nothing of it, https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateResourceConfig.html.
const codeNotDiscovered = "ResourceNotDiscoveredException"

// absent is the outcome of a resource that a complete listing does not hold. It is deleted when AWS Config says so, or when
// it knows nothing of it and does record others of the type in that account and Region: where it records none, its silence
// proves nothing.
func (l *recordedLook) absent(ctx context.Context, resource Resource) Outcome {
	if l.aggregator != "" && (resource.AccountID == "" || (resource.Region == "" && !l.kind.Global)) {
		return Outcome{Reason: "AWS Config's aggregator does not hold it, and the state does not tell its account and Region"}
	}
	id := ""
	if l.kind.id != nil {
		id = l.kind.id(resource)
	}
	if id == "" {
		return Outcome{Reason: "AWS Config does not list it, and the state does not tell the id by which to ask for it"}
	}
	probe := func(ctx context.Context) (*Outcome, error) {
		item, err := l.ask(ctx, resource.AccountID, l.regionOf(resource), id)
		switch {
		case err == nil && strings.HasPrefix(item.Status, "ResourceDeleted"):
			return nil, awsapi.ErrNotFound
		case err == nil && item.Status == "ResourceNotRecorded":
			return &Outcome{Reason: "AWS Config does not record it", Recorded: item.Captured}, nil
		case err == nil:
			return nil, errContradiction
		case !awsapi.HasCode(err, codeNotDiscovered):
			return nil, err
		}
		count, err := l.count(ctx, resource.AccountID, l.regionOf(resource))
		if err != nil {
			return nil, err
		}
		if count == 0 {
			return &Outcome{Reason: "AWS Config has recorded no " + l.kind.resource + " there: whether it records them at all is not known"}, nil
		}
		return nil, awsapi.ErrNotFound
	}
	if l.aggregator == "" {
		return missing(ctx, l.caller, resource, probe)
	}
	outcome, err := probe(ctx)
	switch {
	case errors.Is(err, awsapi.ErrNotFound):
		return Outcome{Status: Deleted}
	case err != nil:
		return Outcome{Reason: "AWS Config does not list it, and asking for it by itself failed", Err: err}
	}
	return *outcome
}

// regionOf is where AWS Config says that a resource is: what lives in no Region is in "global".
func (l *recordedLook) regionOf(resource Resource) string {
	if l.kind.Global {
		return "global"
	}
	return resource.Region
}

// ask asks for exactly one item.
func (l *recordedLook) ask(ctx context.Context, account, region, id string) (*recordedItem, error) {
	kind := types.ResourceType(l.kind.resource)
	if l.aggregator != "" {
		answer, err := call(ctx, l.caller, l.client.GetAggregateResourceConfig, &configservice.GetAggregateResourceConfigInput{
			ConfigurationAggregatorName: aws.String(l.aggregator), ResourceIdentifier: &types.AggregateResourceIdentifier{
				ResourceId: aws.String(id), ResourceType: kind, SourceAccountId: aws.String(account), SourceRegion: aws.String(region),
			},
		})
		if err != nil {
			return nil, err
		}
		if answer.ConfigurationItem == nil {
			return nil, errNoAnswer
		}
		return whole(*answer.ConfigurationItem)
	}
	answer, err := call(ctx, l.caller, l.client.GetResourceConfigHistory, &configservice.GetResourceConfigHistoryInput{
		ResourceId: aws.String(id), ResourceType: kind, Limit: 1, // the newest comes first
	})
	if err != nil {
		return nil, err
	}
	if len(answer.ConfigurationItems) == 0 {
		return nil, errNoAnswer
	}
	return whole(answer.ConfigurationItems[0])
}

// whole makes an item of the form in which it comes outside of queries.
func whole(from types.ConfigurationItem) (*recordedItem, error) {
	item := &recordedItem{
		Account: aws.ToString(from.AccountId), Region: aws.ToString(from.AwsRegion), ID: aws.ToString(from.ResourceId), Name: aws.ToString(from.ResourceName),
		Status: string(from.ConfigurationItemStatus), Captured: aws.ToTime(from.ConfigurationItemCaptureTime), Supplementary: map[string]json.RawMessage{},
	}
	for name, text := range from.SupplementaryConfiguration {
		item.Supplementary[name] = json.RawMessage(text)
	}
	for key, value := range from.Tags {
		item.Tags = append(item.Tags, recordedTag{key, value})
	}
	if text := aws.ToString(from.Configuration); text != "" {
		if err := json.Unmarshal([]byte(text), &item.Configuration); err != nil {
			return nil, err
		}
	}
	return item, nil
}

// count tells how many of the type AWS Config has in an account and Region; each is asked for once.
func (l *recordedLook) count(ctx context.Context, account, region string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := [2]string{account, region}
	if known, ok := l.counts[at]; ok {
		return known, nil
	}
	query := "SELECT COUNT(*) WHERE resourceType = " + quoted(l.kind.resource)
	if l.aggregator != "" {
		query += " AND accountId = " + quoted(account) + " AND awsRegion = " + quoted(region)
	}
	total := 0
	err := l.query(ctx, query, func(text string) error {
		var answer map[string]int
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return err
		}
		total += answer["COUNT(*)"]
		return nil
	})
	if err == nil {
		l.counts[at] = total
	}
	return total, err
}
