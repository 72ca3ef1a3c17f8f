package healthgate_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/miekg/dns"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func gateOf(t *testing.T, checks, more string) string {
	t.Helper()
	return acctest.ProviderBlock(t) + "resource \"reliability_health_gate\" \"test\" {\n  checks = {\n" + checks + "\n  }\n  max_retries = 0\n" + more + "\n}\n"
}

// TestAccHealthGate_tcpAndDNS: servers of the test's own, in an order that needs gives.
func TestAccHealthGate_tcpAndDNS(t *testing.T) {
	acctest.Emulator(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "220 mail ready\r\n")
			conn.Close()
		}
	}()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg).SetReply(q)
		record, _ := dns.NewRR(q.Question[0].Name + " 1 IN A 192.0.2.7")
		answer.Answer = []dns.RR{record}
		w.WriteMsg(answer)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	checks := fmt.Sprintf(`
    mail = { tcp = { address = %q, expect = "220 " } }
    name = { dns = { name = "www.example.test", resolver = %q, expect = ["192.0.2.7"] }, needs = ["mail"], timeout = "2s" }
`, listener.Addr(), packets.LocalAddr())
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, checks, ""), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{
			Config:      gateOf(t, strings.Replace(checks, "220 ", "500 ", 1), `triggers = { a = "b" }`),
			ExpectError: regexp.MustCompile(`(?s)mail \(tcp\) failed after 1 attempt.*without "500 "`),
		},
	}})
}

func code(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	writer := zip.NewWriter(&packed)
	if _, err := writer.Create("index.py"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func function(t *testing.T, e *emulator.Emulator, name string) {
	t.Helper()
	role, err := iam.NewFromConfig(e.AWSConfig()).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String("{}")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = lambda.NewFromConfig(e.AWSConfig()).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: role.Role.Arn, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &lambdatypes.FunctionCode{ZipFile: code(t)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccHealthGate_lambda: answers, fails, is missing.
func TestAccHealthGate_lambda(t *testing.T) {
	e := acctest.Emulator(t)
	function(t, e, "gate-function")
	answer, functionError := `{"ok":true,"secret":"hunter2"}`, ""
	e.OnInvoke("gate-function", func(_ string, payload []byte) ([]byte, string) {
		if string(payload) != `{"ping":1}` {
			return []byte(`{}`), ""
		}
		return []byte(answer), functionError
	})
	check := func(name string) string {
		return fmt.Sprintf(`api = { lambda = { function_name = %q, payload = jsonencode({ ping = 1 }), expect = { success = "payload.ok == true" } } }`, name)
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, check("gate-function"), `triggers = { step = "1" }`), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{
			PreConfig: func() { answer = `{"ok":false,"secret":"hunter2"}` },
			Config:    gateOf(t, check("gate-function"), `triggers = { step = "2" }`), ExpectError: regexp.MustCompile(`api \(lambda\) failed after 1 attempt`),
		},
		{
			PreConfig: func() { answer, functionError = `{"errorType":"KeyError","errorMessage":"hunter2"}`, "Unhandled" },
			Config:    gateOf(t, check("gate-function"), `triggers = { step = "2" }`), ExpectError: regexp.MustCompile(`(?s)the\s+function\s+failed\s+\(Unhandled,\s+KeyError\)`),
		},
		{
			Config:      gateOf(t, check("gate-no-function"), "region = \"us-east-1\"\nretry_delay = \"1h\""),
			ExpectError: regexp.MustCompile(`(?s)api \(lambda\) error after 1 attempt.*ResourceNotFoundException`),
		},
	}})
}

// TestAccHealthGate_alarm: OK, ringing, without data, missing.
func TestAccHealthGate_alarm(t *testing.T) {
	e := acctest.Emulator(t)
	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	if _, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("gate-alarm"), Namespace: aws.String("App"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	}); err != nil {
		t.Fatal(err)
	}
	set := func(state cwtypes.StateValue) func() {
		return func() {
			if _, err := client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("gate-alarm"), StateValue: state, StateReason: aws.String("a test")}); err != nil {
				t.Error(err)
			}
		}
	}
	const check = `errors = { alarm = { names = ["gate-alarm"] } }`
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{PreConfig: set(cwtypes.StateValueInsufficientData), Config: gateOf(t, check, ""), ExpectError: regexp.MustCompile(`(?s)Health checks inconclusive.*allow_insufficient_data`)},
		{
			Config:            gateOf(t, `errors = { alarm = { names = ["gate-alarm"], allow_insufficient_data = true } }`, ""),
			ConfigStateChecks: []statecheck.StateCheck{healthy(true)},
		},
		{PreConfig: set(cwtypes.StateValueOk), Config: gateOf(t, check, ""), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{PreConfig: set(cwtypes.StateValueAlarm), Config: gateOf(t, check, `triggers = { a = "b" }`), ExpectError: regexp.MustCompile("in state ALARM: gate-alarm")},
		{Config: gateOf(t, `errors = { alarm = { names = ["gate-gone"] } }`, ""), ExpectError: regexp.MustCompile(`(?s)no such alarm\s+in\s+this\s+account\s+and\s+Region:\s+gate-gone`)},
	}})
}

// TestAccHealthGate_noAWS: a configuration with only HTTP checks needs no credentials and makes no AWS call.
func TestAccHealthGate_noAWS(t *testing.T) {
	e := acctest.Emulator(t)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	s := serve(t)
	before := len(e.Calls())
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config:            config(t, s, ""),
		ConfigStateChecks: []statecheck.StateCheck{healthy(true)},
		Check: func(*terraform.State) error {
			if calls := e.Calls()[before:]; len(calls) > 0 {
				return fmt.Errorf("AWS was called: %v", calls)
			}
			return nil
		},
	}}})
}

// TestAccHealth_basic: the data source blocks the plan.
func TestAccHealth_basic(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	text := func(more string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
data "reliability_health" "test" {
  checks      = { site = { http = { url = %q, method = "HEAD" } } }
  max_retries = 1
  retry_delay = "0s"
  %s
}
resource "terraform_data" "after" {
  input      = "deployed"
  depends_on = [data.reliability_health.test]
}
`, s.URL, more)
	}
	const data = "data.reliability_health.test"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			PreConfig: func() { s.status.Store(500) }, Config: text(""), PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?s)Health checks failed.*site \(http\) failed after 2 attempts.*Live now.*themselves\s+change\s+nothing.*What to do`),
		},
		{Config: text(`on_failure = "record"`), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(data, tfjsonpath.New("healthy"), knownvalue.Bool(false)),
			statecheck.ExpectKnownValue(data, tfjsonpath.New("failed_checks"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("site")})),
		}},
		{
			PreConfig: func() { s.status.Store(200) }, Config: text(""),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(data, tfjsonpath.New("verdict"), knownvalue.StringExact("passed"))},
		},
	}})
}
