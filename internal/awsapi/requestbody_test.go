package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/middleware"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
)

// echoing is EC2 with as many lines of the group's id as are asked for.
func echoing(line, lines int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id := html.EscapeString(r.Form.Get("GroupId.1"))
		_, _ = fmt.Fprintf(w, `<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>%s</groupId><groupDescription>%s</groupDescription></item></securityGroupInfo></DescribeSecurityGroupsResponse>`,
			id, echoed(id, line, lines))
	}
}

func echoed(id string, line, lines int) string {
	return strings.Repeat(strings.Repeat(id, line)+"\n", lines)
}

// askAtOnce makes calls from many goroutines, each one once, and tells what any of them got wrong.
func askAtOnce(ctx context.Context, t *testing.T, config awsbase.Config, line, lines int) {
	t.Helper()
	server := httptest.NewServer(echoing(line, lines))
	t.Cleanup(server.Close)
	config.AccessKey, config.SecretKey, config.Region = "AKIDEXAMPLE", "example", "eu-west-1"
	config.SkipCredsValidation, config.MaxRetries = true, 1
	client, err := New(Config{Config: config, Endpoints: map[string]string{"ec2": server.URL}}, "test").EC2(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for asker := range 4 {
		group.Go(func() { // owner: the test waits
			for call := range 4 {
				id := fmt.Sprintf("sg-%d%d", asker, call)
				found, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
				switch {
				case err != nil:
					t.Errorf("%s: %v", id, err)
				case len(found.SecurityGroups) != 1 || aws.ToString(found.SecurityGroups[0].Description) != echoed(id, line, lines):
					t.Errorf("%s got another answer than was sent", id)
				}
			}
		})
	}
	group.Wait()
}

// Large answers arrive whole at the first try, whoever else asks: the connection is not closed under them.
func TestLargeAnswersArrive(t *testing.T) {
	t.Parallel()
	askAtOnce(t.Context(), t, awsbase.Config{SuppressDebugLog: true}, 1<<16, 1)
}

// So they do for who asks for the base library's log of requests and answers.
func TestLargeAnswersArriveWhenLogged(t *testing.T) {
	t.Parallel()
	ctx := logging.RegisterLogger(tflogtest.RootLogger(t.Context(), io.Discard), logging.TfLogger(""))
	askAtOnce(ctx, t, awsbase.Config{Logger: logging.TfLogger("")}, 50, 200)
}

// lateWriter is a connection that has sent a request's body, but does not tell so before it is let go.
type lateWriter struct {
	net.Conn
	goOn <-chan struct{}
}

func (l *lateWriter) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if bytes.Contains(p, []byte("Action=")) {
		<-l.goOn
	}
	return n, err
}

// When the answer has begun before net/http is done with the request, which is a matter of luck elsewhere and is made so here, the connection
// stays open for the rest of it.
func TestAnswerBeforeTheRequestIsDone(t *testing.T) {
	t.Parallel()
	begun, written := make(chan struct{}), make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || http.NewResponseController(w).Flush() != nil {
			t.Error("the answer does not begin", err)
			return
		}
		select {
		case <-begun:
		case <-r.Context().Done():
			return
		}
		_, _ = io.WriteString(w, `<DescribeSecurityGroupsResponse><!--`+strings.Repeat("x", 1<<20)+`--></DescribeSecurityGroupsResponse>`)
	}))
	t.Cleanup(server.Close)
	goOn := make(chan struct{})
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &lateWriter{conn, goOn}, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	afterwards := middleware.DeserializeMiddlewareFunc("afterwards", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		close(goOn) // by now the SDK closed the request's body
		select {
		case failed := <-written:
			if failed != nil {
				t.Errorf("net/http takes the request for failed and closes the connection: %v", failed)
			}
		case <-ctx.Done():
			t.Error("the request was never done")
		}
		close(begun)
		return out, metadata, err
	})
	client, err := New(Config{
		Config:     awsbase.Config{AccessKey: "AKIDEXAMPLE", SecretKey: "example", Region: "eu-west-1", SkipCredsValidation: true, MaxRetries: 1},
		Endpoints:  map[string]string{"ec2": server.URL},
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error { return stack.Deserialize.Add(afterwards, middleware.After) }},
	}, "test").EC2(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) { written <- info.Err }})
	if _, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{}, func(o *ec2.Options) { o.HTTPClient = &http.Client{Transport: transport} }); err != nil {
		t.Error(err)
	}
}

// A body is sent whole again when a try failed after it was read.
func TestRequestBodyIsSentAgain(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if err != nil || len(bodies) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, `<DescribeSecurityGroupsResponse/>`)
	}))
	t.Cleanup(server.Close)
	clients := New(Config{
		Config:    awsbase.Config{AccessKey: "AKIDEXAMPLE", SecretKey: "example", Region: "eu-west-1", SkipCredsValidation: true, MaxRetries: 2},
		Endpoints: map[string]string{"ec2": server.URL},
	}, "test")
	client, err := clients.EC2(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-1"}})
	if err != nil || len(bodies) != 2 || bodies[0] != bodies[1] || !strings.Contains(bodies[1], "sg-1") {
		t.Error(errors.Join(err, fmt.Errorf("it was sent as %q", bodies)))
	}
}
