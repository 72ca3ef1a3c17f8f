package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Continuous deployment: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/continuous-deployment.html.
// Moto has none of it.

// deploymentPolicy is a continuous-deployment policy.
type deploymentPolicy struct {
	book
	changed time.Time
}

const policyElement = "ContinuousDeploymentPolicyConfig"

// deployment serves the operations of continuous deployment; nil for what it does not know.
func (c *cloudfrontRules) deployment(operation string) rule {
	return map[string]rule{
		"CreateContinuousDeploymentPolicy": c.createDeployment, "GetContinuousDeploymentPolicy": c.getDeployment,
		"GetContinuousDeploymentPolicyConfig": c.getDeployment, "ListContinuousDeploymentPolicies": c.listDeployments,
		"UpdateContinuousDeploymentPolicy": c.updateDeployment, "DeleteContinuousDeploymentPolicy": c.deleteDeployment,
		"CopyDistribution": c.copy, "UpdateDistributionWithStagingConfig": c.promote,
	}[operation]
}

// createDeployment is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateContinuousDeploymentPolicy.html.
func (c *cloudfrontRules) createDeployment(_ context.Context, x *exchange) (*answer, error) {
	config, refused := c.deploymentIn(x, "")
	if refused != nil {
		return refused, nil
	}
	c.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "continuous deployment %d", c.made))
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	c.deployments[id] = &deploymentPolicy{book: book{config: config, generation: 1}, changed: c.at}
	reply := c.deploymentAnswer(id)
	reply.status = http.StatusCreated
	reply.header.Set("Location", "https://cloudfront.amazonaws.com/2020-05-31/continuous-deployment-policy/"+id)
	return reply, nil
}

