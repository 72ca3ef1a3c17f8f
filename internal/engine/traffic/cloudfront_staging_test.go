package traffic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// staged is a primary and a staging distribution in memory. What they serve is told by their comments.
type staged struct {
	configs  map[string]*types.DistributionConfig
	versions map[string]int
	policies map[string]*types.ContinuousDeploymentPolicyConfig
	changed  time.Time
	calls    []string
	lost     bool                   // the answer to the next promotion is lost, and it is sent once more
	meddle   func(operation string) // run before each change
	denied   bool                   // the policies may not be read
}

func newStaged(primary, staging, policy string) *staged {
	config := func(comment string, staging bool) *types.DistributionConfig {
		return &types.DistributionConfig{
			Comment: &comment, Staging: &staging, Enabled: aws.Bool(true), CallerReference: aws.String(fmt.Sprint(staging)),
			DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("one")},
		}
	}
	s := &staged{
		configs: map[string]*types.DistributionConfig{"P": config(primary, false), "S": config(staging, true)}, versions: map[string]int{},
		policies: map[string]*types.ContinuousDeploymentPolicyConfig{},
	}
	s.configs["P"].Aliases = &types.Aliases{Items: []string{"www.shop.example"}}
	if policy != "" {
		s.configs["P"].ContinuousDeploymentPolicyId = &policy
		s.policies[policy] = stagingPolicy(false, 0.05)
	}
	return s
}

func stagingPolicy(enabled bool, weight float32) *types.ContinuousDeploymentPolicyConfig {
	return &types.ContinuousDeploymentPolicyConfig{
		Enabled: &enabled, StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{"S.cloudfront.net"}},
		TrafficConfig: &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleWeight, SingleWeightConfig: &types.ContinuousDeploymentSingleWeightConfig{
			Weight: &weight, SessionStickinessConfig: &types.SessionStickinessConfig{IdleTTL: aws.Int32(300), MaximumTTL: aws.Int32(600)},
		}},
	}
}

func headerPolicy() *types.ContinuousDeploymentPolicyConfig {
	policy := stagingPolicy(true, 0)
	policy.TrafficConfig = &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleHeader, SingleHeaderConfig: &types.ContinuousDeploymentSingleHeaderConfig{
		Header: aws.String("aws-cf-cd-try"), Value: aws.String("1"),
	}}
	return policy
}

// serves is what both distributions are configured with, and what the policy does.
func (s *staged) serves() string {
	text := *s.configs["P"].Comment + "/" + *s.configs["S"].Comment
	id := aws.ToString(s.configs["P"].ContinuousDeploymentPolicyId)
	switch policy := s.policies[id]; {
	case policy == nil:
		return text + " none"
	case !*policy.Enabled:
		return text + " off"
	case policy.TrafficConfig.SingleHeaderConfig != nil:
		return text + " header"
	default:
		return fmt.Sprintf("%s %v", text, *policy.TrafficConfig.SingleWeightConfig.Weight)
	}
}

// release configures the staging distribution by hand.
func (s *staged) release(comment string) {
	next := *s.configs["S"]
	next.Comment = &comment
	s.configs["S"] = &next
	s.versions["S"]++
}

func (s *staged) etag(id string) *string { return aws.String(fmt.Sprint(id, s.versions[id])) }

func (s *staged) mutate(call string, matches func() bool) error {
	s.calls = append(s.calls, call)
	if s.meddle != nil {
		s.meddle(call)
	}
	if !matches() {
		return cloudFrontRefusal("PreconditionFailed")
	}
	s.changed = time.Now()
	return nil
}

func (s *staged) describe(id string) *types.Distribution {
	status := "InProgress"
	if time.Since(s.changed) >= 5*time.Minute {
		status = "Deployed"
	}
	return &types.Distribution{Status: &status, DistributionConfig: s.configs[id], DomainName: aws.String(id + ".cloudfront.net")}
}

func (s *staged) GetDistribution(_ context.Context, in *cloudfront.GetDistributionInput, _ ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error) {
	if s.configs[*in.Id] == nil {
		return nil, cloudFrontRefusal("NoSuchDistribution")
	}
	return &cloudfront.GetDistributionOutput{Distribution: s.describe(*in.Id), ETag: s.etag(*in.Id)}, nil
}

