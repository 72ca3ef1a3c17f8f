package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// dataset is where a distributed map reads its items, or writes its results.
type dataset struct {
	Resource     string
	ReaderConfig struct{ InputType string }
	Arguments    any
}

// child is one execution that a distributed map started, as its results are exported:
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html.
type child struct {
	ExecutionArn, Name, Status  string
	Input, Output, Error, Cause string
	StartDate, StopDate         string
}

// distributed runs the states of a Map for each item, in an execution of its own that has its own name and no variables of this one:
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html. ItemSelector is computed here, with what this execution
// knows: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemselector.html.
func (m *machine) distributed(ctx context.Context, one state, scope, variables map[string]any) (any, error) {
	items, err := m.items(ctx, one, scope, variables)
	if err != nil {
		return nil, err
	}
	children := make([]child, len(items))
	outputs := make([]any, len(items))
	var running errgroup.Group
	running.SetLimit(max(one.MaxConcurrency, 1))
	for index, item := range items {
		about, _ := scope["context"].(map[string]any)
		about = maps.Clone(about)
		about["Map"] = map[string]any{"Item": map[string]any{"Index": index, "Value": item}}
		input := item
		if one.ItemSelector != nil {
			if input, err = compute(one.ItemSelector, map[string]any{"input": scope["input"], "context": about}, variables); err != nil {
				return nil, errors.Join(err, running.Wait())
			}
		}
		running.Go(func() error {
			var wrong error
			children[index], outputs[index], wrong = m.child(ctx, fmt.Sprintf("child-%d", index), *one.ItemProcessor, input)
			return wrong
		})
	}
	if err := running.Wait(); err != nil {
		return nil, err
	}
	failed := slices.DeleteFunc(slices.Clone(children), func(c child) bool { return c.Status != "FAILED" })
	if len(failed)*100 > int(one.ToleratedFailurePercentage)*len(children) {
		return nil, failure{"States.ExceedToleratedFailureThreshold", fmt.Sprintf("%d of %d failed", len(failed), len(children))}
	}
	if one.ResultWriter == nil {
		encoded, err := json.Marshal(outputs)
		if err == nil && len(encoded) > 256<<10 {
			err = failure{"States.DataLimitExceeded", "the results are larger than 256 KiB"}
		}
		return outputs, err
	}
	return m.export(ctx, *one.ResultWriter, children, scope, variables)
}

// items are those of an object in S3, or of Items.
func (m *machine) items(ctx context.Context, one state, scope, variables map[string]any) ([]any, error) {
	value, err := compute(one.Items, scope, variables)
	if one.ItemReader != nil {
		if one.ItemReader.ReaderConfig.InputType != "JSON" {
			return nil, failure{"States.ItemReaderFailed", "only JSON is read here"}
		}
		var arguments any
		if arguments, err = compute(one.ItemReader.Arguments, scope, variables); err == nil {
			value, err = m.call(ctx, one.ItemReader.Resource, arguments)
		}
		var failed failure
		if errors.As(err, &failed) {
			err = failure{"States.ItemReaderFailed", failed.Error()}
		}
	}
	list, ok := value.([]any)
	if err == nil && !ok {
		err = failure{"States.ItemReaderFailed", "the items are no array"}
	}
	return list, err
}

// child is one execution; err is what is wrong with the machine, not how the execution ended.
func (m *machine) child(ctx context.Context, name string, list states, input any) (child, any, error) {
	began := time.Now()
	own := &machine{client: m.client, does: m.does, name: name, entered: map[string]int{}}
	about := map[string]any{"Execution": map[string]any{"StartTime": stamp(began), "Name": name}}
	output, err := own.run(ctx, list, input, map[string]any{}, about)
	given, wrong := json.Marshal(input)
	if wrong != nil {
		return child{}, nil, wrong
	}
	ended := child{ExecutionArn: "arn:aws:states:us-east-1:123456789012:execution:drift/Look:" + name, Name: name, Status: "SUCCEEDED", Input: string(given), StartDate: stamp(began), StopDate: stamp(time.Now())}
	var failed failure
	if errors.As(err, &failed) {
		ended.Status, ended.Error, ended.Cause = "FAILED", failed.name, failed.cause
		return ended, nil, nil
	}
	result, wrong := json.Marshal(output)
	ended.Output = string(result)
	return ended, output, errors.Join(err, wrong)
}

// export writes the executions by how they ended, and says where.
func (m *machine) export(ctx context.Context, to dataset, children []child, scope, variables map[string]any) (any, error) {
	computed, err := compute(to.Arguments, scope, variables)
	if err != nil {
		return nil, err
	}
	where, _ := computed.(map[string]any)
	const run = "ad9b5f27-090b-3ac6-9beb-243cd77144a7"
	folder := fmt.Sprintf("%v/%s/", where["Prefix"], run)
	files := map[string][]map[string]any{"PENDING": {}, "FAILED": {}, "SUCCEEDED": {}}
	put := func(key string, body any) error {
		encoded, err := json.Marshal(body)
		if err == nil {
			_, err = m.call(ctx, to.Resource, map[string]any{"Bucket": where["Bucket"], "Key": key, "Body": string(encoded)})
		}
		return err
	}
	for status := range files {
		of := slices.DeleteFunc(slices.Clone(children), func(c child) bool { return c.Status != status })
		if len(of) == 0 {
			continue
		}
		key := folder + status + "_0.json"
		if err := put(key, of); err != nil {
			return nil, err
		}
		files[status] = append(files[status], map[string]any{"Key": key})
	}
	arn := "arn:aws:states:us-east-1:123456789012:mapRun:drift/Look:" + run
	key := folder + "manifest.json"
	if err := put(key, map[string]any{"DestinationBucket": where["Bucket"], "MapRunArn": arn, "ResultFiles": files}); err != nil {
		return nil, err
	}
	return map[string]any{"MapRunArn": arn, "ResultWriterDetails": map[string]any{"Bucket": where["Bucket"], "Key": key}}, nil
}
