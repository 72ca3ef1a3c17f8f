package emulator

import (
	"context"
	"net/http"
	"sync"
)

// Function is what an emulated Lambda version does. An error string is FunctionError; the payload is then what Lambda
// would return with it.
type Function func(version string, payload []byte) (response []byte, functionError string)

// OnInvoke sets what invoking a function does. A function without one answers with null.
func (e *Emulator) OnInvoke(functionName string, do Function) { e.lambda.onInvoke(functionName, do) }

// lambdaRules are the rules of Lambda.
type lambdaRules struct {
	mu        sync.Mutex
	functions map[string]Function
}

func newLambdaRules() *lambdaRules { return &lambdaRules{functions: map[string]Function{}} }

func (l *lambdaRules) onInvoke(name string, do Function) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.functions[name] = do
}

func (l *lambdaRules) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.functions = map[string]Function{}
}

func (l *lambdaRules) rule(operation string) rule {
	if operation == "Invoke" {
		return l.invoke
	}
	return nil
}

// invoke answers as https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html says.
func (l *lambdaRules) invoke(_ context.Context, x *exchange) (*answer, error) {
	l.mu.Lock()
	do := l.functions[x.Resource]
	l.mu.Unlock()
	reply := &answer{status: http.StatusOK, header: http.Header{"X-Amz-Executed-Version": {"$LATEST"}}, body: []byte("null")}
	if do != nil {
		body, functionError := do("$LATEST", x.body)
		reply.body = body
		if functionError != "" {
			reply.header.Set("X-Amz-Function-Error", functionError)
		}
	}
	return reply, nil
}
