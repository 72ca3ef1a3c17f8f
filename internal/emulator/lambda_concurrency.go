package emulator

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// reserved is provisioned concurrency: there a moment after it was asked for.
type reserved struct {
	count int
	since time.Time
}

// provisionedConcurrency is https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html and its
// siblings: of a version or an alias, never of $LATEST, and not changed while the alias has routing weights
// (https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html).
func (l *lambdaRules) provisionedConcurrency(ctx context.Context, x *exchange) (*answer, error) {
	name, qualifier := target(x)
	if qualifier == "" || qualifier == latest {
		return x.fail(http.StatusBadRequest, "InvalidParameterValueException", "Provisioned Concurrency Configs cannot be applied to unpublished function versions."), nil
	}
	if x.Mutating {
		if refused, err := unprovisionable(ctx, x, name, qualifier); refused != nil || err != nil {
			return refused, err
		}
	}
	key := revisionKey(x.Region, name, qualifier)
	status := http.StatusOK
	if x.Operation == "PutProvisionedConcurrencyConfig" {
		var body struct{ ProvisionedConcurrentExecutions int }
		if err := json.Unmarshal(x.body, &body); err != nil || body.ProvisionedConcurrentExecutions < 1 {
			return x.fail(http.StatusBadRequest, "InvalidParameterValueException", "ProvisionedConcurrentExecutions has to be at least 1."), nil
		}
		l.reserved[key], status = reserved{body.ProvisionedConcurrentExecutions, x.At}, http.StatusAccepted
	}
	has, there := l.reserved[key]
	if !there {
		return x.fail(http.StatusNotFound, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"), nil
	}
	if x.Operation == "DeleteProvisionedConcurrencyConfig" {
		delete(l.reserved, key)
		return &answer{status: http.StatusNoContent, header: http.Header{"X-Amzn-Requestid": {requestID}}}, nil
	}
	available, state := has.count, "READY"
	if x.At.Sub(has.since) < l.propagation {
		available, state = 0, "IN_PROGRESS"
	}
	return x.json(status, map[string]any{
		"RequestedProvisionedConcurrentExecutions": has.count, "AvailableProvisionedConcurrentExecutions": available, "AllocatedProvisionedConcurrentExecutions": available, "Status": state,
	}), nil
}

// unprovisionable refuses to change the provisioned concurrency of what is not there, or of an alias with routing weights.
func unprovisionable(ctx context.Context, x *exchange, name, qualifier string) (*answer, error) {
	if isNumber(qualifier) {
		_, refused, err := getVersion(ctx, x, name, qualifier)
		return refused, err
	}
	alias, refused, err := getAlias(ctx, x, name, qualifier)
	if refused == nil && err == nil && len(alias.weights()) > 0 {
		refused = x.fail(http.StatusBadRequest, "InvalidParameterValueException", "Provisioned Concurrency Configs cannot be changed on an alias with routing configuration.")
	}
	return refused, err
}

// reallocate: an alias that was moved gives its provisioned concurrency to the new version, which takes a moment again.
func (l *lambdaRules) reallocate(x *exchange, function, alias string) {
	key := revisionKey(x.Region, function, alias)
	if has, there := l.reserved[key]; there {
		has.since = x.At
		l.reserved[key] = has
	}
}
