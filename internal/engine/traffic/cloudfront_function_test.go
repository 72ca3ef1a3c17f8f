package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dop251/goja"

	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// edgeFunction is the example's function in a JavaScript engine, with a key value store of ours behind it.
type edgeFunction struct {
	t      *testing.T
	engine *goja.Runtime
	value  func(key string) (string, error) // of the store
	origin string                           // that was selected last
}

func newEdgeFunction(t *testing.T, value func(key string) (string, error)) *edgeFunction {
	t.Helper()
	source, err := os.ReadFile(filepath.FromSlash("../../../examples/guides/blue-green-with-cloudfront/cloudfront-function/choose-colour.js"))
	if err != nil {
		t.Fatal(err)
	}
	// The engine knows no modules: what is imported is a global here.
	script := strings.Replace(string(source), "import cf from 'cloudfront';", "", 1)
	if script == string(source) {
		t.Fatal("the function does not import cf")
	}
	f := &edgeFunction{t: t, engine: goja.New(), value: value}
	f.must(f.engine.Set("console", map[string]any{"log": func(string) {}}))
	f.must(f.engine.Set("cf", map[string]any{
		"selectRequestOriginById": func(id string) { f.origin = id },
		"kvs":                     func() map[string]any { return map[string]any{"get": f.get} },
	}))
	if _, err := f.engine.RunString(script); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *edgeFunction) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// get is kvs().get of the runtime: a promise of the parsed value, rejected when the key is missing.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-custom-methods.html
func (f *edgeFunction) get(key string, options map[string]any) *goja.Promise {
	promise, resolve, reject := f.engine.NewPromise()
	value, err := f.value(key)
	var parsed goja.Value
	if err == nil && options["format"] == "json" {
		var parse goja.Callable
		parse, _ = goja.AssertFunction(f.engine.Get("JSON").ToObject(f.engine).Get("parse"))
		parsed, err = parse(goja.Undefined(), f.engine.ToValue(value))
	}
	if err != nil {
		f.must(reject(err.Error()))
	} else {
		f.must(resolve(parsed))
	}
	return promise
}

// visit calls the handler, and returns the colour of the header and the origin.
func (f *edgeFunction) visit(ip, session string) (colour string) {
	f.t.Helper()
	f.origin = ""
	cookies := map[string]any{}
	if session != "" {
		cookies["session"] = map[string]any{"value": session}
	}
	event := map[string]any{"viewer": map[string]any{"ip": ip}, "request": map[string]any{"headers": map[string]any{}, "cookies": cookies, "uri": "/"}}
	handler, ok := goja.AssertFunction(f.engine.Get("handler"))
	if !ok {
		f.t.Fatal("there is no handler")
	}
	result, err := handler(goja.Undefined(), f.engine.ToValue(event))
	f.must(err)
	promise, ok := result.Export().(*goja.Promise)
	if !ok || promise.State() != goja.PromiseStateFulfilled {
		f.t.Fatalf("the handler did not end well: %v", result)
	}
	request := promise.Result().ToObject(f.engine)
	colour = request.Get("headers").ToObject(f.engine).Get("x-colour").ToObject(f.engine).Get("value").String()
	if f.origin != colour {
		f.t.Errorf("the header says %s, and the origin is %s", colour, f.origin)
	}
	return colour
}

func TestTheEdgeFunctionFollowsTheWeights(t *testing.T) {
	t.Parallel()
	value := ""
	f := newEdgeFunction(t, func(key string) (string, error) {
		if key != "weights" {
			return "", errors.New("no such key")
		}
		return value, nil
	})
	const visitors = 400
	before := map[string]bool{} // had green at a smaller share
	for _, percent := range []int{0, 1, 10, 50, 99, 100} {
		value = fmt.Sprintf(`{"version":1,"blue":%d,"green":%d}`, 100-percent, percent)
		green := 0
		for i := range visitors {
			ip := fmt.Sprintf("198.51.%d.%d", i/250, i%250)
			switch colour := f.visit(ip, ""); {
			case colour == "green":
				green++
				before[ip] = true
			case before[ip]:
				t.Fatalf("%s had green before and has blue at %d %%", ip, percent)
			}
		}
		got := 100 * float64(green) / visitors
		if wide := 6.0; got < float64(percent)-wide || got > float64(percent)+wide || (percent == 0) != (green == 0) || (percent == 100) != (green == visitors) {
			t.Errorf("%d %%: green got %.1f %%", percent, got)
		}
	}
	value = `{"blue":1,"green":1}`
	for i := range 50 {
		session := fmt.Sprint("session ", i)
		if a, b := f.visit("198.51.100.1", session), f.visit("2001:db8::1", session); a != b {
			t.Errorf("%s went from %s to %s with its address", session, a, b)
		}
	}
}

func TestTheEdgeFunctionFailsOpen(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "null", "[]", `"x"`, `{"blue":0,"green":0}`, `{"blue":-1,"green":101}`, `{"green":100}`, `{"blue":"0","green":"100"}`, `{"version":2,"blue":0,"green":100}`, "{",
	} {
		f := newEdgeFunction(t, func(string) (string, error) { return value, nil })
		equal(t, value, f.visit("198.51.100.1", ""), "blue")
	}
	f := newEdgeFunction(t, func(string) (string, error) { return "", errors.New("unavailable") })
	equal(t, "unavailable", f.visit("198.51.100.1", ""), "blue")
}

// What the router writes is what the function reads.
func TestTheEdgeFunctionReadsWhatTheRouterWrites(t *testing.T) {
	t.Parallel()
	store := newKeyValueStore(`{"blue":100,"green":0,"note":"shop"}`)
	f := newEdgeFunction(t, func(string) (string, error) {
		out, err := store.GetKey(context.Background(), &kvs.GetKeyInput{})
		if err != nil {
			return "", err
		}
		return *out.Value, nil
	})
	r := traffic.NewCloudFrontKVS(store, traffic.CloudFrontKVSTarget{ARN: store.arn, Key: "weights"})
	for _, percent := range []int{100, 0} {
		state, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Set(t.Context(), traffic.On(traffic.Green, percent), state.Precondition); err != nil {
			t.Fatal(err)
		}
		want := "blue"
		if percent == 100 {
			want = "green"
		}
		equal(t, fmt.Sprint(percent), f.visit("203.0.113.7", ""), want)
	}
}
