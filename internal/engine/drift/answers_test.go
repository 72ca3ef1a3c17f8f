package drift

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// answered is a state with the answers that the emulator gave when it was read, which a test changes field by field. The real readers
// read them, through the real SDK.
type answered struct {
	t       *testing.T
	name    string
	readers []live.Reader
	specs   map[string]live.Spec
	text    []byte

	mu    sync.Mutex
	calls map[string]*seenCall
	used  []*seenCall // since it was last emptied, each once
	alter func(*seenCall) any
}

// seenCall is a call, and what the SDK made of its answer.
type seenCall struct {
	operation string
	out       any
	err       error
}

func answersOf(t *testing.T, name string) *answered {
	t.Helper()
	for _, name := range []string{"AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} { // of whose machine this is
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	recorded, err := emulator.LoadAnswers(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	a := &answered{t: t, name: name, text: recorded.State, calls: map[string]*seenCall{}}
	endpoints := map[string]string{}
	for _, key := range awsapi.ServiceKeys {
		endpoints[key] = "http://answers.invalid"
	}
	a.readers = live.Readers(awsapi.New(awsapi.Config{
		Config: awsbase.Config{
			Region: "us-east-1", AccessKey: "test", SecretKey: "test", SkipCredsValidation: true, SkipRequestingAccountId: true, MaxRetries: 1,
			HTTPClient: &http.Client{Transport: recorded.Replay()},
		},
		Endpoints: endpoints, S3UsePathStyle: true,
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("answers", a.answer), middleware.After)
		}},
	}, "test"))
	a.specs = Specs(a.readers)
	return a
}

// answer asks once, and then says the same, or what alter makes of it.
func (a *answered) answer(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	input, err := json.Marshal(in.Parameters)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	operation := middleware.GetOperationName(ctx)
	key := fmt.Sprintf("%T %s %s", in.Parameters, operation, input)
	a.mu.Lock()
	defer a.mu.Unlock()
	call, known := a.calls[key]
	if !known {
		out, _, err := next.HandleInitialize(ctx, in)
		if made, ok := inventedAnswers[operation]; ok && err != nil {
			out.Result, err = made, nil
		}
		if errors.Is(err, emulator.ErrNoAnswer) { // what nobody asked for, nobody may
			err = &smithy.OperationError{ServiceID: "Replay", OperationName: operation, Err: &smithy.GenericAPIError{Code: "AccessDenied"}}
		}
		call = &seenCall{operation, out.Result, err}
		a.calls[key] = call
	}
	if !slices.Contains(a.used, call) {
		a.used = append(a.used, call)
	}
	if call.err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, call.err
	}
	result := call.out
	if a.alter != nil {
		result = a.alter(call)
	}
	// The SDK writes into what it gets, and several calls at once get the same answer.
	if v := reflect.ValueOf(result); v.Kind() == reflect.Pointer && !v.IsNil() {
		own := reflect.New(v.Elem().Type())
		own.Elem().Set(v.Elem())
		result = own.Interface()
	}
	return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, nil
}

func (a *answered) state() *State {
	a.t.Helper()
	state, err := ReadState(bytes.NewReader(a.text), a.specs)
	if err != nil {
		a.t.Fatal(err)
	}
	return state
}

