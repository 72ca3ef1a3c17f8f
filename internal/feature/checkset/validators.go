package checkset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// text is a validator of a string's form; unknown and null pass.
type text struct {
	summary string // of the diagnostic
	next    string // what to do
	check   func(string) error
}

// Description implements validator.Describer.
func (v text) Description(context.Context) string { return v.next }

// MarkdownDescription implements validator.Describer.
func (v text) MarkdownDescription(context.Context) string { return v.next }

// ValidateString implements validator.String.
func (v text) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		wrong(&resp.Diagnostics, req.Path, tfdiag.Message{Summary: v.summary, Happened: err.Error() + ".", Next: v.next})
	}
}

// wrong reports m at an attribute, and names it in the text as well: below a map Terraform shows only where the resource
// begins.
func wrong(diags *diag.Diagnostics, at path.Path, m tfdiag.Message) {
	m.Facts = append(m.Facts, tfdiag.Fact{Name: "Attribute", Value: at.String()})
	tfdiag.ErrorAt(diags, at, m)
}

// ValidateMap implements validator.Map over the keys.
func (v text) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	for _, key := range slices.Sorted(maps.Keys(req.ConfigValue.Elements())) {
		if err := v.check(key); err != nil {
			wrong(&resp.Diagnostics, req.Path.AtMapKey(key), tfdiag.Message{Summary: v.summary, Happened: err.Error() + ".", Next: v.next})
		}
	}
}

var (
	duration         = text{"Invalid duration", `write a number with a unit that is not negative, such as "30s", "5m" or "1h30m"; a day is "24h".`, checkDuration(false)}
	positiveDuration = text{"Invalid duration", `write a positive number with a unit, such as "30s", "5m" or "1h30m"; a day is "24h".`, checkDuration(true)}
	statusRange      = text{"Invalid HTTP status range", `write a status or a range of them between 100 and 599, such as "204" or "200-299".`, func(s string) error {
		_, err := probe.ParseStatusRange(s)
		return err
	}}
	regularExpression = text{"Invalid regular expression", "correct it; the syntax is RE2, as in Terraform's own regex function.", func(s string) error {
		_, err := regexp.Compile(s)
		return err
	}}
	httpURL = text{"Invalid URL", `write an absolute URL, such as "https://www.example.com/health".`, func(s string) error {
		_, err := probe.ParseURL(s)
		return err
	}}
	address = text{"Invalid address", `write host:port, such as "db.example.com:5432" or "[2001:db8::1]:443".`, checkAddress}
	dnsType = text{"Invalid DNS record type", `write a record type, such as "A", "AAAA", "CNAME" or "TXT".`, func(s string) error {
		_, err := probe.ParseDNSType(s)
		return err
	}}
	resolver = text{"Invalid resolver", `write the address of a resolver, such as "192.0.2.53" or "192.0.2.53:5353".`, func(s string) error {
		_, err := probe.ParseResolver(s)
		return err
	}}
	jsonText = text{"Invalid JSON", "use jsonencode(...).", func(s string) error {
		if !json.Valid([]byte(s)) {
			return errors.New("the text is not JSON")
		}
		return nil
	}}
	httpMethod = text{"Invalid HTTP method", `write a method, such as "GET", "HEAD" or "POST".`, func(s string) error {
		if !regexp.MustCompile("^[A-Za-z]+$").MatchString(s) {
			return fmt.Errorf("%q is no HTTP method", s)
		}
		return nil
	}}
	headerName = text{"Invalid header name", "write a header's name, such as \"X-Api-Key\", without colon or spaces.", func(s string) error {
		if !regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$").MatchString(s) {
			return fmt.Errorf("%q is no header name", s)
		}
		return nil
	}}
)

func expression(dialect probe.Dialect) text {
	return text{"Invalid expression", adviceFor(dialect), func(s string) error {
		_, err := probe.CompileExpression(s, dialect)
		return inOneLine(s, err)
	}}
}

func condition(dialect probe.Dialect) text {
	return text{"Invalid expression", adviceFor(dialect), func(s string) error {
		_, err := probe.CompileCondition(s, dialect)
		return inOneLine(s, err)
	}}
}

// inOneLine leaves out the drawing below what expr-lang says.
func inOneLine(text string, err error) error {
	if err == nil {
		return nil
	}
	said, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s: %s", text, said)
}

func adviceFor(dialect probe.Dialect) string {
	names := "status, headers, body, json and latency_ms"
	if dialect == probe.LambdaDialect {
		names = "status, headers, body, json, payload and latency_ms"
	}
	return "use only " + names + "; the language is described at https://expr-lang.org/docs/language-definition."
}

func checkDuration(positive bool) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return fmt.Errorf("%q is no duration", s)
		case d < 0:
			return fmt.Errorf("%q is negative", s)
		case d == 0 && positive:
			return fmt.Errorf("%q is no time at all", s)
		}
		return nil
	}
}

func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	number, numErr := strconv.Atoi(port)
	if err != nil || host == "" || numErr != nil || number < 1 || number > 65535 {
		return fmt.Errorf("%q is no host with a port", s)
	}
	return nil
}
