package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Function is what an emulated Lambda version does. An error string is FunctionError; the payload is then what Lambda
// would return with it.
type Function func(version string, payload []byte) (response []byte, functionError string)

// OnInvoke sets what invoking a function does; nil takes it away. A function without one answers with null. The
// function itself must be there: invoking one that moto does not know is refused.
func (e *Emulator) OnInvoke(functionName string, do Function) {
	e.lambda.mu.Lock()
	defer e.lambda.mu.Unlock()
	if do == nil {
		delete(e.lambda.invokes, functionName)
		return
	}
	e.lambda.invokes[functionName] = do
}

// maxPayload bounds a synchronous payload: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const maxPayload = 6 << 20

// invoke is https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. Moto is asked what there is, never to run it.
func (l *lambdaRules) invoke(ctx context.Context, x *exchange) (*answer, error) {
	name, qualifier := target(x)
	version, refused, err := l.resolve(ctx, x, name, qualifier)
	if refused != nil || err != nil {
		return refused, err
	}
	switch {
	case len(x.body) > maxPayload:
		return x.fail(http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", maxPayload)), nil
	case len(x.body) > 0 && !json.Valid(x.body):
		return x.fail(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json"), nil
	}
	l.mu.Lock()
	do := l.invokes[name]
	l.mu.Unlock()
	reply := &answer{status: http.StatusOK, header: http.Header{"X-Amzn-Requestid": {requestID}}}
	reply.header.Set("X-Amz-Executed-Version", version)
	switch x.request.Header.Get("X-Amz-Invocation-Type") {
	case "DryRun":
		reply.status = http.StatusNoContent
		return reply, nil
	case "Event": // nobody sees what it returns
		reply.status = http.StatusAccepted
		if do != nil {
			do(version, x.body)
		}
		return reply, nil
	}
	reply.header.Set("Content-Type", "application/json")
	reply.body = []byte("null")
	if do != nil {
		body, functionError := do(version, x.body)
		reply.body = body
		if functionError != "" {
			reply.header.Set("X-Amz-Function-Error", functionError)
		}
	}
	return reply, nil
}

// resolve returns the version that a qualifier stands for; that of an alias with weights is chosen by chance, the same
// at each run. refused is the answer when there is none.
func (l *lambdaRules) resolve(ctx context.Context, x *exchange, name, qualifier string) (version string, refused *answer, err error) {
	if qualifier == "" {
		qualifier = latest
	}
	if qualifier == latest || isNumber(qualifier) {
		_, refused, err = getVersion(ctx, x, name, qualifier)
		if refused != nil && qualifier == latest {
			refused = functionNotFound(x, name, "")
		}
		return qualifier, refused, err
	}
	alias, refused, err := getAlias(ctx, x, name, qualifier)
	if refused != nil || err != nil {
		return "", functionNotFound(x, name, qualifier), err
	}
	l.mu.Lock()
	chance := l.random.Float64()
	l.mu.Unlock()
	for _, other := range slices.Sorted(maps.Keys(alias.weights())) {
		if chance < alias.weights()[other] {
			return other, nil, nil
		}
	}
	return alias.FunctionVersion, nil, nil
}
