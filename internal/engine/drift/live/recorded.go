package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/configservice"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ConfigAPI are the calls of AWS Config that reading what it recorded needs.
type ConfigAPI interface {
	SelectAggregateResourceConfig(context.Context, *configservice.SelectAggregateResourceConfigInput, ...func(*configservice.Options)) (*configservice.SelectAggregateResourceConfigOutput, error)
	SelectResourceConfig(context.Context, *configservice.SelectResourceConfigInput, ...func(*configservice.Options)) (*configservice.SelectResourceConfigOutput, error)
	GetAggregateResourceConfig(context.Context, *configservice.GetAggregateResourceConfigInput, ...func(*configservice.Options)) (*configservice.GetAggregateResourceConfigOutput, error)
	GetResourceConfigHistory(context.Context, *configservice.GetResourceConfigHistoryInput, ...func(*configservice.Options)) (*configservice.GetResourceConfigHistoryOutput, error)
	DescribeConfigurationAggregatorSourcesStatus(
		context.Context, *configservice.DescribeConfigurationAggregatorSourcesStatusInput, ...func(*configservice.Options),
	) (*configservice.DescribeConfigurationAggregatorSourcesStatusOutput, error)
}

type configClient = func(ctx context.Context, region string) (ConfigAPI, error)

// Aggregator names a configuration aggregator, which sees many accounts and Regions at once. Without a name, AWS Config is
// asked in each account and Region by itself.
type Aggregator struct{ Name, Region string }

// Recorded returns readers of what AWS Config has recorded, for the types of which it records enough to compare. They
// take the same tables as Readers; what AWS Config does not tell of a type is in Outcome.Lacking. With an aggregator, a
// Batch may hold resources of any account and Region. Nothing is contacted before a Read.
func Recorded(clients *awsapi.Clients, aggregator Aggregator) []Reader {
	return recordedBy(func(ctx context.Context, region string) (ConfigAPI, error) { return clients.ConfigService(ctx, region) }, aggregator)
}

// ReadersOf makes the readers of one way to an account.
type ReadersOf func(clients *awsapi.Clients) []Reader

// RecordedBy is Recorded with an aggregator.
func RecordedBy(aggregator Aggregator) ReadersOf {
	return func(clients *awsapi.Clients) []Reader { return Recorded(clients, aggregator) }
}

func recordedBy(client configClient, aggregator Aggregator) []Reader {
	known := map[string]Spec{}
	for _, reader := range Readers(nil) {
		for _, spec := range reader.Types() {
			known[spec.Type] = spec
		}
	}
	reader := &recordedReader{client: client, aggregator: aggregator}
	owners := map[string]bool{}
	for _, kind := range recordedKinds {
		spec := known[kind.Type]
		spec.Context, spec.Listed = append(slices.Clone(spec.Context), kind.Context...), false
		kind.Spec = spec
		reader.kinds = append(reader.kinds, kind)
		owners[kind.Type] = true
	}
	for _, spec := range known { // pieces follow their owner, and are never read by themselves
		if spec.Part != nil && owners[spec.Part.OwnerType] && !owners[spec.Type] {
			spec.Attributes, spec.Listed = nil, false
			reader.pieces = append(reader.pieces, spec)
		}
	}
	slices.SortFunc(reader.pieces, func(a, b Spec) int { return strings.Compare(a.Type, b.Type) })
	return []Reader{reader}
}

// recordedReader is a Reader of all types that AWS Config records.
type recordedReader struct {
	client     configClient
	aggregator Aggregator
	kinds      []recordedKind
	pieces     []Spec
	sources    recordedStatus
	answers    recordedAnswers
}

// recordedKind is how AWS Config tells of one type.
type recordedKind struct {
	Spec
	// resource is its resource type in AWS Config.
	resource string
	// field is the property that key is compared with, "resourceId" or "resourceName"; key nil is the resource's ID.
	field string
	key   func(resource Resource) string
	// id is the resourceId, for the question for exactly one; it is empty where neither the state nor a listing tells it.
	id func(resource Resource) string
	// take takes the values out of an item; there is false when the item tells that this piece of it does not exist. lacking
	// are the paths of which AWS Config tells nothing.
	take func(item recordedItem, resource Resource) (taken recordedValues, err error)
}

type recordedValues struct {
	attributes Attributes
	lacking    []string
	gone       bool
}

// recordedItem is a configuration item, https://docs.aws.amazon.com/config/latest/developerguide/config-item-table.html.
type recordedItem struct {
	Account       string                     `json:"accountId"`
	Region        string                     `json:"awsRegion"`
	ID            string                     `json:"resourceId"`
	Name          string                     `json:"resourceName"`
	Status        string                     `json:"configurationItemStatus"`
	Captured      time.Time                  `json:"configurationItemCaptureTime"`
	Configuration map[string]json.RawMessage `json:"configuration"`
	Supplementary map[string]json.RawMessage `json:"supplementaryConfiguration"`
	Tags          []recordedTag              `json:"tags"`
}

type recordedTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (r recordedItem) tags() map[string]string {
	return tagMap(r.Tags, func(tag recordedTag) (key, value *string) { return &tag.Key, &tag.Value })
}