func (a *answered) detect(state *State, kind string) *Result {
	a.t.Helper()
	types := []string{kind}
	if part := a.specs[kind].Part; part != nil {
		types = append(types, part.OwnerType)
	}
	result, err := Detect(a.t.Context(), Options{
		State: state, Readers: a.readers, Types: types, Parallelism: 2, Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler),
		Region:  func(context.Context) (string, error) { return "us-east-1", nil },
		Account: func(context.Context) (string, error) { return "123456789012", nil },
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return result
}

// TestEachFieldOfTheAPI: each field of AWS's answers that a table reads is changed, by itself, in the answer that the SDK hands over:
// exactly the attribute that names the field in the table differs, of exactly that resource, with the category that the golden file
// has. So every line of every table is proven to read what it says, and nothing else to read it. What no answer could show is
// listed in notProven, with why.
func TestEachFieldOfTheAPI(t *testing.T) {
	proven := map[string]string{}
	for _, name := range recordings {
		answersOf(t, name).everyField(proven)
	}
	var lines []string
	for kind, spec := range Specs(live.Readers(nil)) {
		for _, attribute := range spec.Attributes {
			key := kind + "." + attribute.Path
			found, ok := proven[key]
			switch _, excused := notProven[key]; {
			case ok && excused:
				t.Errorf("%s is proven, and still listed in notProven", key)
			case !ok && !excused:
				t.Errorf("%s <- %s: no answer showed it", key, attribute.API)
			}
			if ok {
				lines = append(lines, fmt.Sprintf("%s <- %s: %s", key, attribute.API, found))
			}
		}
	}
	slices.Sort(lines)
	t.Logf("%d attributes, %d not proven", len(lines), len(notProven))
	golden := filepath.Join("testdata", "attributes.golden")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// everyField adds to proven what this state and these answers show.
func (a *answered) everyField(proven map[string]string) {
	a.t.Helper()
	state := a.state()
	kinds := map[string][]Resource{}
	for _, resource := range state.Resources {
		kinds[resource.Type] = append(kinds[resource.Type], resource)
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		a.alter = nil
		if result := a.detect(state, kind); len(result.Items)+len(result.Unverified) != 0 {
			a.t.Errorf("%s: %s as recorded: %+v, unverified %+v", a.name, kind, result.Items, result.Unverified)
			continue
		}
		state := withoutOwners(state, kind)
		for _, attribute := range a.specs[kind].Attributes {
			key := kind + "." + attribute.Path
			for _, resource := range kinds[kind] {
				if _, done := proven[key]; done {
					break
				}
				if category := a.change(state, resource, attribute); category != "" {
					proven[key] = category
				}
			}
		}
	}
}

// change changes the field of an attribute in every way that its type offers, until exactly that attribute differs from what it was; it
// returns the category then.
func (a *answered) change(state *State, resource Resource, attribute live.Attribute) string {
	needs := givenFor(resource.Type, attribute.Path)
	state, resource = needs.in(state, resource)
	prepared := func(call *seenCall) any {
		out := deepCopy(call.out)
		if needs.answer != nil {
			needs.answer(out)
		}
		return out
	}
	a.used, a.alter = nil, prepared
	before := a.detect(state, resource.Type)
	seen := ""
	for _, call := range slices.Clone(a.used) {
		if call.err != nil {
			continue
		}
		ways := len(waysToChange(call, prepared(call), resource, attribute.API))
		for i := range ways {
			a.alter = func(other *seenCall) any {
				out := prepared(other)
				if other == call {
					waysToChange(call, out, resource, attribute.API)[i]()
				}
				return out
			}
			result := a.detect(state, resource.Type)
			category, exact := exactly(before, result, resource, attribute)
			if exact {
				return category
			}
			if len(result.Items) > 0 {
				seen = fmt.Sprint(result.Items[0].Address, " ", shownChanges(result))
			}
		}
	}
	if seen != "" {
		a.t.Logf("%s.%s <- %s: changing it showed %s", resource.Type, attribute.Path, attribute.API, seen)
	}
	return ""
}

// shownChanges are all changes of a result, each with its resource.
func shownChanges(result *Result) map[string]Category {
	show := func(text *string) string {
		if text == nil {
			return "-"
		}
		return *text
	}
	shown := map[string]Category{}
	for _, item := range result.Items {
		if item.Kind != Changed {
			shown[string(item.Address)] = item.Category
		}
		for _, change := range item.Changes {
			category := change.Category
			if strings.HasPrefix(change.Reason, "no rule") {
				category = ""
			}
			shown[fmt.Sprintf("%s|%s|%s -> %s", item.Address, change.Path, show(change.Expected), show(change.Actual))] = category
		}
	}
	return shown
}

// exactly tells that after something was changed one resource differs from before in one attribute and nothing else does, and how bad
// that is.
func exactly(before, after *Result, resource Resource, attribute live.Attribute) (category string, exact bool) {
	if len(after.Unverified) != 0 {
		return "", false
	}
	was, is := shownChanges(before), shownChanges(after)
	var worst Category
	own := func(shown string) bool {
		below, ok := strings.CutPrefix(shown, string(resource.Address)+"|"+attribute.Name())
		return ok && (below[0] == '.' || below[0] == '|')
	}
	for shown, category := range is {
		if _, same := was[shown]; same {
			continue
		}
		if !own(shown) || category == "" {
			return "", false
		}
		if worst == "" || category.AtLeast(worst) {
			worst = category
		}
	}
	for shown := range was {
		if _, same := is[shown]; !same && !own(shown) {
			return "", false
		}
	}
	return string(worst), worst != ""
}
