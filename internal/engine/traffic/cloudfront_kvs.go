package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// CloudFrontKVSAPI is the part of CloudFront KeyValueStore that the router calls.
type CloudFrontKVSAPI interface {
	DescribeKeyValueStore(context.Context, *kvs.DescribeKeyValueStoreInput, ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error)
	GetKey(context.Context, *kvs.GetKeyInput, ...func(*kvs.Options)) (*kvs.GetKeyOutput, error)
	PutKey(context.Context, *kvs.PutKeyInput, ...func(*kvs.Options)) (*kvs.PutKeyOutput, error)
}

// CloudFrontKVSTarget names a key whose value holds the weights for an edge function.
type CloudFrontKVSTarget struct {
	ARN string // of the key value store
	Key string
}

// UnfitValue: the value of the key is not one that weights can be read from.
const UnfitValue UnfitReason = "not_weights"

const (
	// kvsPropagation: a new value reaches the functions at all edge locations within seconds; AWS gives no figure, and
	// nothing to ask.
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
	kvsPropagation = 5 * time.Second
	// kvsVersion is the version of the value's format that this router writes, and the only one that it reads.
	kvsVersion = 1
	// kvsTries is how often one Set meets changes of other keys before it gives up: they share one ETag.
	kvsTries = 5
)

// CloudFrontKVS moves traffic by weights that an edge function reads from a key value store: a JSON object with the whole
// percents of both colours and the version of the format (1 when it is left out),
//
//	{"version":1,"blue":90,"green":10}
//
// Other members of the object stay as they are. The function must be one that follows these weights; one ships as an
// example.
type CloudFrontKVS struct {
	api    CloudFrontKVSAPI
	target CloudFrontKVSTarget
}

// NewCloudFrontKVS returns a router over target.
func NewCloudFrontKVS(api CloudFrontKVSAPI, target CloudFrontKVSTarget) *CloudFrontKVS {
	return &CloudFrontKVS{api: api, target: target}
}

// Name names the key for people.
func (r *CloudFrontKVS) Name() string {
	return fmt.Sprintf("key %s of key value store %s", r.target.Key, r.target.ARN[strings.LastIndex(r.target.ARN, "/")+1:])
}

// Target is store and key.
func (r *CloudFrontKVS) Target() string { return "cloudfront_kvs," + r.target.ARN + "," + r.target.Key }

// Tier is TierEdge.
func (r *CloudFrontKVS) Tier() Tier { return TierEdge }

// Read asks for the store's version, and then for the value. ErrMissing names what is not there. A value that holds no
// weights is read as half and half, which is never taken for done, and is unfit.
func (r *CloudFrontKVS) Read(ctx context.Context) (State, error) {
	found, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	return r.state(found), nil
}

// kvsFound is the precondition of a Set.
type kvsFound struct {
	etag    string // of the whole store
	members map[string]json.RawMessage
	weights Weights
	problem string // why the value holds no weights
}

func (r *CloudFrontKVS) get(ctx context.Context) (kvsFound, error) {
	// The version before the value: a value that came later does not go with it, and then a Set is refused.
	store, err := r.api.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: &r.target.ARN})
	if awsapi.IsNotFound(err) {
		return kvsFound{}, fmt.Errorf("the key value store %s: %w", r.target.ARN, ErrMissing)
	}
	if err != nil {
		return kvsFound{}, err
	}
	value, err := r.api.GetKey(ctx, &kvs.GetKeyInput{KvsARN: &r.target.ARN, Key: &r.target.Key})
	if awsapi.IsNotFound(err) {
		return kvsFound{}, fmt.Errorf("the %s: %w", r.Name(), ErrMissing)
	}
	if err != nil {
		return kvsFound{}, err
	}
	found := parseKVS(aws.ToString(value.Value))
	found.etag = aws.ToString(store.ETag)
	return found, nil
}

