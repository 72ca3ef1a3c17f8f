package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// shelf is one kind of thing that distributions refer to and that moto does not have.
type shelf struct {
	element string // of a configuration, that holds the reference
	root    string // the element around one: "CachePolicy"
	missing string // the error code of one that is not there
	inUse   string // the error code of one that cannot be deleted
	managed []string
}

// shelves by what operations call the kind.
var shelves = map[string]shelf{
	"CachePolicy": {
		element: "CachePolicyId", root: "CachePolicy", missing: "NoSuchCachePolicy", inUse: "CachePolicyInUse",
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
		managed: []string{
			"658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
			"08627262-05a9-4f76-9ded-b50ca2e3a84f", "2e54312d-136d-493c-8eb9-b001f22f67d2", "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
			"4cc15a8a-d715-48a4-82b8-cc0b614638fe",
		},
	},
	"OriginRequestPolicy": {
		element: "OriginRequestPolicyId", root: "OriginRequestPolicy", missing: "NoSuchOriginRequestPolicy", inUse: "OriginRequestPolicyInUse",
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
		managed: []string{
			"216adef6-5c7f-47e4-b989-5492eafa07d3", "33f36d7e-f396-46d9-90e0-52428a34d9dc", "b689b0a8-53d0-40ab-baf2-68738e2966ac",
			"59781a5b-3903-41f3-afcb-af62929ccde1", "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "775133bc-15f2-49f9-abea-afb2e0bf67d2",
			"acba4595-bd28-49b8-b9fe-13317c0390fa",
		},
	},
	"ResponseHeadersPolicy": {
		element: "ResponseHeadersPolicyId", root: "ResponseHeadersPolicy", missing: "NoSuchResponseHeadersPolicy", inUse: "ResponseHeadersPolicyInUse",
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
		managed: []string{
			"60669652-455b-4ae9-85a4-c4c02393f86c", "5cc3b908-e619-4b99-88e5-2cf7f45965bd", "67f7725c-6f97-4210-82d7-5512b31e9d03",
			"e61eb60c-9c35-4d20-a928-2b84e02af89c", "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
		},
	},
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetKeyGroup.html#API_GetKeyGroup_Errors
	"KeyGroup": {element: "KeyGroup", root: "KeyGroup", missing: "NoSuchResource", inUse: "ResourceInUse"},
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetCloudFrontOriginAccessIdentity.html#API_GetCloudFrontOriginAccessIdentity_Errors:
	// configurations name it by a path, so that what they refer to is not looked up
	"CloudFrontOriginAccessIdentity": {root: "CloudFrontOriginAccessIdentity", missing: "NoSuchCloudFrontOriginAccessIdentity", inUse: "CloudFrontOriginAccessIdentityInUse"},
}

// book is one thing on a shelf.
type book struct {
	config     *node
	generation int
}

// policy serves Create, Get and Delete of a kind on a shelf; nil for what it does not know.
func (c *cloudfrontRules) policy(operation string) rule {
	for verb, serve := range map[string]func(x *exchange, kind string) *answer{"Create": c.createPolicy, "Get": c.getPolicy, "Delete": c.deletePolicy} {
		kind, ok := strings.CutPrefix(operation, verb)
		if _, known := shelves[kind]; ok && known {
			return func(_ context.Context, x *exchange) (*answer, error) { return serve(x, kind), nil }
		}
	}
	return nil
}

func (c *cloudfrontRules) createPolicy(x *exchange, kind string) *answer {
	config, err := parseNode(x.body, kind+"Config")
	if err != nil {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The configuration is missing.")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", kind, config.value("Name"), len(c.library)))
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	c.library[kind+" "+id] = &book{config: config, generation: 1}
	reply := c.lend(kind, id)
	reply.status = http.StatusCreated
	return reply
}

