package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shop is an application with a login, orders and their deletion. Each login has its own token, which needs escaping.
type shop struct {
	mu      sync.Mutex
	logins  int
	calls   []string
	respond map[string]http.HandlerFunc // instead, by method and path
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	call := r.Method + " " + r.URL.EscapedPath()
	s.calls = append(s.calls, call)
	if instead, ok := s.respond[call]; ok {
		instead(w, r)
		return
	}
	token := fmt.Sprintf(`hunter2"/%d`, s.logins)
	cookie, _ := r.Cookie("session")
	known := r.Header.Get("Authorization") == "Bearer "+token && cookie != nil && cookie.Value == "c00kie"
	switch {
	case call == "POST /login" && string(body) == "user=app":
		s.logins++
		w.Header().Set("Set-Cookie", "session=c00kie")
		fmt.Fprintf(w, `{"token":"hunter2\"/%d","n":%d,"none":null,"list":[1],"empty":""}`, s.logins, s.logins)
	case call == "POST /orders" && known && string(body) == fmt.Sprintf(`{"by":"hunter2\"/%d","n":%d}`, s.logins, s.logins):
		w.Header().Set("Location", "/orders/0rder17?view=full")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"0rder17"}`)
	case call == "GET /orders/0rder17" && known:
		answer, _ := json.Marshal(map[string]string{"id": "0rder17", "owner": r.URL.Query().Get("owner"), "view": r.URL.Query().Get("view")})
		_, _ = w.Write(answer)
	case call == "DELETE /orders/0rder17" && known:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "hunter2")
	}
}

func (s *shop) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.calls, ", ")
}

func keep(t *testing.T, pairs ...string) []Capture {
	t.Helper()
	var captures []Capture
	for pair := range slices.Chunk(pairs, 2) {
		compiled, err := CompileExpression(pair[1], HTTPDialect)
		if err != nil {
			t.Fatal(err)
		}
		captures = append(captures, Capture{pair[0], compiled})
	}
	return captures
}

// buys is the journey through a shop; change may alter it.
func buys(t *testing.T, server string, change func(steps []Step)) *Workflow {
	t.Helper()
	id, err := CompileExpression("json.id", HTTPDialect)
	if err != nil {
		t.Fatal(err)
	}
	bearer := map[string]string{"Authorization": "Bearer {{token}}"}
	steps := []Step{
		{Name: "login", URL: server + "/login", HTTP: HTTP{Method: "POST", Body: "user=app"}, Capture: keep(t, "token", "json.token", "n", "json.n")},
		{
			Name: "order", URL: server + "/orders", HTTP: HTTP{Method: "POST", Headers: bearer, Body: `{"by":"{{ token }}","n":{{n}}}`, Expect: Expect{Status: []StatusRange{{201, 201}}}},
			Capture: keep(t, "id", "json.id", "place", `headers["Location"]`),
		},
		{Name: "look", URL: server + "{{place}}", HTTP: HTTP{Headers: bearer, Expect: Expect{JSON: []JSONExpectation{{id, "{{id}}"}}, BodyContains: `"view":"full"`}}},
		{Name: "owner", URL: server + "/orders/{{id}}?owner={{token}}", HTTP: HTTP{Headers: bearer, Expect: Expect{Success: condition(t, `json.owner startsWith "hunter2\"/"`)}}},
		{Name: "remove", URL: server + "/orders/{{id}}", HTTP: HTTP{Method: "DELETE", Headers: bearer}, Always: true},
	}
	if change != nil {
		change(steps)
	}
	return &Workflow{Steps: steps}
}

func TestWorkflow(t *testing.T) {
	t.Parallel()
	app := &shop{}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	check := buys(t, server.URL, nil)
	for range 2 { // each attempt is a journey of its own
		seen := check.Probe(t.Context())
		if seen.Status != Pass || seen.Reason != "" || seen.Values["passed"] != "5" || !strings.HasPrefix(seen.Values["step order"], "status 201 in ") {
			t.Fatalf("got %+v", seen)
		}
	}
	const once = "POST /login, POST /orders, GET /orders/0rder17, GET /orders/0rder17, DELETE /orders/0rder17"
	if app.said() != once+", "+once {
		t.Errorf("the shop was asked %s", app.said())
	}
}

func TestWorkflowFailures(t *testing.T) {
	t.Parallel()
	const cleaned = "DELETE /orders/0rder17"
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, `{"id":"other17","token":"hunter2"}`)
		}
	}
	for name, test := range map[string]struct {
		respond map[string]http.HandlerFunc
		change  func([]Step)
		reason  string
		said    string // how the calls end
	}{
		"first step": {map[string]http.HandlerFunc{"POST /login": status(503)}, nil, `step "login" (1 of 5): POST HOST/login: status 503 instead of 200-299`, "POST /login"},
		"middle step": {
			map[string]http.HandlerFunc{"GET /orders/0rder17": status(500)},
			nil,
			`step "look" (3 of 5): GET HOST{{place}}: status 500`, "GET /orders/0rder17, " + cleaned,
		},
		"another value": {
			map[string]http.HandlerFunc{"GET /orders/0rder17": status(200)},
			func(steps []Step) { steps[2].HTTP.Expect.BodyContains = "" },
			`json.id is not "{{id}}" but another string of the same length`, cleaned,
		},
		"text of a value": {nil, func(steps []Step) { steps[2].HTTP.Expect.BodyContains = "owned by {{token}}" }, `the body does not contain "owned by {{token}}"`, cleaned},
		"header of a value": {
			nil, func(steps []Step) { steps[2].HTTP.Expect.Header = map[string]string{"X-Owner": "{{token}}"} },
			"there is no header X-Owner", cleaned,
		},
		"clean-up fails": {
			map[string]http.HandlerFunc{cleaned: status(500)},
			nil,
			`step "remove" (5 of 5): DELETE HOST/orders/{{id}}: status 500`, cleaned,
		},
		"and clean-up fails": {
			map[string]http.HandlerFunc{"GET /orders/0rder17": status(500), cleaned: status(502)},
			nil,
			`: status 500 instead of 200-299 (body of 34 bytes); then step "remove" (5 of 5): DELETE HOST/orders/{{id}}: status 502`, cleaned,
		},
		"nothing to capture": {nil, func(steps []Step) { steps[0].Capture = keep(t, "token", "json.gone") }, "capture token: json.gone: the answer has no gone", "POST /login"},
		"null":               {nil, func(steps []Step) { steps[0].Capture = keep(t, "token", "json.none") }, "capture token: json.none: the result is null", "POST /login"},
		"a list":             {nil, func(steps []Step) { steps[0].Capture = keep(t, "token", "json.list") }, "the result is a list of 1", "POST /login"},
		"nothing in it":      {nil, func(steps []Step) { steps[0].Capture = keep(t, "token", "json.empty") }, "the result is a string of 0 bytes", "POST /login"},
		"never captured":     {nil, func(steps []Step) { steps[1].URL += "/{{gone}}" }, `step "order" (2 of 5): nothing was captured as gone`, "POST /login"},
		"another host":       {nil, func(steps []Step) { steps[2].URL += "{{token}}" }, `what was captured as token cannot stand where it does`, cleaned},
		"breaks off": {
			map[string]http.HandlerFunc{"GET /orders/0rder17": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
			nil,
			`step "look" (3 of 5): GET HOST{{place}}: `, cleaned,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &shop{respond: test.respond}
			server := httptest.NewServer(app)
			defer server.Close()
			check := buys(t, server.URL, func(steps []Step) {
				if test.change != nil {
					test.change(steps)
				}
			})
			if name == "another host" {
				check.Steps[2].URL = "http://{{token}}." + strings.TrimPrefix(server.URL, "http://")
			}
			seen := check.Probe(t.Context())
			if (seen.Status != Fail && name != "breaks off") || seen.Status == Pass || !strings.Contains(seen.Reason, strings.ReplaceAll(test.reason, "HOST", server.URL)) {
				t.Errorf("got %+v", seen)
			}
			if !strings.HasSuffix(app.said(), test.said) {
				t.Errorf("the shop was asked %s", app.said())
			}
			for _, secret := range []string{"hunter2", "0rder17", "c00kie"} {
				if strings.Contains(fmt.Sprint(seen), secret) {
					t.Errorf("shows %q: %+v", secret, seen)
				}
			}
		})
	}
}

// TestWorkflowFinal: a failure expression ends the check, as with http.
func TestWorkflowFinal(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&shop{})
	t.Cleanup(server.Close)
	seen := buys(t, server.URL, func(steps []Step) { steps[1].HTTP.Expect.Failure = condition(t, "status == 201") }).Probe(t.Context())
	if seen.Status != Fail || !seen.Final || !strings.Contains(seen.Reason, "the failure expression is true") {
		t.Errorf("got %+v", seen)
	}
}

// TestWorkflowCleansUpInTime: a step that hangs leaves time for the clean-up, and the whole ends with the attempt.
func TestWorkflowCleansUpInTime(t *testing.T) {
	t.Parallel()
	app := &shop{}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			<-r.Context().Done()
			return
		}
		app.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
	defer cancel()
	seen := buys(t, front.URL, nil).Probe(ctx)
	if seen.Status != Error || !strings.Contains(seen.Reason, `step "look" (3 of 5)`) || !strings.HasSuffix(seen.Reason, "no answer in time") {
		t.Errorf("got %+v", seen)
	}
	if ctx.Err() != nil || !strings.HasSuffix(app.said(), "POST /orders, DELETE /orders/0rder17") {
		t.Errorf("the shop was asked %s; %v", app.said(), ctx.Err())
	}
}

// TestWorkflowAbroad: a captured URL may lead to another host, but what proves who we are stays at home.
func TestWorkflowAbroad(t *testing.T) {
	t.Parallel()
	var got http.Header
	abroad := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	t.Cleanup(abroad.Close)
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/next" && r.Header.Get("X-Key") == "hunter2" {
			return
		}
		w.Header().Set("Set-Cookie", "a=b")
		fmt.Fprintf(w, `{"away":"%s/upload","home":"next","token":"t0ken"}`, abroad.URL)
	}))
	t.Cleanup(home.Close)
	start := Step{Name: "start", URL: home.URL + "/start", Capture: keep(t, "away", "json.away", "home", "json.home", "token", "json.token")}
	request := HTTP{Headers: map[string]string{"X-Plain": "plain", "X-Token": "{{token}}", "Authorization": "Basic x"}, SensitiveHeaders: map[string]string{"X-Key": "hunter2"}}
	if seen := (&Workflow{Steps: []Step{start, {Name: "next", URL: "{{home}}", HTTP: request}}}).Probe(t.Context()); seen.Status != Pass {
		t.Errorf("a relative URL of the same host: %+v", seen)
	}
	if seen := (&Workflow{Steps: []Step{start, {Name: "upload", URL: "{{away}}", HTTP: request}}}).Probe(t.Context()); seen.Status != Pass {
		t.Errorf("another host: %+v", seen)
	}
	if got.Get("X-Plain") != "plain" || got.Get("X-Token")+got.Get("X-Key")+got.Get("Authorization")+got.Get("Cookie") != "" {
		t.Errorf("another host got %v", got)
	}
}

func TestPlaceholdersInURLs(t *testing.T) {
	t.Parallel()
	from := at(t, "https://home.test/a/b?c")
	for _, test := range []struct{ text, value, want string }{
		{"https://h.test/x/{{v}}", "a b/../?#", "https://h.test/x/a%20b%2F..%2F%3F%23"},
		{"https://h.test/x?q={{v}}&r=1", "a&b=c", "https://h.test/x?q=a%26b%3Dc&r=1"},
		{"https://h.test{{v}}", "/orders/1?x=y", "https://h.test/orders/1?x=y"},
		{"https://h.test{{v}}", ".evil.test/", ""},
		{"https://h.test{{v}}", "@evil.test", ""},
		{"https://h.test{{v}}", "//evil.test", ""},
		{"https://h.test{{v}}/x", "/orders", ""},
		{"https://{{v}}.h.test/", "blue", "https://blue.h.test/"},
		{"https://{{v}}.h.test/", "evil.test/x", ""},
		{"https://{{v}}.h.test/", "evil.test#", ""},
		{"https://h.test:{{v}}/", "8443", "https://h.test:8443/"},
		{"https://h.test:{{v}}/", "8443/../", ""},
		{"{{v}}", "https://other.test/x", "https://other.test/x"},
		{"{{v}}", "/top", "https://home.test/top"},
		{"{{v}}", "beside", "https://home.test/a/beside"},
		{"{{v}}/more", "https://other.test", "https://other.test/more"},
		{"{{v}}", "file:///etc/passwd", ""},
		{"{{v}}", "javascript:x", ""},
		{"{{v}}", "https://[", ""},
	} {
		j := &journey{captured: map[string]captured{"v": {text: test.value, isText: true, from: from}}}
		filled, _, err := j.url(test.text)
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%s with %q becomes %s", test.text, test.value, filled)
		case test.want != "" && (err != nil || filled.String() != test.want):
			t.Errorf("%s with %q becomes %v, %v instead of %s", test.text, test.value, filled, err, test.want)
		case err != nil && strings.Contains(err.Error(), test.value):
			t.Errorf("shows the value: %v", err)
		}
	}
}

func TestPlaceholdersInBodies(t *testing.T) {
	t.Parallel()
	j := &journey{captured: map[string]captured{"t": {text: `a"b\`, isText: true}, "n": {text: "7"}}}
	form := map[string]string{"content-type": "application/x-www-form-urlencoded"}
	for _, test := range []struct {
		text    string
		headers map[string]string
		want    string
	}{
		{`{"a":"x{{t}}y","b":{{n}},"c":{{t}},"d":"{{n}}","e\"":"{{t}}"}`, nil, `{"a":"xa\"b\\y","b":7,"c":"a\"b\\","d":"7","e\"":"a\"b\\"}`},
		{"a={{t}}&n={{n}}", form, "a=" + url.QueryEscape(`a"b\`) + "&n=7"},
		{"<t>{{t}}</t>", nil, `<t>a"b\</t>`},
		{"{{ no name }} {{}}", nil, "{{ no name }} {{}}"},
		{"", nil, ""},
	} {
		got, err := j.body(&HTTP{Body: test.text, Headers: test.headers})
		if err != nil || got != test.want {
			t.Errorf("%s becomes %s, %v", test.text, got, err)
		}
	}
}

func TestShownURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://u:p@h.test/a/{{id}}?q={{t}}#f": "https://h.test/a/{{id}}", "https://h.test": "https://h.test", "https://h.test?x": "https://h.test", "{{next}}": "{{next}}",
	} {
		if got := shownURL(text); got != want {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	for text, ok := range map[string]bool{
		"https://h.test/{{id}}": true, "https://{{zone}}.h.test:{{port}}/": true, "{{next}}": true, "h.test/{{id}}": false, "ftp://{{h}}/": false, "x{{next}}": false,
	} {
		if err := ParseStepURL(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
