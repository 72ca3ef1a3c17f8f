package emulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// cloudfrontRules keep a generation of each distribution, which moto does not: its ETag never changes and it takes any
// If-Match.
type cloudfrontRules struct {
	propagation time.Duration

	mu            sync.Mutex
	distributions map[string]*distribution
	library       map[string]*book         // policies, by kind and id
	functions     map[string]*edgeFunction // by name
	at            time.Time                // of the call that is being served
	stores        *keyValueStores
	deployments   map[string]*deploymentPolicy // by id
	made          int                          // deployments so far
}

type distribution struct {
	generation int
	changed    time.Time
	aliases    []string
	config     *node // as it was asked for
	domain     string
}

func newCloudfrontRules(propagation time.Duration) *cloudfrontRules {
	c := &cloudfrontRules{propagation: propagation, stores: newKeyValueStores()}
	c.reset()
	return c
}

func (c *cloudfrontRules) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores.reset()
	c.distributions, c.library, c.functions = map[string]*distribution{}, map[string]*book{}, map[string]*edgeFunction{}
	c.deployments = map[string]*deploymentPolicy{}
}

func (c *cloudfrontRules) rule(operation string) rule {
	var serve rule
	switch operation {
	case "CreateDistribution", "CreateDistributionWithTags":
		serve = c.create
	case "GetDistribution", "GetDistributionConfig":
		serve = c.get
	case "ListDistributions":
		serve = c.list
	case "UpdateDistribution":
		serve = c.update
	case "DeleteDistribution":
		serve = c.remove
	case "DeleteOriginAccessControl":
		serve = c.deleteAccessControl
	default:
		if serve = c.policy(operation); serve == nil {
			serve = c.function(operation)
		}
		if serve == nil {
			serve = c.control(operation)
		}
		if serve == nil {
			serve = c.deployment(operation)
		}
		if serve == nil {
			return nil
		}
	}
	return func(ctx context.Context, x *exchange) (*answer, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.at = x.At
		return serve(ctx, x)
	}
}

// distributionConfig is the part of a request's configuration that the rules look at.
type distributionConfig struct {
	Aliases []string `xml:"Aliases>Items>CNAME"`
	Nested  *struct {
		Aliases []string `xml:"Aliases>Items>CNAME"`
	} `xml:"DistributionConfig"` // with tags
}

func (c *cloudfrontRules) aliases(x *exchange) []string {
	var config distributionConfig
	if xml.Unmarshal(x.body, &config) != nil {
		return nil // moto refuses it
	}
	if config.Nested != nil {
		return config.Nested.Aliases
	}
	return config.Aliases
}

// taken refuses an alternate name that another distribution has:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-restrictions.
func (c *cloudfrontRules) taken(x *exchange, id string, aliases []string) *answer {
	for other, known := range c.distributions {
		for _, alias := range known.aliases {
			for _, wanted := range aliases {
				if other != id && strings.EqualFold(alias, wanted) {
					return x.fail(http.StatusConflict, "CNAMEAlreadyExists",
						"One or more of the CNAMEs you provided are already associated with a different resource.")
				}
			}
		}
	}
	return nil
}

// configuration reads what a request asks for, and refuses what it cannot have.
func (c *cloudfrontRules) configuration(ctx context.Context, x *exchange) (config *node, refused *answer, err error) {
	config, err = parseNode(x.body, configElement)
	if err != nil {
		return nil, x.fail(http.StatusBadRequest, "MalformedXML", "The configuration cannot be read."), nil //nolint:nilerr // the answer says so
	}
	id := ""
	if x.Operation == "UpdateDistribution" {
		id = x.Resource
	}
	if refused = cmp.Or(c.misled(x, config), c.deployable(x, id, config)); refused != nil {
		return config, refused, nil
	}
	refused, err = c.unknown(ctx, x, config)
	return config, refused, err
}

// create is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html.
func (c *cloudfrontRules) create(ctx context.Context, x *exchange) (*answer, error) {
	aliases := c.aliases(x)
	if refused := c.taken(x, "", aliases); refused != nil {
		return refused, nil
	}
	config, refused, err := c.configuration(ctx, x)
	if refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forwardConfig(ctx, config)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	reply, err = c.keep(reply, config)
	c.distributions[element(reply.body, "Id")].aliases = aliases
	return reply, err
}

// keep remembers a distribution that moto has made.
func (c *cloudfrontRules) keep(reply *answer, config *node) (*answer, error) {
	id := element(reply.body, "Id")
	c.distributions[id] = &distribution{generation: 1, changed: c.at, config: config, domain: element(reply.body, "DomainName")}
	return c.stamp(id, reply)
}