// Types are the specs of what it reads, and of the pieces that belong to it.
func (r *recordedReader) Types() []Spec {
	specs := make([]Spec, 0, len(r.kinds)+len(r.pieces))
	for _, kind := range r.kinds {
		specs = append(specs, kind.Spec)
	}
	return append(specs, r.pieces...)
}

// Gathers tells that a Batch may hold resources of all accounts and Regions.
func (r *recordedReader) Gathers() bool { return r.aggregator.Name != "" }

// shared tells that several types are parts of one resource type.
func (r *recordedReader) shared(resource string) bool {
	count := 0
	for _, kind := range r.kinds {
		if kind.resource == resource {
			count++
		}
	}
	return count > 1
}

// Read asks AWS Config for the resources of a batch.
func (r *recordedReader) Read(ctx context.Context, batch Batch) (map[Address]Outcome, error) {
	at := slices.IndexFunc(r.kinds, func(kind recordedKind) bool { return kind.Type == batch.Type })
	if at < 0 {
		return nil, fmt.Errorf("no reader for %s", batch.Type)
	}
	region := batch.Region
	if r.Gathers() {
		region = r.aggregator.Region
	}
	client, err := r.client(ctx, region)
	if err != nil {
		return nil, err
	}
	look := &recordedLook{kind: r.kinds[at], aggregator: r.aggregator.Name, client: client, caller: batch.Caller, region: region}
	if r.shared(look.kind.resource) {
		look.answers = &r.answers
	}
	if r.Gathers() {
		if look.sources, err = r.sources.of(ctx, client, r.aggregator.Name, batch.Caller); err != nil {
			return nil, err
		}
	}
	if err := look.list(ctx, batch.Resources); err != nil {
		return nil, err
	}
	return each(ctx, batch, func(ctx context.Context, resource Resource) Outcome { return look.outcome(ctx, resource) }), nil
}

// outcome of one resource: what the listing holds of it, else what the question for exactly it says.
func (l *recordedLook) outcome(ctx context.Context, resource Resource) Outcome {
	if reason := l.sources.refuses(l.kind.Global, resource); reason != "" {
		return Outcome{Reason: reason}
	}
	items := l.of(resource)
	switch {
	case len(items) > 1:
		return Outcome{Reason: "AWS Config knows several of this name, and the state does not tell in which account or Region it is"}
	case len(items) == 0:
		return l.absent(ctx, resource)
	case strings.HasPrefix(items[0].Status, "ResourceDeleted"):
		return Outcome{Status: Deleted, Recorded: items[0].Captured}
	case items[0].Status == "ResourceNotRecorded":
		return Outcome{Reason: "AWS Config does not record it", Recorded: items[0].Captured}
	}
	return l.found(ctx, items[0], resource)
}

// found compares; a piece that the listing's item does not hold is asked for once more before it counts as deleted.
func (l *recordedLook) found(ctx context.Context, item recordedItem, resource Resource) Outcome {
	taken, err := l.kind.take(item, resource)
	if err == nil && taken.gone {
		again, problem := l.ask(ctx, item.Account, item.Region, item.ID)
		if problem != nil {
			return Outcome{Reason: "it is not in what AWS Config recorded, and asking for that by itself failed", Err: problem}
		}
		item = *again
		taken, err = l.kind.take(item, resource)
	}
	switch {
	case err != nil:
		return Outcome{Reason: "what AWS Config recorded of it has another shape than documented", Err: err, Recorded: item.Captured}
	case taken.gone:
		return Outcome{Status: Deleted, Recorded: item.Captured}
	}
	return Outcome{Status: Found, Attributes: taken.attributes, Lacking: taken.lacking, Recorded: item.Captured}
}

// takeTable takes the values of a table; of its paths AWS Config tells those in tells.
func takeTable[T any](table []field[T], tells []string, decode func(item recordedItem) (T, error)) func(recordedItem, Resource) (recordedValues, error) {
	return func(item recordedItem, resource Resource) (recordedValues, error) {
		recorded, err := decode(item)
		if err != nil {
			return recordedValues{}, err
		}
		taken := recordedValues{attributes: Attributes{}}
		for _, field := range table {
			if !slices.Contains(tells, field.Path) {
				if _, known := field.Expected(resource); known {
					taken.lacking = append(taken.lacking, field.Name())
				}
				continue
			}
			if value := field.get(recorded, resource); value != any(unread) {
				taken.attributes[field.Path] = field.Normalise(value)
			}
		}
		return taken, nil
	}
}

// decodeRecorded puts the properties of an item that keep names into a type of the SDK: AWS Config writes the names of the Describe
// calls' answers in camel case, which encoding/json takes for the same. A property of another type than the API's is an error.
func decodeRecorded(properties map[string]json.RawMessage, into any, keep ...string) error {
	kept := make(map[string]json.RawMessage, len(keep))
	for _, name := range keep {
		if value, ok := properties[name]; ok {
			kept[name] = unquoted(value)
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// unquoted is a document that came as text: so are the parts of SupplementaryConfiguration outside of queries,
// https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html.
func unquoted(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) == nil && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return value
}
