// Command terraform-provider-reliability serves the provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/project3-ls/terraform-provider-reliability/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger and print the TF_REATTACH_PROVIDERS to export")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/project3-ls/reliability",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