func (s *staged) UpdateDistribution(_ context.Context, in *cloudfront.UpdateDistributionInput, _ ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error) {
	if err := s.mutate("update "+*in.Id+" "+*in.DistributionConfig.Comment, func() bool { return *in.IfMatch == *s.etag(*in.Id) }); err != nil {
		return nil, err
	}
	s.configs[*in.Id] = in.DistributionConfig
	s.versions[*in.Id]++
	return &cloudfront.UpdateDistributionOutput{Distribution: s.describe(*in.Id), ETag: s.etag(*in.Id)}, nil
}

func (s *staged) UpdateDistributionWithStagingConfig(ctx context.Context, in *cloudfront.UpdateDistributionWithStagingConfigInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionWithStagingConfigOutput, error) {
	if err := s.mutate("promote", func() bool { return *in.IfMatch == *s.etag("P")+", "+*s.etag("S") }); err != nil {
		return nil, err
	}
	next, was := *s.configs["S"], s.configs["P"]
	next.Staging, next.Aliases, next.ContinuousDeploymentPolicyId, next.CallerReference = was.Staging, was.Aliases, was.ContinuousDeploymentPolicyId, was.CallerReference
	s.configs["P"] = &next
	s.versions["P"]++
	id := *was.ContinuousDeploymentPolicyId
	off := *s.policies[id]
	off.Enabled = aws.Bool(false)
	s.policies[id] = &off
	s.versions[id]++
	if s.lost {
		s.lost = false
		return s.UpdateDistributionWithStagingConfig(ctx, in, options...)
	}
	return &cloudfront.UpdateDistributionWithStagingConfigOutput{Distribution: s.describe("P"), ETag: s.etag("P")}, nil
}

func (s *staged) policy(id string) *types.ContinuousDeploymentPolicy {
	return &types.ContinuousDeploymentPolicy{Id: &id, ContinuousDeploymentPolicyConfig: s.policies[id]}
}

func (s *staged) GetContinuousDeploymentPolicy(_ context.Context, in *cloudfront.GetContinuousDeploymentPolicyInput, _ ...func(*cloudfront.Options)) (*cloudfront.GetContinuousDeploymentPolicyOutput, error) {
	if s.denied {
		return nil, &smithy.OperationError{ServiceID: "CloudFront", OperationName: "GetContinuousDeploymentPolicy", Err: &smithy.GenericAPIError{Code: "AccessDenied"}}
	}
	return &cloudfront.GetContinuousDeploymentPolicyOutput{ContinuousDeploymentPolicy: s.policy(*in.Id), ETag: s.etag(*in.Id)}, nil
}

func (s *staged) ListContinuousDeploymentPolicies(context.Context, *cloudfront.ListContinuousDeploymentPoliciesInput, ...func(*cloudfront.Options)) (*cloudfront.ListContinuousDeploymentPoliciesOutput, error) {
	if s.denied {
		return nil, &smithy.OperationError{ServiceID: "CloudFront", OperationName: "ListContinuousDeploymentPolicies", Err: &smithy.GenericAPIError{Code: "AccessDenied"}}
	}
	list := &types.ContinuousDeploymentPolicyList{}
	for id := range s.policies {
		list.Items = append(list.Items, types.ContinuousDeploymentPolicySummary{ContinuousDeploymentPolicy: s.policy(id)})
	}
	return &cloudfront.ListContinuousDeploymentPoliciesOutput{ContinuousDeploymentPolicyList: list}, nil
}

func (s *staged) CreateContinuousDeploymentPolicy(_ context.Context, in *cloudfront.CreateContinuousDeploymentPolicyInput, _ ...func(*cloudfront.Options)) (*cloudfront.CreateContinuousDeploymentPolicyOutput, error) {
	changed := s.changed
	if err := s.mutate("create", func() bool { return true }); err != nil {
		return nil, err
	}
	s.changed = changed // a policy that nothing has deploys nothing
	if len(s.policies) > 0 {
		return nil, cloudFrontRefusal("StagingDistributionInUse")
	}
	s.policies["made"] = in.ContinuousDeploymentPolicyConfig
	return &cloudfront.CreateContinuousDeploymentPolicyOutput{ContinuousDeploymentPolicy: s.policy("made"), ETag: s.etag("made")}, nil
}

