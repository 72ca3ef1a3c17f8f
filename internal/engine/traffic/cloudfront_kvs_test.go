package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// keyValueStore is a store in memory with one key that matters.
type keyValueStore struct {
	arn     string
	value   string
	version int
	calls   []string
	gone    bool
	keyless bool
	code    string // of a refusal
	lost    bool   // the answer to the next put is lost, and it is sent once more
	meddle  func() // run before the next put
}

func newKeyValueStore(value string) *keyValueStore {
	return &keyValueStore{arn: "arn:aws:cloudfront::123456789012:key-value-store/0a1b", value: value, version: 1, code: "ConflictException"}
}

func kvsRefusal(code string) error {
	return &smithy.OperationError{ServiceID: "CloudFront KeyValueStore", OperationName: "PutKey", Err: &smithy.GenericAPIError{Code: code}}
}

func (k *keyValueStore) DescribeKeyValueStore(context.Context, *kvs.DescribeKeyValueStoreInput, ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error) {
	k.calls = append(k.calls, "describe")
	if k.gone {
		return nil, kvsRefusal("ResourceNotFoundException")
	}
	return &kvs.DescribeKeyValueStoreOutput{ETag: aws.String(fmt.Sprint(k.version))}, nil
}

func (k *keyValueStore) GetKey(context.Context, *kvs.GetKeyInput, ...func(*kvs.Options)) (*kvs.GetKeyOutput, error) {
	k.calls = append(k.calls, "get")
	if k.keyless {
		return nil, kvsRefusal("ResourceNotFoundException")
	}
	return &kvs.GetKeyOutput{Value: &k.value}, nil
}

func (k *keyValueStore) PutKey(ctx context.Context, in *kvs.PutKeyInput, options ...func(*kvs.Options)) (*kvs.PutKeyOutput, error) {
	k.calls = append(k.calls, "put "+*in.Value)
	if meddle := k.meddle; meddle != nil {
		k.meddle = nil
		meddle()
	}
	if *in.IfMatch != fmt.Sprint(k.version) {
		return nil, kvsRefusal(k.code)
	}
	k.value, k.version = *in.Value, k.version+1
	if k.lost {
		k.lost = false
		return k.PutKey(ctx, in, options...)
	}
	return &kvs.PutKeyOutput{ETag: aws.String(fmt.Sprint(k.version))}, nil
}

func kvsRouter(k *keyValueStore) *traffic.CloudFrontKVS {
	return traffic.NewCloudFrontKVS(k, traffic.CloudFrontKVSTarget{ARN: k.arn, Key: "weights"})
}

func TestKVSReadsWeights(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value string
		want  traffic.Weights
		unfit string
	}{
		{`{"version":1,"blue":90,"green":10}`, traffic.Weights{Blue: 90, Green: 10}, ""},
		{`{"blue":100,"green":0}`, traffic.Weights{Blue: 100}, ""},
		{`{"blue":0,"green":7,"salt":"x"}`, traffic.Weights{Green: 100}, ""},
		{`{"blue":1,"green":999}`, traffic.Weights{Blue: 1, Green: 99}, ""},
		{`{"blue":0,"green":0}`, traffic.Weights{Blue: 50, Green: 50}, "gives neither colour a share"},
		{`{"blue":-1,"green":101}`, traffic.Weights{Blue: 50, Green: 50}, "a whole number"},
		{`{"blue":0.5,"green":0.5}`, traffic.Weights{Blue: 50, Green: 50}, "a whole number"},
		{`{"blue":100}`, traffic.Weights{Blue: 50, Green: 50}, "a whole number"},
		{`{"version":2,"blue":100,"green":0}`, traffic.Weights{Blue: 50, Green: 50}, "the format version 2"},
		{`{"version":"x","blue":100,"green":0}`, traffic.Weights{Blue: 50, Green: 50}, "the format version"},
		{`null`, traffic.Weights{Blue: 50, Green: 50}, "is not a JSON object"},
		{`90`, traffic.Weights{Blue: 50, Green: 50}, "is not a JSON object"},
	} {
		r := kvsRouter(newKeyValueStore(test.value))
		state, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, test.value, state.Weights, test.want)
		if test.unfit == "" {
			equal(t, test.value+" unfit", len(state.Unfit), 0)
			continue
		}
		if len(state.Unfit) != 1 || state.Unfit[0].Reason != traffic.UnfitValue || !strings.Contains(state.Unfit[0].Detail, test.unfit) {
			t.Errorf("%s: unfit %v", test.value, state.Unfit)
		}
		if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); err == nil {
			t.Errorf("%s was overwritten", test.value)
		}
	}
}

func TestKVSMovesStepByStepAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeyValueStore(`{"blue":100,"green":0,"note":"shop"}`)
		request := toGreen()
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 50}}
		request.Routes = []traffic.Route{{Key: "edge", Router: kvsRouter(k)}}
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "calls", k.calls, []string{
			"describe", "get", `put {"blue":90,"green":10,"note":"shop","version":1}`, `put {"blue":50,"green":50,"note":"shop","version":1}`,
			`put {"blue":0,"green":100,"note":"shop","version":1}`, "describe", "get",
		})
		if outcome.Duration < 15*time.Second {
			t.Errorf("it did not wait for the edge: %s", outcome.Duration)
		}
		request.To, request.Home, k.calls = traffic.Blue, traffic.Green, nil
		request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
			if stage.Percent >= 50 {
				return failed()
			}
			return passed()
		}
		outcome, err = traffic.Switch(t.Context(), request, newBench().options())
		if err == nil || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "value", k.value, `{"blue":0,"green":100,"note":"shop","version":1}`)
	})
}

func TestKVSGoesOnOnlyWhenTheWeightsAreUnchanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(*keyValueStore)
		want   string
		err    error
	}{
		"another key":     {func(*keyValueStore) {}, `{"blue":75,"green":25,"version":1}`, nil},
		"another member":  {func(k *keyValueStore) { k.value = `{"blue":100,"green":0,"salt":"x"}` }, `{"blue":75,"green":25,"salt":"x","version":1}`, nil},
		"other weights":   {func(k *keyValueStore) { k.value = `{"blue":40,"green":60}` }, `{"blue":40,"green":60}`, traffic.ErrConcurrentChange},
		"no weights":      {func(k *keyValueStore) { k.value = `{}` }, `{}`, traffic.ErrConcurrentChange},
		"our own":         {func(k *keyValueStore) { k.value = `{"blue":75,"green":25}` }, `{"blue":75,"green":25}`, nil},
		"the key is gone": {func(k *keyValueStore) { k.keyless = true }, `{"blue":100,"green":0}`, traffic.ErrMissing},
	} {
		for _, code := range []string{"ConflictException", "ValidationException", "PreconditionFailed"} {
			k := newKeyValueStore(`{"blue":100,"green":0}`)
			k.code = code
			r := kvsRouter(k)
			state, err := r.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			k.meddle = func() { test.meddle(k); k.version++ }
			_, err = r.Set(t.Context(), traffic.On(traffic.Green, 25), state.Precondition)
			if !errors.Is(err, test.err) {
				t.Errorf("%s, %s: %v", name, code, err)
			}
			equal(t, name, k.value, test.want)
		}
	}
	k := newKeyValueStore(`{"blue":100,"green":0}`)
	r := kvsRouter(k)
	state, _ := r.Read(t.Context())
	k.lost = true
	change, err := r.Set(t.Context(), traffic.On(traffic.Green, 25), state.Precondition)
	if err != nil || change.State.Weights != traffic.On(traffic.Green, 25) {
		t.Errorf("an answer that was lost: %+v, %v", change, err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 50), traffic.Precondition{Token: 1}); err == nil {
		t.Error("a strange precondition was taken")
	}
}

func TestKVSNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*keyValueStore){
		"the key value store arn:aws:":        func(k *keyValueStore) { k.gone = true },
		"key weights of key value store 0a1b": func(k *keyValueStore) { k.keyless = true },
	} {
		k := newKeyValueStore("{}")
		spoil(k)
		if _, err := kvsRouter(k).Read(t.Context()); !errors.Is(err, traffic.ErrMissing) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
