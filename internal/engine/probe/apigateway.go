package probe

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// RESTAPI is what an API Gateway check calls for a REST API.
type RESTAPI interface {
	GetStage(context.Context, *apigateway.GetStageInput, ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error)
}

// HTTPAPI is what an API Gateway check calls for an HTTP API.
type HTTPAPI interface {
	GetStage(context.Context, *apigatewayv2.GetStageInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStageOutput, error)
}

// APIGateway asks whether a REST or HTTP API has a stage, then calls it, as a page of another origin where CORSOrigin is set.
type APIGateway struct {
	REST             func(context.Context) (RESTAPI, error) // made at the first attempt, as is the next
	HTTP             func(context.Context) (HTTPAPI, error)
	Region           func(context.Context) (string, error) // asked only without URL
	API, Stage       string
	Path             string // below the stage; empty means "/"
	Method           string // empty means GET
	Headers          map[string]string
	SensitiveHeaders map[string]string // win over Headers; shown nowhere
	Body             string
	CORSOrigin       string // empty makes no preflight
	Expect           Expect
	URL              *url.URL // stands in for the address of the stage; nil means that
}

// defaultStage is the stage of an HTTP API that is not part of its addresses:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
const defaultStage = "$default"

// Name is "api_gateway".
func (*APIGateway) Name() string { return "api_gateway" }

// Probe looks for the stage, makes the preflight and the call, each once and only if the one before it passed.
func (g *APIGateway) Probe(ctx context.Context) Observation {
	started := time.Now()
	apiType, seen := g.find(ctx)
	if apiType != "" {
		seen = g.served(ctx)
		if seen.Values == nil {
			seen.Values = map[string]string{}
		}
		seen.Values["api_type"] = apiType
	}
	seen.Latency = time.Since(started)
	return seen
}

// find tells the type of an API that has the stage, or nothing and why.
func (g *APIGateway) find(ctx context.Context) (apiType string, seen Observation) {
	what := "read the stage " + g.Stage + " of the API " + g.API
	restErr := g.findREST(ctx)
	if restErr == nil {
		return "REST", Observation{}
	}
	missing := ctx.Err() == nil && awsapi.IsNotFound(restErr)
	if !missing && !awsapi.IsDenied(restErr) {
		return "", refused(ctx, what, "apigateway:GET", restErr, 0)
	}
	httpErr := g.findHTTP(ctx)
	switch {
	case httpErr == nil:
		return "HTTP", Observation{}
	case ctx.Err() != nil || !awsapi.IsNotFound(httpErr):
		return "", refused(ctx, what, "apigateway:GET", httpErr, 0)
	case !missing: // it may be a REST API
		return "", refused(ctx, what, "apigateway:GET", restErr, 0)
	}
	return "", absent(0, "there is no API %s with a stage %s in this account and Region", g.API, g.Stage)
}

// findREST is https://docs.aws.amazon.com/apigateway/latest/api/API_GetStage.html.
func (g *APIGateway) findREST(ctx context.Context) error {
	client, err := g.REST(ctx)
	if err != nil {
		return err
	}
	_, err = client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: aws.String(g.API), StageName: aws.String(g.Stage)}, func(o *apigateway.Options) { o.RetryMaxAttempts = awsAttempts })
	return err
}

// findHTTP is https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html.
func (g *APIGateway) findHTTP(ctx context.Context) error {
	client, err := g.HTTP(ctx)
	if err != nil {
		return err
	}
	_, err = client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: aws.String(g.API), StageName: aws.String(g.Stage)}, func(o *apigatewayv2.Options) { o.RetryMaxAttempts = awsAttempts })
	return err
}

// served makes the preflight and the call.
func (g *APIGateway) served(ctx context.Context) Observation {
	base := g.URL
	if base == nil {
		region, err := g.Region(ctx)
		if err != nil {
			return awsTrouble(ctx, "find the address of the API "+g.API, err, 0)
		}
		base = stageAddress(g.API, g.Stage, region)
	}
	headers := g.headers()
	call := &HTTP{Method: g.Method, URL: below(base, g.Path), Headers: headers, SensitiveHeaders: g.SensitiveHeaders, Body: g.Body, FollowRedirects: true}
	var page *CORS
	if g.CORSOrigin != "" {
		page = &CORS{URL: call.URL, Origin: g.CORSOrigin, Method: g.Method, Headers: maps.Clone(headers), SensitiveHeaders: g.SensitiveHeaders, Body: g.Body}
		if seen := page.preflight(ctx); seen.Status != Pass {
			return seen
		}
		headers["Origin"] = g.CORSOrigin
	}
	answer, seen := call.fetch(ctx)
	if answer != nil {
		seen = g.Expect.judge(answer, HTTPDialect)
		if page != nil && seen.Status == Pass {
			if why := page.checkOrigin(answer.Headers); why != "" {
				seen = seen.fail("the preflight allows it, but %s", why)
			}
		}
	}
	if seen.Reason != "" {
		seen.Reason = call.method() + " " + call.where() + ": " + seen.Reason
	}
	return seen
}

// headers are those of the call; a body that is JSON is said to be.
func (g *APIGateway) headers() map[string]string {
	headers := map[string]string{}
	maps.Copy(headers, g.Headers)
	for _, given := range []map[string]string{g.Headers, g.SensitiveHeaders} {
		for name := range given {
			if strings.EqualFold(name, "Content-Type") {
				return headers
			}
		}
	}
	if g.Body != "" && json.Valid([]byte(g.Body)) {
		headers["Content-Type"] = "application/json"
	}
	return headers
}

// stageAddress is https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html.
func stageAddress(api, stage, region string) *url.URL {
	address := &url.URL{Scheme: "https", Host: api + ".execute-api." + region + "." + awsapi.DNSSuffix(region), Path: "/"}
	if stage != defaultStage {
		address = address.JoinPath(stage)
	}
	return address
}
