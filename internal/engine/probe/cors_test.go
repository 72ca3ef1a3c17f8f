package probe

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const page = "https://shop.example.test"

// crossOrigin answers preflights and calls with headers and statuses of the test's own.
type crossOrigin struct {
	preflight, call             map[string]string
	preflightStatus, callStatus int
	asked                       http.Header // of the last preflight
	called                      http.Header // of the last call
	body                        string
}

func (s *crossOrigin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers, status := s.call, s.callStatus
	if r.Method == http.MethodOptions {
		headers, status, s.asked = s.preflight, s.preflightStatus, r.Header
	} else {
		body, _ := io.ReadAll(r.Body)
		s.called, s.body = r.Header, string(body)
	}
	for name, value := range headers {
		for part := range strings.SplitSeq(value, "|") {
			w.Header().Add(name, part)
		}
	}
	w.WriteHeader(status)
	fmt.Fprint(w, "hunter2")
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const (
		origin  = "Access-Control-Allow-Origin"
		methods = "Access-Control-Allow-Methods"
		headers = "Access-Control-Allow-Headers"
		cookies = "Access-Control-Allow-Credentials"
	)
	own := map[string]string{origin: page}
	with := func(more ...string) map[string]string {
		all := maps.Clone(own)
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for name, test := range map[string]struct {
		server crossOrigin
		check  CORS
		want   Status
		reason string
	}{
		"exact origin":               {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{}, Pass, ""},
		"any origin":                 {crossOrigin{with(origin, "*"), with(origin, "*"), 200, 201, nil, nil, ""}, CORS{}, Pass, ""},
		"another origin":             {crossOrigin{with(origin, "https://evil.example"), own, 204, 200, nil, nil, ""}, CORS{}, Fail, "origin https://shop.example.test is not allowed: Access-Control-Allow-Origin is https://evil.example"},
		"no origin":                  {crossOrigin{nil, own, 204, 200, nil, nil, ""}, CORS{}, Fail, "there is no Access-Control-Allow-Origin"},
		"two origins":                {crossOrigin{with(origin, page+"|https://other.example"), own, 204, 200, nil, nil, ""}, CORS{}, Fail, "is https://shop.example.test, https://other.example"},
		"origin in another case":     {crossOrigin{with(origin, strings.ToUpper(page)), own, 204, 200, nil, nil, ""}, CORS{}, Fail, "is not allowed"},
		"only the preflight":         {crossOrigin{own, nil, 204, 200, nil, nil, ""}, CORS{}, Fail, "the preflight allows it, but GET"},
		"preflight refused":          {crossOrigin{own, own, 403, 200, nil, nil, ""}, CORS{}, Fail, "status 403 instead of 200-299"},
		"preflight redirects":        {crossOrigin{with("Location", "/"), own, 301, 200, nil, nil, ""}, CORS{}, Fail, "status 301 instead of 200-299"},
		"call refused":               {crossOrigin{own, own, 204, 401, nil, nil, ""}, CORS{}, Fail, "status 401 instead of 200-399"},
		"call redirects":             {crossOrigin{own, with("Location", "/login"), 204, 302, nil, nil, ""}, CORS{}, Pass, ""},
		"method allowed":             {crossOrigin{with(methods, "GET, PUT"), own, 204, 200, nil, nil, ""}, CORS{Method: "put"}, Pass, ""},
		"method not allowed":         {crossOrigin{with(methods, "GET, POST"), own, 204, 200, nil, nil, ""}, CORS{Method: "DELETE"}, Fail, "method DELETE is not allowed: Access-Control-Allow-Methods is GET, POST"},
		"method in another case":     {crossOrigin{with(methods, "delete"), own, 204, 200, nil, nil, ""}, CORS{Method: "DELETE"}, Fail, "is not allowed"},
		"no methods":                 {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{Method: "PATCH"}, Fail, "there is no Access-Control-Allow-Methods"},
		"any method":                 {crossOrigin{with(methods, "*"), own, 204, 200, nil, nil, ""}, CORS{Method: "PATCH"}, Pass, ""},
		"POST needs no leave":        {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{Method: "POST"}, Pass, ""},
		"headers in any case":        {crossOrigin{with(headers, "CONTENT-TYPE|x-api-key"), own, 204, 200, nil, nil, ""}, CORS{RequestHeaders: []string{"Content-Type", "X-Api-Key"}}, Pass, ""},
		"header missing":             {crossOrigin{with(headers, "content-type"), own, 204, 200, nil, nil, ""}, CORS{RequestHeaders: []string{"Content-Type", "X-Api-Key"}}, Fail, "header x-api-key is not allowed"},
		"any header":                 {crossOrigin{with(headers, "*"), own, 204, 200, nil, nil, ""}, CORS{RequestHeaders: []string{"X-Api-Key"}}, Pass, ""},
		"any but Authorization":      {crossOrigin{with(headers, "*"), own, 204, 200, nil, nil, ""}, CORS{RequestHeaders: []string{"Authorization"}}, Fail, "header authorization is not allowed"},
		"secret header":              {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{SensitiveHeaders: map[string]string{"X-Api-Key": "hunter2"}}, Fail, "header x-api-key is not allowed"},
		"safe headers":               {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8", "Accept": "*/*"}}, Pass, ""},
		"credentials":                {crossOrigin{with(cookies, "true"), with(cookies, "true"), 204, 200, nil, nil, ""}, CORS{Credentials: true}, Pass, ""},
		"credentials, any origin":    {crossOrigin{with(origin, "*", cookies, "true"), own, 204, 200, nil, nil, ""}, CORS{Credentials: true}, Fail, "is *, which allows nothing"},
		"credentials, not allowed":   {crossOrigin{own, own, 204, 200, nil, nil, ""}, CORS{Credentials: true}, Fail, "Access-Control-Allow-Credentials is not true"},
		"credentials, any method":    {crossOrigin{with(cookies, "true", methods, "*"), own, 204, 200, nil, nil, ""}, CORS{Credentials: true, Method: "PUT"}, Fail, "method PUT is not allowed"},
		"credentials, any header":    {crossOrigin{with(cookies, "true", headers, "*"), own, 204, 200, nil, nil, ""}, CORS{Credentials: true, RequestHeaders: []string{"x-a"}}, Fail, "header x-a is not allowed"},
		"credentials, lost by call ": {crossOrigin{with(cookies, "true"), own, 204, 200, nil, nil, ""}, CORS{Credentials: true}, Fail, "the preflight allows it, but GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&test.server)
			defer server.Close()
			test.check.URL, test.check.Origin = at(t, server.URL+"/api?key=t0ken"), page
			seen := test.check.Probe(t.Context())
			if seen.Status != test.want || !strings.Contains(seen.Reason, test.reason) || seen.Latency <= 0 {
				t.Errorf("got %+v", seen)
			}
			if strings.Contains(fmt.Sprint(seen), "hunter2") || strings.Contains(fmt.Sprint(seen), "t0ken") {
				t.Errorf("shows a secret: %+v", seen)
			}
		})
	}
}

// TestCORSRequests: what a server gets is what a browser sends.
func TestCORSRequests(t *testing.T) {
	t.Parallel()
	allow := map[string]string{"Access-Control-Allow-Origin": page, "Access-Control-Allow-Headers": "*, authorization"}
	handler := &crossOrigin{preflight: allow, call: allow, preflightStatus: 204, callStatus: 200}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	seen := (&CORS{
		URL: at(t, server.URL), Origin: page, Method: "POST", RequestHeaders: []string{"X-Zone", "Content-Type"}, Body: `{"a":1}`,
		Headers: map[string]string{"Accept": "text/html"}, SensitiveHeaders: map[string]string{"Authorization": "Bearer hunter2"},
	}).Probe(t.Context())
	if seen.Status != Pass || seen.Values["status"] != "200" || seen.Values["preflight_status"] != "204" {
		t.Fatalf("got %+v", seen)
	}
	if got := handler.asked.Get("Access-Control-Request-Headers"); got != "authorization,content-type,x-zone" {
		t.Errorf("the preflight asks for %q", got)
	}
	if handler.asked.Get("Access-Control-Request-Method") != "POST" || handler.asked.Get("Origin") != page || handler.asked.Get("Authorization") != "" {
		t.Errorf("the preflight is %v", handler.asked)
	}
	if handler.called.Get("Origin") != page || handler.called.Get("Authorization") != "Bearer hunter2" || handler.called.Get("Content-Type") != "application/json" || handler.body != `{"a":1}` {
		t.Errorf("the call is %v %s", handler.called, handler.body)
	}
}

func TestCORSTrouble(t *testing.T) {
	t.Parallel()
	silent := talk(t, swallow)
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", page)
		if r.Method != http.MethodOptions {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(half.Close)
	for name, test := range map[string]struct{ url, reason string }{
		"call breaks":    {half.URL + "/?key=t0ken", "call GET " + half.URL + "/: "},
		"half-open":      {"http://" + silent + "/", "preflight OPTIONS http://" + silent + "/: no answer in time"},
		"nobody listens": {"http://127.0.0.1:1/?key=t0ken", "preflight OPTIONS http://127.0.0.1:1/: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			seen := (&CORS{URL: at(t, test.url), Origin: page}).Probe(ctx)
			if seen.Status != Error || !strings.Contains(seen.Reason, test.reason) || strings.Contains(seen.Reason, "t0ken") {
				t.Errorf("got %+v", seen)
			}
		})
	}
}

func TestParseOrigin(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://shop.example.test", "http://localhost:3000", "null", "https://[2001:db8::1]:8443"} {
		if got, err := ParseOrigin(good); err != nil || got != good {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "*", "shop.example.test", "https://shop.example.test/", "https://shop.example.test/path", "https://SHOP.example.test", "https://a:b@shop.example.test", "https://shop.example.test:443", "http://shop.example.test:80"} {
		if _, err := ParseOrigin(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
