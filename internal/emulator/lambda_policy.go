package emulator

import (
	"context"
	"encoding/json"
	"net/http"
)

// getFunctionPolicy is https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html: without a statement there is no
// policy. Moto answers with an empty one.
func getFunctionPolicy(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var policy struct{ Statement []json.RawMessage }
	if json.Unmarshal([]byte(jsonStrings(reply.body)("Policy")), &policy) == nil && len(policy.Statement) == 0 {
		return x.fail(http.StatusNotFound, "ResourceNotFoundException", "The resource you requested does not exist."), nil
	}
	return reply, nil
}
