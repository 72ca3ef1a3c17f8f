package emulator

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// edgeFunction is a CloudFront function: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html.
// Its code is kept, not run.
type edgeFunction struct {
	development, live *edgeCode // live is nil until the function is published
}

type edgeCode struct {
	code []byte
	book
}

// function serves the operations on functions; nil for what it does not know.
func (c *cloudfrontRules) function(operation string) rule {
	serve := map[string]func(x *exchange) *answer{
		"CreateFunction": c.createFunction, "DescribeFunction": c.describeFunction, "GetFunction": c.getFunction,
		"UpdateFunction": c.updateFunction, "PublishFunction": c.publishFunction, "DeleteFunction": c.deleteFunction,
	}[operation]
	if serve == nil {
		return nil
	}
	return func(_ context.Context, x *exchange) (*answer, error) { return serve(x), nil }
}

// edgeCodeIn reads the code and the configuration out of a request.
func edgeCodeIn(x *exchange, root string) (name string, read *edgeCode) {
	asked, err := parseNode(x.body, root)
	if err != nil {
		return "", nil
	}
	code, err := base64.StdEncoding.DecodeString(asked.value("FunctionCode"))
	config := asked.child("FunctionConfig")
	if err != nil || config == nil || len(code) == 0 {
		return "", nil
	}
	return asked.value("Name"), &edgeCode{code: code, book: book{config: config, generation: 1}}
}

func (c *cloudfrontRules) createFunction(x *exchange) *answer {
	name, code := edgeCodeIn(x, "CreateFunctionRequest")
	switch {
	case name == "" || code == nil:
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The function needs a name, code and a configuration.")
	case c.functions[name] != nil:
		return x.fail(http.StatusConflict, "FunctionAlreadyExists", "A function with the same name already exists.")
	}
	c.functions[name] = &edgeFunction{development: code}
	reply := c.summary(name, code, "DEVELOPMENT")
	reply.status = http.StatusCreated
	return reply
}

// named returns the function that a call is about, in the stage that it names.
func (c *cloudfrontRules) named(x *exchange) (code *edgeCode, stage string, refused *answer) {
	stage = x.request.URL.Query().Get("Stage")
	if stage == "" {
		stage = "DEVELOPMENT"
	}
	known := c.functions[x.Resource]
	if known != nil {
		code = known.development
		if stage == "LIVE" {
			code = known.live
		}
	}
	if code == nil {
		return nil, "", x.fail(http.StatusNotFound, "NoSuchFunctionExists", "The specified function does not exist.")
	}
	return code, stage, nil
}

func (c *cloudfrontRules) describeFunction(x *exchange) *answer {
	code, stage, refused := c.named(x)
	if refused != nil {
		return refused
	}
	return c.summary(x.Resource, code, stage)
}

func (c *cloudfrontRules) getFunction(x *exchange) *answer {
	code, _, refused := c.named(x)
	if refused != nil {
		return refused
	}
	header := http.Header{"Content-Type": {"application/octet-stream"}, "X-Amzn-Requestid": {requestID}, "Etag": {code.etag(x.Resource)}}
	return &answer{status: http.StatusOK, header: header, body: code.code}
}

func (c *cloudfrontRules) summary(name string, code *edgeCode, stage string) *answer {
	arn := fmt.Sprintf("arn:aws:cloudfront::%s:function/%s", AccountID, name)
	status := "UNPUBLISHED"
	if c.functions[name].live != nil {
		status = "UNASSOCIATED"
	}
	return libraryAnswer(&node{name: "FunctionSummary", children: []*node{
		{name: "Name", text: name},
		{name: "Status", text: status},
		code.config,
		{name: "FunctionMetadata", children: []*node{
			{name: "FunctionARN", text: arn},
			{name: "Stage", text: stage},
			{name: "CreatedTime", text: "2020-01-01T00:00:00Z"},
			{name: "LastModifiedTime", text: "2020-01-01T00:00:00Z"},
		}},
	}}, code.etag(name))
}

// matched returns the function in development, over which If-Match must stand.
func (c *cloudfrontRules) matched(x *exchange) (*edgeFunction, *answer) {
	known := c.functions[x.Resource]
	switch match := x.request.Header.Get("If-Match"); {
	case known == nil:
		return nil, x.fail(http.StatusNotFound, "NoSuchFunctionExists", "The specified function does not exist.")
	case match == "":
		return nil, x.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
	case match != known.development.etag(x.Resource):
		return nil, x.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
	}
	return known, nil
}

func (c *cloudfrontRules) updateFunction(x *exchange) *answer {
	known, refused := c.matched(x)
	if refused != nil {
		return refused
	}
	_, code := edgeCodeIn(x, "UpdateFunctionRequest")
	if code == nil {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The function needs code and a configuration.")
	}
	code.generation = known.development.generation + 1
	known.development = code
	return c.summary(x.Resource, code, "DEVELOPMENT")
}

func (c *cloudfrontRules) publishFunction(x *exchange) *answer {
	known, refused := c.matched(x)
	if refused != nil {
		return refused
	}
	published := *known.development
	known.live = &published
	return c.summary(x.Resource, known.live, "LIVE")
}

// deleteFunction: not while a distribution uses it.
func (c *cloudfrontRules) deleteFunction(x *exchange) *answer {
	if _, refused := c.matched(x); refused != nil {
		return refused
	}
	used := false
	for _, distribution := range c.distributions {
		distribution.config.each("FunctionARN", func(n *node) { used = used || strings.HasSuffix(strings.TrimSpace(n.text), ":function/"+x.Resource) })
	}
	if used {
		return x.fail(http.StatusConflict, "FunctionInUse", "The function is associated with one or more cache behaviors.")
	}
	delete(c.functions, x.Resource)
	return &answer{status: http.StatusNoContent, header: http.Header{}}
}