// parseKVS reads a value.
func parseKVS(value string) kvsFound {
	found := kvsFound{weights: Weights{Blue: 50, Green: 50}}
	if err := json.Unmarshal([]byte(value), &found.members); err != nil || found.members == nil {
		found.problem = "is not a JSON object"
		return found
	}
	number := func(member string, absent float64) (n float64, ok bool) {
		raw, there := found.members[member]
		if !there {
			return absent, !math.IsNaN(absent)
		}
		err := json.Unmarshal(raw, &n)
		return n, err == nil && n >= 0 && n == math.Trunc(n)
	}
	version, versioned := number("version", kvsVersion)
	blue, blueOK := number(string(Blue), math.NaN())
	green, greenOK := number(string(Green), math.NaN())
	switch {
	case !versioned || version != kvsVersion:
		found.problem = fmt.Sprintf("has the format version %s, and this provider knows %d only", found.members["version"], kvsVersion)
	case !blueOK || !greenOK:
		found.problem = `does not have a whole number of at least 0 for both "blue" and "green"`
	case blue+green == 0:
		found.problem = "gives neither colour a share"
	case blue >= green:
		found.weights = On(Blue, percent(blue/(blue+green)))
	default:
		found.weights = On(Green, percent(green/(blue+green)))
	}
	return found
}

// with returns the value with other weights.
func (f kvsFound) with(weights Weights) (string, error) {
	members := maps.Clone(f.members)
	for member, number := range map[string]int{"version": kvsVersion, string(Blue): weights.Blue, string(Green): weights.Green} {
		members[member] = json.RawMessage(fmt.Sprint(number))
	}
	value, err := json.Marshal(members)
	return string(value), err
}

// Set puts the value on condition that nothing in the store changed since it was read. The store has one version for all
// of its keys, so a change of another key is no reason to stop: it reads again, and goes on as long as the weights are the
// ones that were read.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_PutKey.html
func (r *CloudFrontKVS) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(kvsFound)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of CloudFront KeyValueStore", r.Name())
	}
	if old.problem != "" {
		return Change{}, fmt.Errorf("the value of the %s %s", r.Name(), old.problem)
	}
	for try := 1; ; try++ {
		value, err := old.with(weights)
		if err != nil {
			return Change{}, err
		}
		out, err := r.api.PutKey(ctx, &kvs.PutKeyInput{KvsARN: &r.target.ARN, Key: &r.target.Key, IfMatch: &old.etag, Value: &value})
		if err == nil {
			made := parseKVS(value)
			made.etag = aws.ToString(out.ETag)
			return r.change(made), nil
		}
		if !awsapi.IsPrecondition(err) && !awsapi.HasCode(err, "ConflictException", "ValidationException") {
			return Change{}, err
		}
		now, readErr := r.get(ctx)
		switch {
		case errors.Is(readErr, ErrMissing):
			return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, readErr)
		case readErr != nil:
			return Change{}, errors.Join(err, readErr)
		case now.etag == old.etag:
			return Change{}, err // not because of anybody else
		case now.problem == "" && now.weights == weights:
			return r.change(now), nil // an earlier try of the same call was carried out and its answer was lost
		case now.problem != "" || now.weights != old.weights:
			return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
		case try == kvsTries:
			return Change{}, err
		}
		old = now
	}
}

func (r *CloudFrontKVS) change(found kvsFound) Change {
	return Change{ID: found.etag, Label: "version " + found.etag + " of the key value store", State: r.state(found)}
}

// Wait returns at once: there is nothing to ask. What functions go on with for some seconds is in Propagation.
func (r *CloudFrontKVS) Wait(context.Context, Change) error { return nil }

// state is what the functions follow.
func (r *CloudFrontKVS) state(found kvsFound) State {
	state := State{Weights: found.weights, Settled: true, Propagation: kvsPropagation, Precondition: Precondition{Token: found}}
	if found.problem != "" {
		state.Unfit = append(state.Unfit, &UnfitError{Reason: UnfitValue, Detail: fmt.Sprintf("the value of the %s %s", r.Name(), found.problem)})
	}
	return state
}
