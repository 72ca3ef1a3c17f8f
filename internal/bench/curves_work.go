package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// growDrift reads a made-up state and compares it with made-up answers.
func growDrift(ctx context.Context, size int) error {
	reader := inStep{}
	state, err := drift.ReadState(&madeUpState{resources: size}, drift.Specs([]live.Reader{reader}))
	if err != nil {
		return err
	}
	result, err := drift.Detect(ctx, drift.Options{
		State: state, Readers: []live.Reader{reader}, Parallelism: 16, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Account: func(context.Context) (string, error) { return "123456789012", nil }, Region: func(context.Context) (string, error) { return "us-east-1", nil },
	})
	if err == nil && (result.Checked != size || len(result.Items) != 0) {
		err = fmt.Errorf("%d compared, %d differ: this is no measurement", result.Checked, len(result.Items))
	}
	return err
}

// inStep answers what the state holds.
type inStep struct{}

const madeUpType = "aws_security_group"

// Types are those of the real reader.
func (inStep) Types() []live.Spec {
	for _, reader := range live.Readers(nil) {
		for _, spec := range reader.Types() {
			if spec.Type == madeUpType {
				return []live.Spec{spec}
			}
		}
	}
	return nil
}

// Read hands over one answer after another, and keeps none.
func (r inStep) Read(_ context.Context, batch live.Batch) (map[live.Address]live.Outcome, error) {
	table := r.Types()[0].Attributes
	for _, resource := range batch.Resources {
		attributes := live.Attributes{}
		for _, attribute := range table {
			if value, held := attribute.Expected(resource); held {
				attributes[attribute.Path] = value
			}
		}
		batch.Done(resource.Address, live.Outcome{Status: live.Found, Attributes: attributes})
	}
	return nil, nil
}

// madeUpState is a state of any size of which only the resource in hand is there.
type madeUpState struct {
	resources, made int
	text            []byte
	begun, ended    bool
}

// Read makes up the next resources.
func (m *madeUpState) Read(p []byte) (int, error) {
	if !m.begun {
		m.begun = true
		m.text = []byte(`{"version":4,"serial":1,"lineage":"x","resources":[`)
	}
	for len(m.text) < len(p) && m.made < m.resources {
		if m.made > 0 {
			m.text = append(m.text, ',')
		}
		m.text = fmt.Appendf(m.text, `{"mode":"managed","type":%q,"name":"g%07d","provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{"schema_version":1,"attributes":`+
			`{"id":"sg-%017d","arn":"arn:aws:ec2:us-east-1:123456789012:security-group/sg-%017d","description":"made up","owner_id":"123456789012","vpc_id":"vpc-1","tags":{"Name":"g%07d"},"tags_all":{"Name":"g%07d"},`+
			`"egress":[{"cidr_blocks":["0.0.0.0/0"],"from_port":0,"to_port":0,"protocol":"-1"}],"ingress":[{"cidr_blocks":["10.0.0.0/8"],"from_port":443,"to_port":443,"protocol":"tcp"}]}}]}`,
			madeUpType, m.made, m.made, m.made, m.made, m.made)
		m.made++
	}
	if m.made == m.resources && !m.ended {
		m.ended = true
		m.text = append(m.text, "]}"...)
	}
	if len(m.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.text)
	m.text = m.text[:copy(m.text, m.text[n:])]
	return n, nil
}

func growCapture(ctx context.Context, size int) error {
	bucket, err := service.NewS3Bucket(&madeUp{objects: size}, "b", "", nil, service.S3Options{})
	if err != nil {
		return err
	}
	found, err := recapture(ctx, bucket, service.Item{})
	if err == nil && found != size {
		err = fmt.Errorf("%d of %d objects: this is no measurement", found, size)
	}
	return err
}

// growRestore compares a bucket of which every object was written over with its capture, and copies all of it back.
func growRestore(ctx context.Context, size int) error {
	bucket, err := service.NewS3Bucket(&madeUpCopies{madeUp: madeUp{objects: size, replaced: true}}, "b", "", nil, service.S3Options{})
	if err != nil {
		return err
	}
	changes, err := bucket.Diff(ctx, service.Item{State: fmt.Appendf(nil, `{"bucket":"b","prefix":"","exclude":[],"objects":%d}`, size), Parts: madeUpParts(size)})
	if err != nil {
		return err
	}
	return bucket.Restore(ctx, changes)
}

// madeUpCopies is a bucket whose objects can be looked at and copied.
type madeUpCopies struct{ madeUp }

// HeadObject answers as of an old version.
func (m *madeUpCopies) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return &s3.HeadObjectOutput{ContentLength: aws.Int64(1), VersionId: in.VersionId, ETag: in.VersionId, StorageClass: types.StorageClassStandard}, nil
}

// CopyObject answers that it was done.
func (m *madeUpCopies) CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	return &s3.CopyObjectOutput{VersionId: aws.String("n"), CopyObjectResult: &types.CopyObjectResult{}}, nil
}

// growGate runs checks that pass at once.
func growGate(ctx context.Context, size int) error {
	checks := make([]gate.Check, 0, size)
	for i := range size {
		checks = append(checks, gate.Check{Name: fmt.Sprintf("check-%07d", i), Probe: passing{}})
	}
	result := gate.Run(ctx, checks, gate.Policy{Timeout: time.Hour, Parallelism: 64}, gate.Options{Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if result.Verdict != gate.Passed || len(result.Checks) != size {
		return fmt.Errorf("%s, %d checks: this is no measurement", result.Verdict, len(result.Checks))
	}
	return nil
}

type passing struct{}

// Name is the kind of the check.
func (passing) Name() string { return "made_up" }

// Probe passes.
func (passing) Probe(context.Context) probe.Observation {
	return probe.Observation{Status: probe.Pass, Reason: "it is made up"}
}
