package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Everything the provider serves, one line each.
var (
	resources = []func() resource.Resource{
		// one constructor a line
	}
	dataSources = []func() datasource.DataSource{
		// one constructor a line
	}
	functions = []func() function.Function{
		// one constructor a line
	}
)
