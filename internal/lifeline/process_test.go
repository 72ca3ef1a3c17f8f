//go:build !windows

package lifeline

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// role makes this test binary one of the two processes: "terraform" starts "provider" and lives until it is killed.
const role = "LIFELINE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "terraform":
		actTerraform()
	case "provider":
		actProvider()
	default:
		os.Exit(m.Run())
	}
}

// report is where the provider tells the test what it does; it ends with the provider, and with it the pipe.
const report = 3

// actTerraform starts the provider as Terraform does, reads its handshake, and stays.
func actTerraform() {
	provider := exec.Command(os.Args[0])
	provider.Env = append(os.Environ(), role+"=provider", "PLUGIN_PROTOCOL_VERSIONS=6",
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	provider.ExtraFiles = []*os.File{os.NewFile(report, "report")}
	out, err := provider.StdoutPipe()
	must(err)
	stderr, err := provider.StderrPipe()
	must(err)
	must(provider.Start())
	handshake, err := bufio.NewReader(out).ReadString('\n')
	must(err)
	fmt.Println(provider.Process.Pid, handshake) //nolint:forbidigo // to the test
	_, err = io.Copy(io.Discard, stderr)
	must(err)
	must(provider.Wait())
}

// actProvider serves, with a piece of work under way that puts things in order once it is cancelled, talking meanwhile.
func actProvider() {
	told := os.NewFile(report, "report")
	tell := func(what string) { _, err := fmt.Fprintln(told, what); must(err) }
	guarded := Hold().Guard(&worker{tell: tell})
	go func() {
		_, err := guarded.ApplyResourceChange(context.Background(), nil)
		must(err)
	}()
	must(tf6server.Serve("registry.terraform.io/example/example", func() tfprotov6.ProviderServer { return guarded }))
	tell("served to the end")
}

type worker struct {
	Server

	tell func(string)
}

func (w *worker) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	w.tell("working")
	<-ctx.Done()
	for range 20 { // into a pipe that nobody reads: SIGPIPE would kill us here
		_, _ = fmt.Fprintln(os.Stderr, "putting things in order")
		_, _ = fmt.Fprintln(os.Stdout, "putting things in order")
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // real processes
	}
	w.tell("in order: " + context.Cause(ctx).Error())
	return &tfprotov6.ApplyResourceChangeResponse{}, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func TestTheProviderOutlivesAKilledTerraformUntilAllIsInOrder(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	must(err)
	terraform := exec.CommandContext(t.Context(), os.Args[0])
	terraform.Env = append(os.Environ(), role+"=terraform")
	terraform.ExtraFiles = []*os.File{write}
	out, err := terraform.StdoutPipe()
	must(err)
	must(terraform.Start())
	must(write.Close())
	must(read.SetReadDeadline(time.Now().Add(20 * time.Second)))
	handshake, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(handshake, "|unix|") {
		t.Fatalf("handshake %q, %v", handshake, err)
	}
	lines := bufio.NewReader(read)
	if line, err := lines.ReadString('\n'); err != nil || line != "working\n" {
		t.Fatalf("%q, %v", line, err)
	}
	killed := time.Now()
	must(terraform.Process.Kill())
	rest, err := io.ReadAll(lines) // the pipe ends when the last process that holds it, the provider, has exited
	if err != nil {
		t.Fatalf("the provider (%s) did not exit: %v", handshake, err)
	}
	if want := "in order: " + ErrGone.Error() + "\n"; string(rest) != want {
		t.Errorf("the provider said %q, want %q", rest, want)
	}
	if took := time.Since(killed); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := terraform.Wait(); err == nil {
		t.Error("terraform was not killed")
	}
}
