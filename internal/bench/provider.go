package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const (
	sizeLimit    = 60_000_000
	startLimit   = 250 * time.Millisecond
	memoryLimit  = 70_000_000
	planLimit    = 60 * time.Millisecond // over a provider that does nothing
	planOfLimit  = 2.0                   // of what the SDK and our size alone take, where that is more
	idleSampling = 5 * time.Millisecond
)

// idle plans one resource that is made at apply, so that the plan has nothing to do.
const idle = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

resource "reliability_health_gate" "idle" {
  checks = { site = { http = { url = "http://127.0.0.1:9/" } } }
}
`

// providerRows measure what the provider costs before it does anything.
func providerRows(ctx context.Context, b *bench) ([]row, error) {
	dir := filepath.Join(b.dir, "idle")
	released := filepath.Join(b.dir, "released-provider") // without C, as a release is built: it is smaller, in memory too
	if err := built(ctx, released, "."); err != nil {
		return nil, err
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: dir, Root: ".", Provider: released})
	if err != nil {
		return nil, err
	}
	size, err := fileSize(w.Provider)
	if err != nil {
		return nil, err
	}
	start, err := b.median(func() (time.Duration, error) { return startAndSchema(ctx, w.Provider, 6) })
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", idle); err != nil {
		return nil, err
	}
	if err := w.Init(ctx); err != nil {
		return nil, err
	}
	memory, err := watched(ctx, w, w.Provider, "plan", "-no-color", "-input=false")
	if err != nil {
		return nil, err
	}
	other, err := b.emptyProvider(ctx)
	if err != nil {
		return nil, err
	}
	besideAWS, err := b.emptyBesideAWS(ctx, size)
	if err != nil {
		return nil, err
	}
	took, err := b.planTimes(ctx, w, besideAWS, other)
	if err != nil {
		return nil, err
	}
	rows := []row{
		{What: "binary, stripped", Ours: mb(size), Limit: mb(sizeLimit), Exceeded: size > sizeLimit},
		{What: "start-up and schema", Ours: ms(start), Limit: ms(startLimit), Exceeded: start > startLimit},
		{What: "resident memory, idle plan", Ours: mb(memory), Limit: mb(memoryLimit), Exceeded: memory > memoryLimit},
		overheadRow(took),
	}
	if err := b.besideEmpty(ctx, rows, other, size, memory, start); err != nil {
		return nil, err
	}
	return rows, b.besideAWS(ctx, rows, size, start)
}

// besideEmpty fills in what the smallest provider of the framework needs.
func (b *bench) besideEmpty(ctx context.Context, rows []row, other *workspace.Workspace, size, memory int64, start time.Duration) error {
	least, err := fileSize(other.Provider)
	if err != nil {
		return err
	}
	soonest, err := b.median(func() (time.Duration, error) { return startAndSchema(ctx, other.Provider, 6) })
	if err != nil {
		return err
	}
	idle, err := watched(ctx, other, other.Provider, "plan", "-no-color", "-input=false")
	const name = "a provider that does nothing: "
	rows[0].Bound = name + mb(least) + " (" + ratio(size, least) + ")"
	rows[1].Bound = name + ms(soonest) + " (" + ratio(start, soonest) + ")"
	rows[2].Bound = name + mb(idle) + " (" + ratio(memory, idle) + ")"
	return err
}

// besideAWS fills in the same figures of hashicorp/aws, where it is at hand.
func (b *bench) besideAWS(ctx context.Context, rows []row, ourSize int64, ourStart time.Duration) error {
	if b.mirror == "" {
		return nil
	}
	aws, err := awsIn(b.mirror)
	if err != nil {
		return err
	}
	size, err := fileSize(aws)
	if err != nil {
		return err
	}
	rows[0].Beside, rows[0].Ratio = "hashicorp/aws "+mb(size), ratio(ourSize, size)
	start, err := b.median(func() (time.Duration, error) { return startAndSchema(ctx, aws, 5) })
	if err != nil {
		return err
	}
	rows[1].Beside, rows[1].Ratio = "hashicorp/aws "+ms(start), ratio(ourStart, start)
	return nil
}

// awsIn is the executable of hashicorp/aws in a mirror, behind all links.
func awsIn(mirror string) (string, error) {
	found, err := filepath.Glob(filepath.Join(mirror, "registry.terraform.io", "hashicorp", "aws", "*", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws_*"))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("hashicorp/aws is not in %s", mirror)
	}
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(found[len(found)-1])
}

// startAndSchema starts a provider as Terraform does and asks it for its schema.
func startAndSchema(ctx context.Context, binary string, protocol int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS="+strconv.Itoa(protocol))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("%s did not introduce itself: %w", filepath.Base(binary), err)
	}
	parts := strings.Split(strings.TrimSpace(line), "|") // core version | protocol | network | address | kind | certificate
	if len(parts) < 5 || parts[2] != "unix" {
		return 0, fmt.Errorf("%s introduced itself as %q", filepath.Base(binary), line)
	}
	conn, err := grpc.NewClient("unix:"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // the provider ends with it
	method := fmt.Sprintf("/tfplugin%d.Provider/GetProviderSchema", protocol)
	if protocol == 5 {
		method = "/tfplugin5.Provider/GetSchema"
	}
	var schema []byte
	if err := conn.Invoke(ctx, method, &[]byte{}, &schema, grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(1<<30)); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// raw passes messages through unread.
type raw struct{}

var _ encoding.Codec = raw{}

func (raw) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("a %T is no raw message", v)
	}
	return *message, nil
}

func (raw) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("a %T is no raw message", v)
	}
	*message = slices.Clone(data)
	return nil
}

func (raw) Name() string { return "raw" }

// watched runs the client and returns the most resident memory that a process of provider, an executable, ever had.
func watched(ctx context.Context, w *workspace.Workspace, provider string, args ...string) (int64, error) {
	cmd := w.Command(ctx, args...)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(idleSampling)
	defer tick.Stop()
	var most int64
	for {
		select {
		case err := <-ended:
			if err == nil && most == 0 {
				err = fmt.Errorf("no process of %s was seen; /proc is needed", provider)
			}
			return most, err
		case <-tick.C:
			most = max(most, residentOf(provider))
		}
	}
}

// residentOf returns the high-water mark of the resident memory of the process that runs binary, in bytes, or 0.
func residentOf(binary string) int64 {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != binary {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(link), "status"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
				kib, _ := strconv.ParseInt(fields[1], 10, 64)
				return kib * 1024
			}
		}
	}
	return 0
}

func fileSize(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