func (s *staged) UpdateContinuousDeploymentPolicy(_ context.Context, in *cloudfront.UpdateContinuousDeploymentPolicyInput, _ ...func(*cloudfront.Options)) (*cloudfront.UpdateContinuousDeploymentPolicyOutput, error) {
	if err := s.mutate("policy", func() bool { return *in.IfMatch == *s.etag(*in.Id) }); err != nil {
		return nil, err
	}
	s.policies[*in.Id] = in.ContinuousDeploymentPolicyConfig
	s.versions[*in.Id]++
	return &cloudfront.UpdateContinuousDeploymentPolicyOutput{ContinuousDeploymentPolicy: s.policy(*in.Id), ETag: s.etag(*in.Id)}, nil
}

func stagingRouter(s *staged) *traffic.CloudFrontStaging {
	return traffic.NewCloudFrontStaging(s, clock.System{}, traffic.CloudFrontStagingTarget{Primary: "P", Staging: "S"})
}

func stagingRequest(s *staged, to, home traffic.Colour, steps ...int) traffic.Request {
	request := toGreen()
	request.To, request.Home, request.MaxRecovery = to, home, 20*time.Minute
	if len(steps) > 0 {
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: steps}
	}
	request.Routes = []traffic.Route{{Key: "site", Router: stagingRouter(s)}}
	return request
}

func TestStagingTakesAShareAndIsPromotedAndGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b := newStaged("old", "new", "policy"), newBench()
		run := func(what string, request traffic.Request, want string, calls ...string) {
			t.Helper()
			s.calls = nil
			outcome, err := traffic.Switch(t.Context(), request, b.options())
			if err != nil || outcome.Live["site"] != traffic.On(request.To, 100) {
				t.Fatalf("%s: %+v, %v", what, outcome, err)
			}
			equal(t, what, s.serves(), want)
			equal(t, what+" calls", s.calls, calls)
		}
		run("to green", stagingRequest(s, traffic.Green, traffic.Blue, 5, 15), "new/new off", "policy", "policy", "promote")
		equal(t, "names", s.configs["P"].Aliases.Items, []string{"www.shop.example"})
		run("to green again", stagingRequest(s, traffic.Green, traffic.Green), "new/new off")
		run("back to blue at once", stagingRequest(s, traffic.Blue, traffic.Green), "old/new off", "update P old")
		run("to green at once", stagingRequest(s, traffic.Green, traffic.Blue), "new/new off", "promote")
		run("back to blue step by step", stagingRequest(s, traffic.Blue, traffic.Green, 10), "old/old off", "update S old", "policy", "promote")
		run("to green from what is remembered", stagingRequest(s, traffic.Green, traffic.Blue), "new/old off", "update P new")
		s.release("third") // the next release goes into the idle colour
		run("to the next release", stagingRequest(s, traffic.Blue, traffic.Green, 15), "third/third off", "policy", "promote")
	})
}

func TestStagingGoesBackWhereverItFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failAt int
		steps  []int
		policy *types.ContinuousDeploymentPolicyConfig
		want   string
		calls  []string
	}{
		"at 10 %":          {10, []int{10}, stagingPolicy(false, 0.05), "old/new off", []string{"policy", "policy"}},
		"promoted":         {100, []int{10}, stagingPolicy(false, 0.05), "old/new off", []string{"policy", "promote", "update P old"}},
		"a header":         {10, []int{10}, headerPolicy(), "old/new header", []string{"policy", "policy"}},
		"a header at once": {100, nil, headerPolicy(), "old/new off", []string{"promote", "update P old"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStaged("old", "new", "policy")
			s.policies["policy"] = test.policy
			request := stagingRequest(s, traffic.Green, traffic.Blue, test.steps...)
			request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
				if stage.Percent == test.failAt {
					return failed()
				}
				return passed()
			}
			outcome, err := traffic.Switch(t.Context(), request, newBench().options())
			if err == nil || outcome.Status != traffic.StatusReverted {
				t.Fatalf("%s: %+v, %v", name, outcome, err)
			}
			equal(t, name, s.serves(), test.want)
			equal(t, name+" calls", s.calls, test.calls)
		})
	}
}

func TestStagingMakesAPolicyWhereThereIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStaged("old", "new", "")
		if _, err := traffic.Switch(t.Context(), stagingRequest(s, traffic.Green, traffic.Blue, 5), newBench().options()); err != nil {
			t.Fatal(err)
		}
		equal(t, "calls", s.calls, []string{"create", "update P old", "promote"})
		equal(t, "serves", s.serves(), "new/new off")

		s = newStaged("old", "new", "")
		s.policies["orphan"] = stagingPolicy(true, 0.15) // of a try that died before it was attached
		if _, err := traffic.Switch(t.Context(), stagingRequest(s, traffic.Green, traffic.Blue, 5), newBench().options()); err != nil {
			t.Fatal(err)
		}
		equal(t, "calls over an orphan", s.calls, []string{"create", "policy", "update P old", "promote"})
	})
}

// Who may not read policies is told so before anything is moved, and at once where that comes to light later.
func TestStagingThatMayNotReadItsPolicyEndsAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		after  string // the call after which reading is denied
		calls  []string
		status traffic.Status
		live   string
		serves string
		doubts int // what could not be seen to have come to its end
	}{
		"from the beginning": {"", []string{"create"}, traffic.StatusReverted, "site: blue 100 % / green 0 %", "old/new none", 0},
		"after a share": { // which was accepted, so that the way back needs no reading
			"update P old", []string{"create", "update P old", "policy"}, traffic.StatusReverted, "site: blue 100 % / green 0 %", "old/new off", 1,
		},
		"after the promotion": {
			"promote", []string{"create", "update P old", "policy", "promote"}, traffic.StatusInterrupted, "site: could not be read, look at it", "new/new off", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStaged("old", "new", "")
				s.denied = test.after == ""
				since := time.Now()
				s.meddle = func(call string) {
					if since = time.Now(); call == test.after {
						s.denied = true
					}
				}
				outcome, err := traffic.Switch(t.Context(), stagingRequest(s, traffic.Green, traffic.Blue, 5, 10), newBench().options())
				var route *traffic.RouteError
				if !errors.As(err, &route) || !awsapi.IsDenied(err) {
					t.Fatalf("error %v", err)
				}
				if failure, _ := awsapi.Explain(err); failure.Permission() != "cloudfront:GetContinuousDeploymentPolicy" {
					t.Errorf("the error names %q: %v", failure.Permission(), err)
				}
				equal(t, "calls", s.calls, test.calls)
				equal(t, "status", outcome.Status, test.status)
				equal(t, "live", outcome.LiveText(), test.live)
				equal(t, "serves", s.serves(), test.serves)
				equal(t, "doubts", len(outcome.Unproven), test.doubts)
				if took := time.Since(since); took > time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// Where a policy is there that nothing has, and policies may not be listed, the error says so, and not only that none can be made.
func TestStagingThatMayNotListPoliciesSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStaged("old", "new", "")
		s.policies["orphan"], s.denied = stagingPolicy(true, 0.15), true
		outcome, err := traffic.Switch(t.Context(), stagingRequest(s, traffic.Green, traffic.Blue, 5), newBench().options())
		if failure, _ := awsapi.Explain(err); failure.Permission() != "cloudfront:ListContinuousDeploymentPolicies" || !awsapi.HasCode(err, "AccessDenied") {
			t.Errorf("the error names %q: %v", failure.Permission(), err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "serves", s.serves(), "old/new none")
	})
}

// A process that dies after any call leaves what the next one tells apart, and brings to an end.
func TestStagingIsToldApartAfterADeath(t *testing.T) {
	t.Parallel()
	for _, to := range []traffic.Colour{traffic.Green, traffic.Blue} {
		for dies := 1; dies <= 3; dies++ {
			synctest.Test(t, func(t *testing.T) {
				s, b := newStaged("old", "new", "policy"), newBench()
				ctx, kill := context.WithCancel(t.Context())
				defer kill()
				request := stagingRequest(s, traffic.Green, traffic.Blue, 5, 10)
				request.OnFailure = traffic.OnFailureHold // nothing more is done
				changes := 0
				s.meddle = func(string) {
					if changes++; changes == dies {
						kill()
					}
				}
				if _, err := traffic.Switch(ctx, request, b.options()); err == nil {
					t.Fatal("it did not die")
				}
				s.meddle = nil
				outcome, err := traffic.Switch(t.Context(), stagingRequest(s, to, traffic.Blue), b.options())
				if err != nil {
					t.Fatalf("after call %d to %s: %v", dies, to, err)
				}
				want := map[traffic.Colour]string{traffic.Green: "new/new off", traffic.Blue: "old/new off"}[to]
				equal(t, fmt.Sprintf("after call %d to %s", dies, to), s.serves(), want)
				equal(t, "live", outcome.Live["site"], traffic.On(to, 100))
			})
		}
	}
}

