package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CORS asks as a browser does on behalf of a page of another origin: the preflight first, then the call itself, judged as
// the Fetch standard says (https://fetch.spec.whatwg.org/#http-cors-protocol). Unlike a browser it always makes the
// preflight, so that a call which needs none is still seen to be answered.
type CORS struct {
	URL              *url.URL
	Origin           string            // of the page: scheme://host[:port], or null
	Method           string            // empty means GET
	RequestHeaders   []string          // names that the page sets, beside those of the headers
	Headers          map[string]string // of the call itself
	SensitiveHeaders map[string]string // win over Headers; shown nowhere
	Body             string
	Credentials      bool        // the page sends cookies or client certificates: "*" allows nothing then
	TLS              *tls.Config // nil means the machine's roots
	ConnectTo        string      // as in HTTP
}

// ParseOrigin takes an origin as browsers write it. https://fetch.spec.whatwg.org/#origin-header
func ParseOrigin(text string) (string, error) {
	if text == "null" {
		return text, nil
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme == "" || parsed.Host == "" || parsed.Scheme+"://"+parsed.Host != text {
		return "", errors.New("it is no origin: scheme, host and port only, without a slash at the end")
	}
	if strings.ToLower(text) != text {
		return "", errors.New("it is no origin as a browser sends it, which is all lower case")
	}
	if port := parsed.Port(); port != "" && hostPort(&url.URL{Scheme: parsed.Scheme, Host: parsed.Hostname()}) == hostPort(parsed) {
		return "", fmt.Errorf("a browser leaves the port out, which is the one of %s anyway", parsed.Scheme)
	}
	return text, nil
}

// Name is "cors".
func (*CORS) Name() string { return "cors" }

// Probe makes two requests. Header values of CORS are public, and reasons show them.
func (c *CORS) Probe(ctx context.Context) Observation {
	started := time.Now()
	seen := c.preflight(ctx)
	if seen.Status == Pass {
		facts := map[string]string{"preflight_status": seen.Values["status"]}
		seen = c.call(ctx)
		maps.Copy(facts, seen.Values)
		seen.Values = facts
	}
	seen.Latency = time.Since(started)
	return seen
}

// preflight is https://fetch.spec.whatwg.org/#cors-preflight-fetch.
func (c *CORS) preflight(ctx context.Context) Observation {
	headers := map[string]string{"Origin": c.Origin, "Access-Control-Request-Method": c.method(), "Accept": "*/*"}
	unsafe := c.unsafeHeaders()
	if len(unsafe) > 0 {
		headers["Access-Control-Request-Headers"] = strings.Join(unsafe, ",")
	}
	ask := &HTTP{Method: http.MethodOptions, URL: c.URL, Headers: headers, TLS: c.TLS, ConnectTo: c.ConnectTo}
	answer, seen := c.ask(ctx, ask, "preflight")
	if answer == nil {
		return seen
	}
	if answer.Status < 200 || answer.Status > 299 {
		return seen.fail("preflight OPTIONS %s: status %d instead of 200-299", ask.where(), answer.Status)
	}
	for _, refused := range []string{c.checkOrigin(answer.Headers), c.checkMethod(answer.Headers), c.checkHeaders(answer.Headers, unsafe)} {
		if refused != "" {
			return seen.fail("preflight OPTIONS %s: %s", ask.where(), refused)
		}
	}
	return seen
}

// call is the request that the preflight asks for. A redirect is not followed: it is an answer that the page may follow.
func (c *CORS) call(ctx context.Context) Observation {
	headers := map[string]string{}
	maps.Copy(headers, c.Headers)
	if contentType, ok := c.contentType(); ok {
		headers["Content-Type"] = contentType
	}
	headers["Origin"] = c.Origin
	ask := &HTTP{Method: c.method(), URL: c.URL, Headers: headers, SensitiveHeaders: c.SensitiveHeaders, Body: c.Body, TLS: c.TLS, ConnectTo: c.ConnectTo}
	what := ask.Method + " " + ask.where()
	answer, seen := c.ask(ctx, ask, "call")
	if answer == nil {
		return seen
	}
	if answer.Status < 200 || answer.Status > 399 {
		return seen.fail("the preflight allows it, but %s: status %d instead of 200-399", what, answer.Status)
	}
	if refused := c.checkOrigin(answer.Headers); refused != "" {
		return seen.fail("the preflight allows it, but %s: %s", what, refused)
	}
	return seen
}

// ask makes one request, and returns no answer where there is trouble.
func (c *CORS) ask(ctx context.Context, ask *HTTP, what string) (*Answer, Observation) {
	answer, seen := ask.fetch(ctx)
	if answer == nil {
		seen.Reason = what + " " + ask.Method + " " + ask.where() + ": " + seen.Reason
		return nil, seen
	}
	return answer, Observation{Status: Pass, Values: map[string]string{"status": strconv.Itoa(answer.Status)}}
}

// method normalises as https://fetch.spec.whatwg.org/#concept-method-normalize does: others, patch among them, stay as
// they are and are compared so.
func (c *CORS) method() string {
	upper := strings.ToUpper(c.Method)
	switch upper {
	case "":
		return http.MethodGet
	case http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut:
		return upper
	}
	return c.Method
}

// contentType is what the call says of its body, where nobody else does and the page names it.
func (c *CORS) contentType() (value string, ok bool) {
	for _, headers := range []map[string]string{c.Headers, c.SensitiveHeaders} {
		for name := range headers {
			if strings.EqualFold(name, "Content-Type") {
				return "", false
			}
		}
	}
	named := slices.ContainsFunc(c.RequestHeaders, func(name string) bool { return strings.EqualFold(name, "Content-Type") })
	return "application/json", named && c.Body != ""
}

// unsafeHeaders are the names that a preflight asks for, in lower case and sorted.
// https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
func (c *CORS) unsafeHeaders() []string {
	var names []string
	for _, name := range c.RequestHeaders {
		names = append(names, strings.ToLower(name))
	}
	for _, headers := range []map[string]string{c.Headers, c.SensitiveHeaders} {
		for name, value := range headers {
			if !safelisted(name, value) && !strings.EqualFold(name, "Origin") && !strings.EqualFold(name, "Host") {
				names = append(names, strings.ToLower(name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// safelisted tells of a header that needs no permission. https://fetch.spec.whatwg.org/#cors-safelisted-request-header
func safelisted(name, value string) bool {
	if len(value) > 128 {
		return false
	}
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Accept", "Accept-Language", "Content-Language":
		return true
	case "Content-Type":
		kind, _, err := mime.ParseMediaType(value)
		return err == nil && slices.Contains([]string{"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}, kind)
	}
	return false
}

// checkOrigin is https://fetch.spec.whatwg.org/#concept-cors-check; it returns why it fails, or nothing.
func (c *CORS) checkOrigin(header http.Header) string {
	values := header.Values("Access-Control-Allow-Origin")
	allowed := strings.Join(values, ", ")
	switch {
	case len(values) == 0:
		return fmt.Sprintf("origin %s is not allowed: there is no Access-Control-Allow-Origin", c.Origin)
	case allowed == "*" && !c.Credentials:
		return ""
	case allowed == "*":
		return "Access-Control-Allow-Origin is *, which allows nothing to a page that sends credentials"
	case allowed != c.Origin:
		return fmt.Sprintf("origin %s is not allowed: Access-Control-Allow-Origin is %s", c.Origin, printable(allowed))
	case c.Credentials && strings.Join(header.Values("Access-Control-Allow-Credentials"), ", ") != "true":
		return "credentials are not allowed: Access-Control-Allow-Credentials is not true"
	}
	return ""
}

func (c *CORS) checkMethod(header http.Header) string {
	method := c.method()
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, method) {
		return ""
	}
	allowed := listed(header, "Access-Control-Allow-Methods")
	if slices.Contains(allowed, method) || (!c.Credentials && slices.Contains(allowed, "*")) {
		return ""
	}
	return fmt.Sprintf("method %s is not allowed: %s", method, shownList("Access-Control-Allow-Methods", allowed))
}

func (c *CORS) checkHeaders(header http.Header, unsafe []string) string {
	allowed := listed(header, "Access-Control-Allow-Headers")
	var refused []string
	for _, name := range unsafe {
		// Authorization is never meant by "*".
		wild := !c.Credentials && name != "authorization" && slices.Contains(allowed, "*")
		if !wild && !slices.ContainsFunc(allowed, func(other string) bool { return strings.EqualFold(other, name) }) {
			refused = append(refused, name)
		}
	}
	if len(refused) == 0 {
		return ""
	}
	return fmt.Sprintf("header %s is not allowed: %s", strings.Join(refused, ", "), shownList("Access-Control-Allow-Headers", allowed))
}

// listed are the members of a header that is a list.
func listed(header http.Header, name string) []string {
	var members []string
	for _, value := range header.Values(name) {
		for member := range strings.SplitSeq(value, ",") {
			if member = strings.TrimSpace(member); member != "" {
				members = append(members, member)
			}
		}
	}
	return members
}

func shownList(name string, members []string) string {
	if len(members) == 0 {
		return "there is no " + name
	}
	return name + " is " + printable(strings.Join(members, ", "))
}
