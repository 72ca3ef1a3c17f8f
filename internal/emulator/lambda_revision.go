package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
)

// latest is the version that is edited; it is never published.
const latest = "$LATEST"

// revisionKey names a thing with a RevisionId: a version ("$LATEST", "1"), or an alias ("alias live").
func revisionKey(region, function, thing string) string {
	return region + "\x00" + function + "\x00" + thing
}

// revision is the thing's current RevisionId.
func (l *lambdaRules) revision(region, function, thing string) string {
	key := revisionKey(region, function, thing)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, l.revisions[key]))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// stale refuses a call that carries another RevisionId than the thing's.
func (l *lambdaRules) stale(x *exchange, function, thing string) *answer {
	given := jsonStrings(x.body)("RevisionId")
	if given == "" || given == l.revision(x.Region, function, thing) {
		return nil
	}
	return x.fail(http.StatusPreconditionFailed, "PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

// describe lets moto answer and puts the revisions into what it says.
func (l *lambdaRules) describe(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	return l.revised(x, reply), nil
}

// revised puts a RevisionId into every function, version and alias of an answer.
func (l *lambdaRules) revised(x *exchange, reply *answer) *answer {
	var fields map[string]json.RawMessage
	if json.Unmarshal(reply.body, &fields) != nil {
		return reply
	}
	l.revise(x.Region, fields)
	reply.body, _ = json.Marshal(fields) // what was read can be written
	reply.header.Del("Content-Length")
	return reply
}

func (l *lambdaRules) revise(region string, fields map[string]json.RawMessage) {
	text := func(name string) (value string) {
		_ = json.Unmarshal(fields[name], &value) // another type is no text
		return value
	}
	set := func(function, thing string) {
		fields["RevisionId"], _ = json.Marshal(l.revision(region, function, thing)) // a string can be written
	}
	if arn := text("AliasArn"); arn != "" {
		function, _ := functionName(arn)
		set(function, "alias "+text("Name"))
	} else if arn := text("FunctionArn"); arn != "" && text("Version") != "" {
		function, _ := functionName(arn)
		set(function, text("Version"))
	}
	for _, name := range []string{"Functions", "Versions", "Aliases"} {
		var many []map[string]json.RawMessage
		if json.Unmarshal(fields[name], &many) == nil {
			for _, each := range many {
				l.revise(region, each)
			}
			fields[name], _ = json.Marshal(many)
		}
	}
	var one map[string]json.RawMessage
	if json.Unmarshal(fields["Configuration"], &one) == nil {
		l.revise(region, one)
		fields["Configuration"], _ = json.Marshal(one)
	}
}