func (c *cloudfrontRules) get(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	return c.stamp(x.Resource, reply)
}

func (c *cloudfrontRules) list(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	separator := []byte("<DistributionSummary>")
	parts := bytes.Split(reply.body, separator)
	for i, part := range parts[1:] {
		if known := c.distributions[element(part, "Id")]; known != nil {
			parts[i+1] = replaceElement(part, "Status", c.status(known))
		}
	}
	reply.body = bytes.Join(parts, separator)
	return reply, nil
}

// update is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html: only over the
// version that If-Match names.
func (c *cloudfrontRules) update(ctx context.Context, x *exchange) (*answer, error) {
	refused, err := c.unmatched(ctx, x)
	if refused != nil || err != nil {
		return refused, err
	}
	aliases := c.aliases(x)
	if refused := c.taken(x, x.Resource, aliases); refused != nil {
		return refused, nil
	}
	config, refused, err := c.configuration(ctx, x)
	if refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forwardConfig(ctx, config)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	known := c.distributions[x.Resource]
	known.generation, known.changed, known.aliases, known.config = known.generation+1, c.at, aliases, config
	return c.stamp(x.Resource, reply)
}

// remove is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html: only a disabled
// distribution, over the version that If-Match names.
func (c *cloudfrontRules) remove(ctx context.Context, x *exchange) (*answer, error) {
	refused, err := c.unmatched(ctx, x)
	if refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.ask(ctx, "/2020-05-31/distribution/"+x.Resource+"/config")
	if err != nil {
		return nil, err
	}
	var config struct {
		Enabled bool `xml:"Enabled"`
	}
	if err := xml.Unmarshal(reply.body, &config); err != nil {
		return nil, fmt.Errorf("read moto's distribution: %w", err)
	}
	if known := c.distributions[x.Resource]; known.config.value("Staging") == "true" {
		for _, policy := range c.deployments {
			if policy.concerns(known.domain) {
				return x.fail(http.StatusConflict, "StagingDistributionInUse", "A continuous deployment policy refers to the staging distribution."), nil
			}
		}
	}
	if config.Enabled {
		return x.fail(http.StatusConflict, "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled."), nil
	}
	reply, err = x.forward(ctx)
	if err == nil && reply.status < http.StatusBadRequest {
		delete(c.distributions, x.Resource)
	}
	return reply, err
}

// unmatched refuses a change without If-Match, over another version than the current one, or of nothing.
func (c *cloudfrontRules) unmatched(ctx context.Context, x *exchange) (*answer, error) {
	known := c.distributions[x.Resource]
	match := x.request.Header.Get("If-Match")
	switch {
	case known == nil: // moto says that it is not there
		reply, err := x.ask(ctx, "/2020-05-31/distribution/"+x.Resource)
		if err == nil && reply.status < http.StatusBadRequest {
			return nil, fmt.Errorf("the distribution %s was made behind the emulator's back", x.Resource)
		}
		return reply, err
	case match == "":
		return x.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource."), nil
	case match != c.etag(x.Resource):
		return x.fail(http.StatusPreconditionFailed, "PreconditionFailed",
			"The request failed because it didn't meet the preconditions in one or more request-header fields."), nil
	}
	return nil, nil
}

// etag names the current version of a distribution.
func (c *cloudfrontRules) etag(id string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, c.distributions[id].generation))
	return "E" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}

// status is InProgress until a change has reached the edge locations, then Deployed.
func (c *cloudfrontRules) status(known *distribution) string {
	if c.at.Sub(known.changed) < c.propagation {
		return "InProgress"
	}
	return "Deployed"
}

// stamp puts the ETag, the status and the whole configuration into moto's answer.
func (c *cloudfrontRules) stamp(id string, reply *answer) (*answer, error) {
	known := c.distributions[id]
	if known == nil {
		return reply, nil
	}
	body, err := withConfig(reply.body, known.config)
	if err != nil {
		return nil, err
	}
	reply.header.Set("Etag", c.etag(id))
	reply.header.Del("Content-Length")
	reply.body = replaceElement(body, "Status", c.status(known))
	for _, empty := range noCertificate {
		reply.body = bytes.ReplaceAll(reply.body, []byte(empty), nil)
	}
	return reply, nil
}

// noCertificate are the certificates that a distribution does not have, which CloudFront leaves out:
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html.
var noCertificate = []string{"<IAMCertificateId></IAMCertificateId>", "<ACMCertificateArn></ACMCertificateArn>"}