// deploymentIn reads a policy out of a request and refuses one that cannot be; id is the policy that it is for, if any.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/continuous-deployment-quotas-considerations.html
func (c *cloudfrontRules) deploymentIn(x *exchange, id string) (config *node, refused *answer) {
	config, err := parseNode(x.body, policyElement)
	if err != nil {
		return nil, x.fail(http.StatusBadRequest, "MalformedXML", "The configuration cannot be read.")
	}
	names := config.child("StagingDistributionDnsNames")
	var domains []string
	names.each("DnsName", func(n *node) { domains = append(domains, strings.TrimSpace(n.text)) })
	if names.value("Quantity") != strconv.Itoa(len(domains)) {
		return nil, x.fail(http.StatusBadRequest, "InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
	}
	for _, domain := range domains {
		if staging := c.staging(domain); staging == "" {
			return nil, x.fail(http.StatusBadRequest, "InvalidArgument", domain+" is not a staging distribution.")
		}
		for other, policy := range c.deployments {
			if other != id && policy.concerns(domain) {
				return nil, x.fail(http.StatusConflict, "StagingDistributionInUse", "A continuous deployment policy for this staging distribution already exists.")
			}
		}
	}
	if problem := trafficProblem(config.child("TrafficConfig")); problem != "" {
		return nil, x.fail(http.StatusBadRequest, "InvalidArgument", problem)
	}
	return config, nil
}

// trafficProblem says what is wrong with a traffic configuration.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_TrafficConfig.html
func trafficProblem(traffic *node) string {
	if traffic == nil {
		return ""
	}
	switch traffic.value("Type") {
	case "SingleWeight":
		weight, err := strconv.ParseFloat(traffic.value("SingleWeightConfig", "Weight"), 32)
		if err != nil || weight < 0 || float32(weight) > 0.15 {
			return "The weight must be between 0 and 0.15."
		}
		sticky := traffic.child("SingleWeightConfig", "SessionStickinessConfig")
		if sticky == nil {
			return ""
		}
		idle, idleErr := strconv.Atoi(sticky.value("IdleTTL"))
		longest, longestErr := strconv.Atoi(sticky.value("MaximumTTL"))
		if idleErr != nil || longestErr != nil || idle < 300 || longest > 3600 || idle > longest {
			return "The TTLs of session stickiness must be between 300 and 3600, and IdleTTL at most MaximumTTL."
		}
	case "SingleHeader":
		if !strings.HasPrefix(strings.ToLower(traffic.value("SingleHeaderConfig", "Header")), "aws-cf-cd-") {
			return "The header must begin with aws-cf-cd-."
		}
	default:
		return "The type must be SingleWeight or SingleHeader."
	}
	return ""
}

// staging returns the id of the staging distribution with that domain name; "" when there is none.
func (c *cloudfrontRules) staging(domain string) string {
	for id, known := range c.distributions {
		if known.domain == domain && known.config.value("Staging") == "true" {
			return id
		}
	}
	return ""
}

func (p *deploymentPolicy) concerns(domain string) bool {
	found := false
	p.config.each("DnsName", func(n *node) { found = found || strings.TrimSpace(n.text) == domain })
	return found
}

func noPolicy(x *exchange) *answer {
	return x.fail(http.StatusNotFound, "NoSuchContinuousDeploymentPolicy", "The continuous deployment policy doesn't exist.")
}

func (c *cloudfrontRules) getDeployment(_ context.Context, x *exchange) (*answer, error) {
	policy := c.deployments[x.Resource]
	switch {
	case policy == nil:
		return noPolicy(x), nil
	case x.Operation == "GetContinuousDeploymentPolicyConfig":
		return libraryAnswer(policy.config, policy.etag(x.Resource)), nil
	}
	return c.deploymentAnswer(x.Resource), nil
}

// described is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ContinuousDeploymentPolicy.html.
func (p *deploymentPolicy) described(id string) *node {
	return &node{name: "ContinuousDeploymentPolicy", children: []*node{
		{name: "Id", text: id},
		{name: "LastModifiedTime", text: p.changed.UTC().Format(time.RFC3339)},
		p.config,
	}}
}

func (c *cloudfrontRules) deploymentAnswer(id string) *answer {
	policy := c.deployments[id]
	return libraryAnswer(policy.described(id), policy.etag(id))
}

func (c *cloudfrontRules) listDeployments(context.Context, *exchange) (*answer, error) {
	items := &node{name: "Items"}
	for _, id := range slices.Sorted(maps.Keys(c.deployments)) {
		items.children = append(items.children, &node{name: "ContinuousDeploymentPolicySummary", children: []*node{c.deployments[id].described(id)}})
	}
	return libraryAnswer(&node{name: "ContinuousDeploymentPolicyList", children: []*node{
		{name: "MaxItems", text: "100"},
		{name: "Quantity", text: strconv.Itoa(len(items.children))},
		items,
	}}, ""), nil
}

// unmatchedDeployment refuses a change of another version than the current one, or of nothing.
func (c *cloudfrontRules) unmatchedDeployment(x *exchange) (policy *deploymentPolicy, refused *answer) {
	policy = c.deployments[x.Resource]
	switch match := x.request.Header.Get("If-Match"); {
	case policy == nil:
		return nil, noPolicy(x)
	case match == "":
		return nil, x.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
	case match != policy.etag(x.Resource):
		return nil, x.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
	}
	return policy, nil
}

// updateDeployment is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateContinuousDeploymentPolicy.html. The
// distribution that the policy is attached to is InProgress until its edge locations follow.
func (c *cloudfrontRules) updateDeployment(_ context.Context, x *exchange) (*answer, error) {
	policy, refused := c.unmatchedDeployment(x)
	if refused != nil {
		return refused, nil
	}
	config, refused := c.deploymentIn(x, x.Resource)
	if refused != nil {
		return refused, nil
	}
	policy.config, policy.generation, policy.changed = config, policy.generation+1, c.at
	for _, known := range c.distributions {
		if known.config.value("ContinuousDeploymentPolicyId") == x.Resource {
			known.changed = c.at
		}
	}
	return c.deploymentAnswer(x.Resource), nil
}

// deleteDeployment is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteContinuousDeploymentPolicy.html: not while
// it is attached.
func (c *cloudfrontRules) deleteDeployment(_ context.Context, x *exchange) (*answer, error) {
	if _, refused := c.unmatchedDeployment(x); refused != nil {
		return refused, nil
	}
	if c.refersTo("ContinuousDeploymentPolicyId", x.Resource) {
		return x.fail(http.StatusConflict, "ContinuousDeploymentPolicyInUse", "You cannot delete a continuous deployment policy that is associated with a primary distribution."), nil
	}
	delete(c.deployments, x.Resource)
	return &answer{status: http.StatusNoContent, header: http.Header{}}, nil
}

// deployable refuses what a configuration cannot have of continuous deployment; id is the distribution that it is for, if any.
func (c *cloudfrontRules) deployable(x *exchange, id string, config *node) *answer {
	policy, staging := config.value("ContinuousDeploymentPolicyId"), config.value("Staging") == "true"
	if known := c.distributions[id]; known != nil && (known.config.value("Staging") == "true") != staging {
		return x.fail(http.StatusBadRequest, "IllegalUpdate", "A distribution cannot become a staging distribution, nor stop being one.")
	}
	if staging && config.child("Aliases", "Items") != nil && len(config.child("Aliases", "Items").children) > 0 {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "A staging distribution has no alternate domain names.")
	}
	if policy == "" {
		return nil
	}
	if c.deployments[policy] == nil {
		return noPolicy(x)
	}
	if staging || config.value("HttpVersion") == "http3" || config.value("HttpVersion") == "http2and3" {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "A continuous deployment policy cannot be attached to a staging distribution, nor to one that serves HTTP/3.")
	}
	for other, known := range c.distributions {
		if other != id && known.config.value("ContinuousDeploymentPolicyId") == policy {
			return x.fail(http.StatusConflict, "ContinuousDeploymentPolicyInUse", "The continuous deployment policy is associated with another distribution.")
		}
	}
	return nil
}

