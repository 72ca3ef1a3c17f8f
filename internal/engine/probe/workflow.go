package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"time"
)

// Workflow is a journey through an application: requests one after another, of which later ones use what earlier ones
// answered. Each attempt is a journey of its own, with its own captured values and cookies.
type Workflow struct {
	Steps []Step
}

// Step is one request of a workflow. {{name}} stands for a captured value in its URL, its headers, its body, and in the
// texts that its answer must hold.
type Step struct {
	Name    string
	URL     string
	HTTP    HTTP // the rest of the request; its own URL is not used
	Capture []Capture
	Always  bool // runs also when an earlier step has failed, to clean up
}

// Capture keeps the result of an expression over a step's answer for later steps.
type Capture struct {
	Name       string
	Expression *Expression
}

// Name is "workflow".
func (*Workflow) Name() string { return "workflow" }

// cleanUp is what is left of an attempt's time for steps that always run: a quarter of it, but no more than this.
const cleanUp = 10 * time.Second

// Probe makes the whole journey. The first step that does not hold decides; after it, only steps that always run are run,
// those without what they need excepted. What was captured is a secret and in no observation.
func (w *Workflow) Probe(ctx context.Context) Observation {
	started := time.Now()
	forward, cancel := w.forward(ctx)
	defer cancel()
	seen := Observation{Status: Pass, Values: map[string]string{"steps": strconv.Itoa(len(w.Steps))}}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return trouble(ctx, "keep cookies", err, 0)
	}
	j := &journey{captured: map[string]captured{}, jar: jar}
	passed := 0
	for i := range w.Steps {
		step := &w.Steps[i]
		if seen.Status != Pass && (!step.Always || !j.holds(step)) {
			continue
		}
		within := forward
		if step.Always {
			within = ctx
		}
		what := fmt.Sprintf("step %q (%d of %d)", step.Name, i+1, len(w.Steps))
		one := j.step(within, step)
		if status := one.Values["status"]; status != "" {
			seen.Values["step "+step.Name] = fmt.Sprintf("status %s in %d ms", status, one.Latency.Milliseconds())
		}
		switch {
		case one.Status == Pass:
			passed++
		case seen.Status == Pass:
			seen.Status, seen.Final, seen.Reason = one.Status, one.Final, what+": "+one.Reason
		default:
			seen.Reason += "; then " + what + ": " + one.Reason
		}
	}
	seen.Values["passed"] = strconv.Itoa(passed)
	seen.Latency = time.Since(started)
	return seen
}

// forward is how long the journey may go on: to the end, unless something has to be cleaned up after it.
func (w *Workflow) forward(ctx context.Context) (context.Context, context.CancelFunc) {
	for i := range w.Steps {
		if w.Steps[i].Always {
			return leave(ctx, 4, cleanUp)
		}
	}
	return context.WithCancel(ctx)
}

// journey is one attempt.
type journey struct {
	captured map[string]captured
	jar      *cookiejar.Jar
}

// step makes one request, judges its answer and keeps what it is asked to.
func (j *journey) step(ctx context.Context, step *Step) Observation {
	request, shown, err := j.request(step)
	if err != nil {
		return Observation{Status: Fail, Reason: err.Error()}
	}
	answer, seen := request.fetch(ctx, j.secrets()...)
	if answer != nil {
		seen = request.Expect.judge(answer, HTTPDialect)
		seen.Reason = shown.hide(seen.Reason)
	}
	if seen.Status == Pass {
		seen = j.capture(step, request, answer, seen)
	}
	if seen.Reason != "" {
		seen.Reason = request.method() + " " + shown.url + ": " + seen.Reason
	}
	return seen
}

func (j *journey) capture(step *Step, request *HTTP, answer *Answer, seen Observation) Observation {
	for _, capture := range step.Capture {
		result, err := capture.Expression.eval(answer, HTTPDialect)
		if err != nil {
			return seen.fail("capture %s: %v; %s", capture.Name, err, summary(answer))
		}
		text, ok := render(result)
		if !ok || text == "" || result == nil {
			return seen.fail("capture %s: %s: the result is %s, and not a text, number or boolean; %s", capture.Name, capture.Expression, describe(result), summary(answer))
		}
		_, isText := result.(string)
		j.captured[capture.Name] = captured{text: text, isText: isText, from: request.URL}
	}
	return seen
}

