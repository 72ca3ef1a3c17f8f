// Command emulator starts the emulator alone and prints the environment of a process that should talk to it, until it
// is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// startTimeout covers the installation of moto at first use.
const startTimeout = 5 * time.Minute

func main() {
	var options emulator.Options
	flag.StringVar(&options.Address, "address", "127.0.0.1:0", "where to listen, a loopback host:port")
	flag.StringVar(&options.Log, "log", "", "a file for moto's and the proxy's output")
	flag.DurationVar(&options.Propagation, "propagation", time.Second, "how long a CloudFront or Route 53 change takes")
	flag.Parse()
	if err := serve(options); err != nil {
		fmt.Fprintln(os.Stderr, "emulator:", err)
		os.Exit(1)
	}
}

func serve(options emulator.Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	started, err := emulator.Start(starting, options)
	if err != nil {
		return err
	}
	for _, line := range started.Env() {
		fmt.Println("export", line)
	}
	<-ctx.Done()
	return started.Close()
}