func TestStagingStopsWhereSomebodyElseActs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(*staged)
		err    error
		want   string
	}{
		"another field of the primary": {func(s *staged) { s.configs["P"].PriceClass = types.PriceClassPriceClass100; s.versions["P"]++ }, nil, "new/new off"},
		"the staging configuration":    {func(s *staged) { s.configs["S"].Comment = aws.String("theirs"); s.versions["S"]++ }, traffic.ErrConcurrentChange, "old/theirs off"},
		"the primary configuration":    {func(s *staged) { s.configs["P"].Comment = aws.String("theirs"); s.versions["P"]++ }, traffic.ErrConcurrentChange, "theirs/new off"},
		"it is gone":                   {func(s *staged) { s.versions["P"]++; s.configs["S"] = nil }, traffic.ErrMissing, ""},
	} {
		s := newStaged("old", "new", "policy")
		r := stagingRouter(s)
		state, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.meddle = func(string) {
			s.meddle = nil
			for id, config := range s.configs { // what was read stays as it was
				other := *config
				s.configs[id] = &other
			}
			test.meddle(s)
		}
		_, err = r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		if test.want != "" {
			equal(t, name, s.serves(), test.want)
		}
	}
	s := newStaged("old", "new", "policy")
	r := stagingRouter(s)
	state, _ := r.Read(t.Context())
	s.lost = true
	change, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
	if err != nil || change.State.Weights != traffic.On(traffic.Green, 100) {
		t.Errorf("an answer that was lost: %v, %v", change.State.Weights, err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), traffic.Precondition{Token: 1}); err == nil {
		t.Error("a strange precondition was taken")
	}
	state, _ = r.Read(t.Context())
	if _, err := r.Set(t.Context(), traffic.On(traffic.Blue, 16), state.Precondition); err == nil || !strings.Contains(err.Error(), "15 % at most") {
		t.Errorf("16 %%: %v", err)
	}
}

func TestStagingKnowsWhatMustNotBeSwitched(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(*staged)
		reason traffic.UnfitReason
		blue   bool // stands in the way to blue as well
		want   string
	}{
		"alike":        {func(s *staged) { s.configs["S"].Comment = aws.String("old") }, traffic.UnfitSame, false, "configured alike"},
		"no staging":   {func(s *staged) { s.configs["S"].Staging = aws.Bool(false) }, traffic.UnfitStaging, true, "S is not a staging distribution"},
		"two of them":  {func(s *staged) { s.configs["P"].Staging = aws.Bool(true) }, traffic.UnfitStaging, true, "P is a staging distribution itself"},
		"disabled":     {func(s *staged) { s.configs["S"].Enabled = aws.Bool(false) }, traffic.UnfitStaging, false, "is disabled"},
		"HTTP/3":       {func(s *staged) { s.configs["P"].HttpVersion = types.HttpVersionHttp2and3 }, traffic.UnfitStaging, false, "HTTP/3"},
		"other policy": {func(s *staged) { s.policies["policy"].StagingDistributionDnsNames.Items = []string{"T.cloudfront.net"} }, traffic.UnfitPolicy, true, "not about the staging distribution S"},
	} {
		s := newStaged("old", "new", "policy")
		test.spoil(s)
		state, err := stagingRouter(s).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(state.Unfit) != 1 || state.Unfit[0].Reason != test.reason || !strings.Contains(state.Unfit[0].Detail, test.want) ||
			!state.Unfit[0].Hinders(traffic.Green) || state.Unfit[0].Hinders(traffic.Blue) != test.blue {
			t.Errorf("%s: unfit %v", name, state.Unfit)
		}
		equal(t, name, state.Weights, traffic.On(traffic.Blue, 100))
	}
	s := newStaged("old", "new", "policy")
	delete(s.configs, "S")
	delete(s.configs, "P")
	if _, err := stagingRouter(s).Read(t.Context()); !errors.Is(err, traffic.ErrMissing) || !strings.Contains(err.Error(), "the staging distribution S") {
		t.Errorf("missing: %v", err)
	}
	if err := stagingRouter(s).Recall(json.RawMessage(`[]`), ""); err == nil {
		t.Error("a memory that is none was taken")
	}
}