func (c *cloudfrontRules) getPolicy(x *exchange, kind string) *answer {
	if slices.Contains(shelves[kind].managed, x.Resource) {
		return libraryAnswer(&node{name: kind, children: []*node{{name: "Id", text: x.Resource}}}, "E0MANAGED")
	}
	if c.library[kind+" "+x.Resource] == nil {
		return x.fail(http.StatusNotFound, shelves[kind].missing, "The "+kind+" does not exist.")
	}
	return c.lend(kind, x.Resource)
}

func (c *cloudfrontRules) deletePolicy(x *exchange, kind string) *answer {
	switch known := c.library[kind+" "+x.Resource]; {
	case known == nil:
		return x.fail(http.StatusNotFound, shelves[kind].missing, "The "+kind+" does not exist.")
	case x.request.Header.Get("If-Match") != known.etag(x.Resource):
		return x.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
	case c.refersTo(shelves[kind].element, x.Resource):
		return x.fail(http.StatusConflict, shelves[kind].inUse, "The "+kind+" is attached to one or more distributions.")
	}
	delete(c.library, kind+" "+x.Resource)
	return &answer{status: http.StatusNoContent, header: http.Header{}}
}

// lend answers with one of a kind.
func (c *cloudfrontRules) lend(kind, id string) *answer {
	known := c.library[kind+" "+id]
	modified := &node{name: "LastModifiedTime", text: time.Unix(0, 0).UTC().Format(time.RFC3339)}
	return libraryAnswer(&node{name: kind, children: []*node{{name: "Id", text: id}, modified, known.config}}, known.etag(id))
}

func libraryAnswer(document *node, etag string) *answer {
	var body bytes.Buffer
	document.write(&body)
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}, "X-Amzn-Requestid": {requestID}, "Etag": {etag}}, body: body.Bytes()}
}

func (b *book) etag(id string) string {
	return fmt.Sprintf("E%X", sha256.Sum256(fmt.Appendf(nil, "%s %d", id, b.generation)))[:14]
}

// refersTo tells whether a distribution's configuration names value in an element.
func (c *cloudfrontRules) refersTo(element, value string) bool {
	found := false
	for _, known := range c.distributions {
		known.config.each(element, func(n *node) { found = found || strings.TrimSpace(n.text) == value })
	}
	return found
}

// unknown refuses a configuration that refers to what is not there.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html#API_UpdateDistribution_Errors
func (c *cloudfrontRules) unknown(ctx context.Context, x *exchange, config *node) (refused *answer, err error) {
	for kind, shelf := range shelves {
		config.each(shelf.element, func(n *node) {
			id := strings.TrimSpace(n.text)
			if id != "" && c.library[kind+" "+id] == nil && !slices.Contains(shelf.managed, id) {
				refused = x.fail(http.StatusNotFound, shelf.missing, "The "+kind+" does not exist.")
			}
		})
	}
	config.each("FunctionARN", func(n *node) {
		name := n.text[strings.LastIndex(n.text, "/")+1:]
		if known := c.functions[name]; known == nil || known.live == nil {
			refused = x.fail(http.StatusBadRequest, "InvalidFunctionAssociation", "The function "+name+" does not exist or is not published.")
		}
	})
	config.each("OriginAccessControlId", func(n *node) {
		if id := strings.TrimSpace(n.text); id != "" && refused == nil && err == nil {
			var reply *answer
			reply, err = x.ask(ctx, "/2020-05-31/origin-access-control/"+id)
			if err == nil && reply.status >= http.StatusBadRequest {
				refused = x.fail(http.StatusBadRequest, "InvalidOriginAccessControl", "The origin access control does not exist.")
			}
		}
	})
	return refused, err
}

// deleteAccessControl is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteOriginAccessControl.html: not while an origin uses it.
func (c *cloudfrontRules) deleteAccessControl(ctx context.Context, x *exchange) (*answer, error) {
	if c.refersTo("OriginAccessControlId", x.Resource) {
		return x.fail(http.StatusConflict, "OriginAccessControlInUse", "The origin access control is attached to one or more distributions."), nil
	}
	return x.forward(ctx)
}
