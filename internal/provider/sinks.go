package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type metricsModel struct {
	Namespace      types.String `tfsdk:"namespace"`
	DriftNamespace types.String `tfsdk:"drift_namespace"`
	Dimensions     types.Map    `tfsdk:"dimensions"`
}

type notifyModel struct {
	SNSTopicARN  types.String `tfsdk:"sns_topic_arn"`
	EventBusName types.String `tfsdk:"event_bus_name"`
}

const (
	defaultNamespace      = "Custom/DeploymentHealth"
	defaultDriftNamespace = "Custom/AdvancedInfrastructureDrift"
	// maxDimensions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
	maxDimensions = 30
)

// toSink returns what delivers events; its clients are made when the first event is sent.
func (m *model) toSink(ctx context.Context, clients *awsapi.Clients, diags *diag.Diagnostics) notify.Sink {
	sinks := notify.Sinks{}
	if m.Metrics != nil {
		sinks = append(sinks, &notify.CloudWatch{
			Client: func(ctx context.Context) (notify.CloudWatchAPI, error) { return clients.CloudWatch(ctx, "") },
			Namespace: func(kind notify.Kind) string {
				if kind == notify.DriftFound || kind == notify.DriftMeasured {
					return or(m.Metrics.DriftNamespace, defaultDriftNamespace)
				}
				return or(m.Metrics.Namespace, defaultNamespace)
			},
			Dimensions: configured.StringMap(ctx, m.Metrics.Dimensions, diags),
		})
	}
	if m.Notify == nil {
		return sinks
	}
	if topic := m.Notify.SNSTopicARN.ValueString(); topic != "" {
		sinks = append(sinks, &notify.SNS{
			Client:   func(ctx context.Context) (notify.SNSAPI, error) { return clients.SNS(ctx, notify.RegionOf(topic)) },
			TopicARN: topic,
		})
	}
	if bus := m.Notify.EventBusName.ValueString(); bus != "" {
		sinks = append(sinks, &notify.EventBridge{
			Client:  func(ctx context.Context) (notify.EventBridgeAPI, error) { return clients.EventBridge(ctx, "") },
			BusName: bus,
		})
	}
	return sinks
}

func or(text types.String, otherwise string) string {
	if value := text.ValueString(); value != "" {
		return value
	}
	return otherwise
}