// holds tells whether everything was captured that a step needs.
func (j *journey) holds(step *Step) bool {
	for _, text := range step.Texts() {
		for _, name := range Placeholders(text) {
			if _, ok := j.captured[name]; !ok {
				return false
			}
		}
	}
	return true
}

// secrets are the captured values. One or two characters say nothing, and taking them out would mangle a reason.
func (j *journey) secrets() []string {
	var secrets []string
	for _, value := range j.captured {
		if len(value.text) > 2 {
			secrets = append(secrets, value.text)
		}
	}
	return secrets
}

// Texts are those of a step in which {{name}} stands for a captured value.
func (s *Step) Texts() []string {
	texts := []string{s.URL, s.HTTP.Body, s.HTTP.Expect.BodyContains}
	for _, values := range []map[string]string{s.HTTP.Headers, s.HTTP.SensitiveHeaders, s.HTTP.Expect.Header} {
		for _, value := range values {
			texts = append(texts, value)
		}
	}
	for _, expectation := range s.HTTP.Expect.JSON {
		texts = append(texts, expectation.Want)
	}
	return texts
}

// shownRequest is what a reason may say of a request: the texts before anything was filled in.
type shownRequest struct {
	url     string
	instead map[string]string // by the quoted text that was filled
}

// hide puts the texts of the configuration in the place of those that were filled.
func (s *shownRequest) hide(reason string) string {
	for filled, text := range s.instead {
		reason = strings.ReplaceAll(reason, filled, text)
	}
	return reason
}

// plain fills a text that a reason may quote.
func (s *shownRequest) plain(j *journey, text string) (string, error) {
	filled, err := j.fill(text, asIs)
	if filled != text {
		s.instead[strconv.Quote(filled)] = strconv.Quote(text)
	}
	return filled, err
}

// request fills a step in.
func (j *journey) request(step *Step) (*HTTP, *shownRequest, error) {
	request := step.HTTP
	shown := &shownRequest{url: shownURL(step.URL), instead: map[string]string{}}
	address, abroad, err := j.url(step.URL)
	if err != nil {
		return nil, nil, err
	}
	request.URL, request.jar, request.led = address, j.jar, abroad
	failed := j.headers(&request, abroad)
	body, err := j.body(&step.HTTP)
	failed = errors.Join(failed, err)
	request.Body = body
	request.Expect.BodyContains, err = shown.plain(j, step.HTTP.Expect.BodyContains)
	failed = errors.Join(failed, err)
	request.Expect.Header = maps.Clone(step.HTTP.Expect.Header)
	for name, text := range request.Expect.Header {
		request.Expect.Header[name], err = shown.plain(j, text)
		failed = errors.Join(failed, err)
	}
	request.Expect.JSON = nil
	for _, expectation := range step.HTTP.Expect.JSON {
		expectation.Want, err = shown.plain(j, expectation.Want)
		failed = errors.Join(failed, err)
		request.Expect.JSON = append(request.Expect.JSON, expectation)
	}
	return &request, shown, failed
}

// headers fills them. One that holds a captured value is a secret, which does not go along to another host; nor does what
// else proves who we are, where a captured URL leads to one.
func (j *journey) headers(request *HTTP, abroad bool) error {
	plain, secret := map[string]string{}, map[string]string{}
	var failed error
	for _, headers := range []map[string]string{request.Headers, request.SensitiveHeaders} {
		for name, text := range headers {
			filled, err := j.fill(text, asIs)
			failed = errors.Join(failed, err)
			plain[name] = filled
			if filled != text {
				secret[name] = filled
			}
		}
	}
	for name := range request.SensitiveHeaders {
		secret[name] = plain[name]
	}
	for name := range secret {
		delete(plain, name)
	}
	if abroad {
		secret, request.jar = nil, nil
		for name := range plain {
			if isCredential(name) {
				delete(plain, name)
			}
		}
		if request.TLS != nil {
			request.TLS = request.TLS.Clone()
			request.TLS.Certificates = nil
		}
	}
	request.Headers, request.SensitiveHeaders = plain, secret
	return failed
}
