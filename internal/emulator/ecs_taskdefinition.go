package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// refuseInactive refuses a service on a task definition that was deregistered, which moto takes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html.
func (x *exchange) refuseInactive(ctx context.Context) (*answer, error) {
	name := jsonStrings(x.body)("taskDefinition")
	if name == "" {
		return nil, nil
	}
	question, _ := json.Marshal(map[string]string{"taskDefinition": name}) // strings can be written
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+x.moto+"/", io.NopCloser(bytes.NewReader(question)))
	if err != nil {
		return nil, err
	}
	out.ContentLength = int64(len(question))
	out.Header.Set("Content-Type", "application/x-amz-json-1.1")
	out.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition")
	out.Header.Set("Authorization", scopedAuthorization(x.Region, x.Service))
	reply, err := x.send(out)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	var described struct {
		TaskDefinition struct {
			Status string `json:"status"`
		} `json:"taskDefinition"`
	}
	if err := json.Unmarshal(reply.body, &described); err != nil {
		return nil, fmt.Errorf("read moto's task definition: %w", err)
	}
	if described.TaskDefinition.Status == "INACTIVE" {
		return x.fail(http.StatusBadRequest, "ClientException", "TaskDefinition is inactive"), nil
	}
	return nil, nil
}
