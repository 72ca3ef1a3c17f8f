// Command terraform-provider-reliability serves the provider to Terraform and OpenTofu.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/project3-ls/terraform-provider-reliability/internal/headroom"
	"github.com/project3-ls/terraform-provider-reliability/internal/lifeline"
	"github.com/project3-ls/terraform-provider-reliability/internal/provider"
)

// version is set by the release build.
var version = "dev"

const address = "registry.terraform.io/project3-ls/reliability"

// gcPercent keeps a gate of 500 checks below 120 MB: most of what the framework makes of a configuration is garbage soon.
const gcPercent = 20

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	headroom.UntilCollected()
	attach := flag.Bool("debug", false, "serve for a debugger and print the TF_REATTACH_PROVIDERS to export")
	flag.Parse()
	serve := serve
	if *attach {
		serve = serveForDebugger
	}
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

// serve serves the provider to the process that started it, and ends in order when that dies.
func serve() error {
	server, ok := providerserver.NewProtocol6(provider.New(version)())().(lifeline.Server)
	if !ok {
		return errors.New("the provider framework serves less than the provider has")
	}
	guarded := lifeline.Hold().Guard(server)
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return guarded })
}

func serveForDebugger() error {
	return providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{Address: address, Debug: true})
}
