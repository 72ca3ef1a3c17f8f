// Package provider is the provider block, and the one list of everything that it serves.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

var (
	_ provider.ProviderWithValidateConfig = (*reliability)(nil)
	_ provider.ProviderWithActions        = (*reliability)(nil)
	_ provider.ProviderWithFunctions      = (*reliability)(nil)
)

type reliability struct{ version string }

// New returns the constructor that a provider server takes. version is the provider's own.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &reliability{version: version} }
}

func (p *reliability) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "reliability"
	resp.Version = p.version
}

func (p *reliability) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

func (p *reliability) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.open(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	config.validate(&resp.Diagnostics)
}

// Configure contacts nothing: clients and store are made when something first needs them.
func (p *reliability) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.open(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	clients := awsapi.New(config.toAWS(ctx, &resp.Diagnostics), p.version)
	data := &configured.Data{
		Version:   p.version,
		AWS:       clients,
		OpenStore: config.toStore(clients),
		Health:    config.toHealth(&resp.Diagnostics),
		Sink:      config.toSink(ctx, clients, &resp.Diagnostics),
		Clock:     clock.System{},
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData, resp.DataSourceData, resp.ActionData = data, data, data
}

func (p *reliability) Resources(context.Context) []func() resource.Resource { return resources }

func (p *reliability) Actions(context.Context) []func() action.Action { return actions }

func (p *reliability) DataSources(context.Context) []func() datasource.DataSource { return dataSources }

func (p *reliability) Functions(context.Context) []func() function.Function { return functions }
