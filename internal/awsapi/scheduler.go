package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
)

// Scheduler is the part of the client of EventBridge Scheduler that the engines call: a call is one line here.
type Scheduler struct{ client unsafe.Pointer }

func (f *Scheduler) sdk() *scheduler.Client { return (*scheduler.Client)(f.client) }

// Scheduler returns the client for region.
func (c *Clients) Scheduler(ctx context.Context, region string) (*Scheduler, error) {
	return facade(ctx, c, c.scheduler, region, func(config aws.Config) *Scheduler {
		return &Scheduler{unsafe.Pointer(scheduler.NewFromConfig(config, func(o *scheduler.Options) { override(&o.BaseEndpoint, c.endpoint("scheduler")) }))}
	})
}

// CreateSchedule calls EventBridge Scheduler.
func (f *Scheduler) CreateSchedule(ctx context.Context, in *scheduler.CreateScheduleInput, options ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	return f.sdk().CreateSchedule(ctx, in, options...)
}

// UpdateSchedule calls EventBridge Scheduler.
func (f *Scheduler) UpdateSchedule(ctx context.Context, in *scheduler.UpdateScheduleInput, options ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error) {
	return f.sdk().UpdateSchedule(ctx, in, options...)
}

// DeleteSchedule calls EventBridge Scheduler.
func (f *Scheduler) DeleteSchedule(ctx context.Context, in *scheduler.DeleteScheduleInput, options ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error) {
	return f.sdk().DeleteSchedule(ctx, in, options...)
}
