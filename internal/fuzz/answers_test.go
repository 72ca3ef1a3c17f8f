package fuzz

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// answering is a function whose answer somebody else writes.
type answering struct{ output *lambda.InvokeOutput }

func (a answering) Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return a.output, nil
}

// FuzzLambdaAnswer: whatever a function answers, the check ends with one line of bearable length that quotes none of it.
func FuzzLambdaAnswer(f *testing.F) {
	for _, text := range []string{
		``, `null`, `{"statusCode":200,"body":"ok"}`, `{"statusCode":1e99,"headers":{"a":["b"]}}`, `{"errorType":"Runtime.ExitError","errorMessage":"` + canary + `"}`,
		`{"errorType":"` + strings.Repeat("x", 100) + `"}`, strings.Repeat(`{"a":`, 5000), `{"headers":{"x":{"y":1}},"statusCode":"200"}`,
	} {
		f.Add([]byte(text), "")
		f.Add([]byte(text), "Unhandled")
	}
	expression, err := probe.CompileExpression(`json.a ?? payload.a ?? "x"`, probe.LambdaDialect)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte, functionError string) {
		output := &lambda.InvokeOutput{StatusCode: 200, Payload: payload, ExecutedVersion: aws.String("1")}
		if functionError != "" {
			output.FunctionError = aws.String("Unhandled")
		}
		check := &probe.Lambda{
			Client:   func(context.Context) (probe.LambdaAPI, error) { return answering{output}, nil },
			Function: "f", Expect: probe.Expect{JSON: []probe.JSONExpectation{{Expression: expression, Want: "x"}}},
		}
		bounded(t, func() {
			seen := check.Probe(t.Context())
			if len(seen.Reason) > 1000 || strings.ContainsAny(seen.Reason, "\n\r\x1b") || strings.Contains(seen.Reason, canary) {
				t.Errorf("the reason is %q", seen.Reason)
			}
			if functionError != "" && seen.Status != probe.Fail {
				t.Errorf("a function that failed is %s", seen.Status)
			}
		})
	})
}

// FuzzDatabaseAnswer: whatever a database server says, from its first byte on, the check ends, passes on no nonsense and shows nothing of
// the dsn.
func FuzzDatabaseAnswer(f *testing.F) {
	message := func(kind byte, body string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
	}
	for _, content := range [][]byte{
		{},
		[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), binary.BigEndian.AppendUint32([]byte{'R'}, 1<<30), message('R', "\x00\x00\x00\x00"), message('R', "\x00\x00\x00\x03"),
		message('E', "SFATAL\x00C28P01\x00Mpassword of "+canary+"\x00\x00"), append(message('R', "\x00\x00\x00\x00"), append(message('S', "server_version\x00"+canary+"\x00"), message('Z', "I")...)...),
		[]byte("\x4a\x00\x00\x00\x0a8.0.36\x00\x01\x00\x00\x0012345678\x00\xff\xff\xff\x02\x00\xff\xdf\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00123456789012\x00mysql_native_password\x00"),
		[]byte("\x20\x00\x00\x00\xff\x15\x04#28000Access denied " + canary),
		{255, 255, 255, 0},
	} {
		f.Add(content)
	}
	var answer atomic.Pointer[[]byte]
	address := answers(f, func() []byte { return *answer.Load() })
	checks := map[probe.DatabaseEngine]string{
		probe.Postgres: "postgres://app:" + canary + "@" + address + "/shop?sslmode=disable",
		probe.MySQL:    "app:" + canary + "@tcp(" + address + ")/shop",
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		answer.Store(&content)
		for engine, dsn := range checks {
			check, err := probe.ParseDatabase(engine, dsn, "")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			bounded(t, func() {
				seen := check.Probe(ctx)
				if ctx.Err() != nil || len(seen.Reason) > 1000 || strings.ContainsAny(seen.Reason, "\n\r\x1b") {
					t.Errorf("%s: %q (%v)", engine, seen.Reason, ctx.Err())
				}
				said := seen.Reason
				for _, value := range seen.Values {
					said += value
				}
				if strings.Contains(said, canary) {
					t.Errorf("%s shows the password: %s", engine, said)
				}
			})
			cancel()
		}
	})
}

// answers speaks first, as databases do, and closes its side then.
func answers(f *testing.F, what func() []byte) (address string) {
	f.Helper()
	return listen(f, func(connection net.Conn) { _, _ = connection.Write(what()) })
}
