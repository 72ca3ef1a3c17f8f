package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// lambdaAlias is https://docs.aws.amazon.com/lambda/latest/api/API_AliasConfiguration.html.
type lambdaAlias struct {
	Name            string
	FunctionVersion string
	RoutingConfig   *struct{ AdditionalVersionWeights map[string]float64 }
}

func (a lambdaAlias) weights() map[string]float64 {
	if a.RoutingConfig == nil {
		return nil
	}
	return a.RoutingConfig.AdditionalVersionWeights
}

// createAlias is https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html.
func (l *lambdaRules) createAlias(ctx context.Context, x *exchange) (*answer, error) {
	var alias lambdaAlias
	if err := json.Unmarshal(x.body, &alias); err != nil {
		return x.fail(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: "+err.Error()), nil
	}
	name, _ := target(x)
	if refused, err := l.unroutable(ctx, x, name, alias); refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		if reply != nil && reply.code == "ConflictException" { // the service says ResourceConflictException
			reply = x.fail(http.StatusConflict, "ResourceConflictException", "Alias already exists: "+functionARN(x, name, alias.Name))
		}
		return reply, err
	}
	l.revisions[revisionKey(x.Region, name, "alias "+alias.Name)]++
	return l.revised(x, reply), nil
}

// updateAlias is https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html. What is not given stays.
func (l *lambdaRules) updateAlias(ctx context.Context, x *exchange) (*answer, error) {
	name, _ := target(x)
	alias, refused, err := getAlias(ctx, x, name, aliasOf(x))
	if refused != nil || err != nil {
		return refused, err
	}
	thing := "alias " + alias.Name
	if stale := l.stale(x, name, thing); stale != nil {
		return stale, nil
	}
	before := alias.RoutingConfig
	alias.RoutingConfig = nil // what is given replaces, it is not added to what there was
	if err := json.Unmarshal(x.body, &alias); err != nil {
		return x.fail(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: "+err.Error()), nil
	}
	if alias.RoutingConfig == nil {
		alias.RoutingConfig = before
	}
	if refused, err := l.unroutable(ctx, x, name, alias); refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	l.revisions[revisionKey(x.Region, name, thing)]++
	l.reallocate(x, name, alias.Name)
	return l.revised(x, reply), nil
}

// aliasOf returns the alias in the path of a call.
func aliasOf(x *exchange) string {
	return path.Base(x.request.URL.Path)
}

// getAlias asks moto for an alias. refused is its answer when there is none.
func getAlias(ctx context.Context, x *exchange, function, name string) (alias lambdaAlias, refused *answer, err error) {
	reply, err := x.ask(ctx, functionPath(function, "/aliases/"+url.PathEscape(name), ""))
	if err != nil || reply.status >= http.StatusBadRequest {
		return alias, reply, err
	}
	if err := json.Unmarshal(reply.body, &alias); err != nil {
		return alias, nil, fmt.Errorf("read moto's alias: %w", err)
	}
	return alias, nil, nil
}

// unroutable refuses an alias whose versions cannot share its traffic: at most two, both published, with the same role
// and dead-letter queue (https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html).
func (l *lambdaRules) unroutable(ctx context.Context, x *exchange, function string, alias lambdaAlias) (*answer, error) {
	invalid := func(message string) (*answer, error) {
		return x.fail(http.StatusBadRequest, "InvalidParameterValueException", message), nil
	}
	weights := alias.weights()
	if len(weights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1.")
	}
	primary, refused, err := getVersion(ctx, x, function, alias.FunctionVersion)
	if refused != nil || err != nil {
		return refused, err
	}
	for version, weight := range weights {
		switch {
		case weight < 0 || weight > 1:
			return invalid(fmt.Sprintf("The weight %v of version %s is not between 0.0 and 1.0.", weight, version))
		case version == latest || alias.FunctionVersion == latest:
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		case version == alias.FunctionVersion:
			return invalid(fmt.Sprintf("Invalid function version %s. Function version %s is already included in routing configuration.", version, version))
		}
		second, refused, err := getVersion(ctx, x, function, version)
		if refused != nil || err != nil {
			return refused, err
		}
		if primary.Role != second.Role {
			return invalid("The versions of an alias must have the same execution role.")
		}
		if primary.DeadLetterConfig != second.DeadLetterConfig {
			return invalid("The versions of an alias must have the same dead-letter queue.")
		}
	}
	return nil, nil
}

// lambdaVersion is the part of a version's configuration that matters to aliases.
type lambdaVersion struct {
	Role             string
	DeadLetterConfig struct{ TargetArn string }
}

// getVersion asks moto for a version, "$LATEST" or a number: an alias cannot stand for another.
func getVersion(ctx context.Context, x *exchange, function, version string) (config lambdaVersion, refused *answer, err error) {
	reply, err := x.ask(ctx, functionPath(function, "/configuration", version))
	if err != nil {
		return config, nil, err
	}
	if reply.status >= http.StatusBadRequest || (version != latest && !isNumber(version)) {
		return config, functionNotFound(x, function, version), nil
	}
	if err := json.Unmarshal(reply.body, &config); err != nil {
		return config, nil, fmt.Errorf("read moto's version: %w", err)
	}
	return config, nil, nil
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