// copy is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CopyDistribution.html.
func (c *cloudfrontRules) copy(ctx context.Context, x *exchange) (*answer, error) {
	refused, err := c.unmatched(ctx, x)
	if refused != nil || err != nil {
		return refused, err
	}
	asked, err := parseNode(x.body, "CopyDistributionRequest")
	if err != nil || asked.value("CallerReference") == "" || x.request.Header.Get("Staging") != "true" {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The copy needs a CallerReference, and must be a staging distribution."), nil //nolint:nilerr // the answer says so
	}
	enabled := asked.value("Enabled")
	if enabled == "" {
		enabled = "true"
	}
	config := c.distributions[x.Resource].config.with(map[string]string{"CallerReference": asked.value("CallerReference"), "Enabled": enabled, "Staging": "true"})
	config.remove("Aliases", "ContinuousDeploymentPolicyId")
	reply, err := x.instead(ctx, http.MethodPost, "/2020-05-31/distribution", config)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	return c.keep(reply, config)
}

// promote is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistributionWithStagingConfig.html.
func (c *cloudfrontRules) promote(ctx context.Context, x *exchange) (*answer, error) {
	id := x.request.URL.Query().Get("StagingDistributionId")
	primary, staging := c.distributions[x.Resource], c.distributions[id]
	if primary == nil || staging == nil {
		return x.fail(http.StatusNotFound, "NoSuchDistribution", "The specified distribution does not exist."), nil
	}
	match := x.request.Header.Get("If-Match")
	ours, theirs, both := strings.Cut(match, ",")
	policy := primary.config.value("ContinuousDeploymentPolicyId")
	switch {
	case !both:
		return x.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource."), nil
	case strings.TrimSpace(ours) != c.etag(x.Resource) || strings.TrimSpace(theirs) != c.etag(id):
		return x.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false."), nil
	case c.deployments[policy] == nil || !c.deployments[policy].concerns(staging.domain):
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The staging distribution does not belong to the primary distribution."), nil
	}
	config := staging.config.with(map[string]string{
		"CallerReference": primary.config.value("CallerReference"), "Staging": "false", "ContinuousDeploymentPolicyId": policy,
	})
	config.remove("Aliases")
	if aliases := primary.config.child("Aliases"); aliases != nil {
		config.children = append(config.children, aliases)
	}
	reply, err := x.instead(ctx, http.MethodPut, "/2020-05-31/distribution/"+x.Resource+"/config", config)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	primary.generation, primary.changed, primary.config = primary.generation+1, c.at, config
	attached := c.deployments[policy]
	attached.config, attached.generation, attached.changed = attached.config.with(map[string]string{"Enabled": "false"}), attached.generation+1, c.at
	return c.stamp(x.Resource, reply)
}

// with returns a copy of n in which some children have another text.
func (n *node) with(texts map[string]string) *node {
	changed := &node{name: n.name, text: n.text}
	for _, child := range n.children {
		if _, replaced := texts[child.name]; !replaced {
			changed.children = append(changed.children, child)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		changed.children = append(changed.children, &node{name: name, text: texts[name]})
	}
	return changed
}

// instead lets moto serve another call with a configuration.
func (x *exchange) instead(ctx context.Context, method, path string, config *node) (*answer, error) {
	var body bytes.Buffer
	config.write(&body)
	request := x.request.Clone(ctx)
	request.Method, request.URL.Path, request.URL.RawPath, request.URL.RawQuery = method, path, "", ""
	other := &exchange{Call: x.Call, request: request, protocol: x.protocol, body: body.Bytes(), moto: x.moto, upstream: x.upstream}
	return other.forwardConfig(ctx, config)
}
