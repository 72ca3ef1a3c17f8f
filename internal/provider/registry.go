package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/bluegreenswitch"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/deployment"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/healthgate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/rollback"
)

// Everything the provider serves, one line each.
var (
	actions = []func() action.Action{
		drift.NewAction,
		healthgate.NewAction,
		rollback.NewAction,
		// one constructor a line
	}
	resources = []func() resource.Resource{
		bluegreenswitch.NewResource,
		deployment.NewResource,
		healthgate.NewResource,
		rollback.NewResource,
		// one constructor a line
	}
	dataSources = []func() datasource.DataSource{
		deployment.NewDataSource,
		deployment.NewHistoryDataSource,
		drift.NewDataSource,
		healthgate.NewDataSource,
		rollback.NewDataSource,
		// one constructor a line
	}
	functions = []func() function.Function{
		drift.NewReportFunction,
		// one constructor a line
	}
)
