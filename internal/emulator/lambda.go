package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// lambdaRules are the rules of Lambda. The functions, versions and aliases are moto's; their revisions are ours.
type lambdaRules struct {
	mu        sync.Mutex
	revisions map[string]int      // of each thing (see revisionKey), how often it was changed
	invokes   map[string]Function // by function name
	reserved  map[string]reserved // provisioned concurrency of a version or alias (see revisionKey)

	propagation time.Duration // until it is there
	random      *rand.Rand    // chooses a version by an alias's weights
}

func newLambdaRules() *lambdaRules {
	l := &lambdaRules{}
	l.reset()
	return l
}

func (l *lambdaRules) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revisions, l.invokes = map[string]int{}, map[string]Function{}
	l.reserved = map[string]reserved{}
	l.random = rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to be repeatable
}

func (l *lambdaRules) rule(operation string) rule {
	switch operation {
	case "Invoke":
		return l.invoke
	case "GetFunction", "GetFunctionConfiguration", "ListFunctions", "ListVersionsByFunction", "GetAlias", "ListAliases":
		return l.locked(l.describe)
	case "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration":
		return l.locked(l.changeFunction)
	case "PublishVersion":
		return l.locked(l.publishVersion)
	case "DeleteFunction":
		return l.locked(l.deleteFunction)
	case "GetPolicy":
		return l.locked(getFunctionPolicy)
	case "GetProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig":
		return l.locked(l.provisionedConcurrency)
	case "CreateAlias":
		return l.locked(l.createAlias)
	case "UpdateAlias":
		return l.locked(l.updateAlias)
	}
	return nil
}

// locked serves one changing call at a time: what a rule has checked stays true until moto has done it.
func (l *lambdaRules) locked(serve rule) rule {
	return func(ctx context.Context, x *exchange) (*answer, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return serve(ctx, x)
	}
}

// functionName takes a function's name, ARN or partial ARN apart:
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax.
func functionName(id string) (name, qualifier string) {
	if _, after, found := strings.Cut(id, "function:"); found {
		id = after
	}
	name, qualifier, _ = strings.Cut(id, ":")
	return name, qualifier
}

// target returns the name and the qualifier that a call is about.
func target(x *exchange) (name, qualifier string) {
	name, qualifier = functionName(x.Resource)
	if qualifier == "" {
		qualifier = x.request.URL.Query().Get("Qualifier")
	}
	return name, qualifier
}

// functionPath is the escaped path of a function, with a part of it and a query.
func functionPath(name, part, qualifier string) string {
	path := "/2015-03-31/functions/" + url.PathEscape(name) + part
	if qualifier != "" {
		path += "?Qualifier=" + url.QueryEscape(qualifier)
	}
	return path
}

func functionARN(x *exchange, name, qualifier string) string {
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", x.Region, AccountID, name)
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// functionNotFound is what every operation says of a function or version that is not there.
func functionNotFound(x *exchange, name, qualifier string) *answer {
	return x.fail(http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+functionARN(x, name, qualifier))
}

// changeFunction is https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html and
// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html: a RevisionId that is not the
// current one is refused, and each change makes a new one.
func (l *lambdaRules) changeFunction(ctx context.Context, x *exchange) (*answer, error) {
	name, _ := target(x)
	if x.Operation == "CreateFunction" {
		name = jsonStrings(x.body)("FunctionName")
	} else if stale := l.stale(x, name, latest); stale != nil {
		return stale, nil
	}
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	l.revisions[revisionKey(x.Region, name, latest)]++
	return l.revised(x, reply), nil
}

// publishVersion is https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html: only when RevisionId and
// CodeSha256, where given, are those of $LATEST.
func (l *lambdaRules) publishVersion(ctx context.Context, x *exchange) (*answer, error) {
	name, _ := target(x)
	if stale := l.stale(x, name, latest); stale != nil {
		return stale, nil
	}
	if want := jsonStrings(x.body)("CodeSha256"); want != "" {
		reply, err := x.ask(ctx, functionPath(name, "/configuration", ""))
		if err != nil || reply.status >= http.StatusBadRequest {
			return reply, err
		}
		if have := jsonStrings(reply.body)("CodeSha256"); have != want {
			return x.fail(http.StatusBadRequest, "InvalidParameterValueException",
				fmt.Sprintf("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s).", want, have)), nil
		}
	}
	return l.describe(ctx, x)
}

// deleteFunction is https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html: a version that an alias
// refers to stays.
func (l *lambdaRules) deleteFunction(ctx context.Context, x *exchange) (*answer, error) {
	name, version := target(x)
	if version == "" {
		reply, err := x.forward(ctx)
		if err == nil && reply.status < http.StatusBadRequest {
			prefix := revisionKey(x.Region, name, "")
			for key := range maps.Clone(l.revisions) {
				if strings.HasPrefix(key, prefix) {
					l.revisions[key]++ // a function made anew has new revisions
				}
			}
		}
		return reply, err
	}
	if version == latest {
		return x.fail(http.StatusBadRequest, "InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the function."), nil
	}
	reply, err := x.ask(ctx, functionPath(name, "/aliases", ""))
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var listed struct{ Aliases []lambdaAlias }
	if err := json.Unmarshal(reply.body, &listed); err != nil {
		return nil, fmt.Errorf("read moto's aliases: %w", err)
	}
	for _, alias := range listed.Aliases {
		if _, weighted := alias.weights()[version]; weighted || alias.FunctionVersion == version {
			return x.fail(http.StatusConflict, "ResourceConflictException", fmt.Sprintf(
				"Version %s of function %s cannot be deleted: the alias %s refers to it", version, name, alias.Name)), nil
		}
	}
	return x.forward(ctx)
}
