package report_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// installBrowser is what to do where there is none.
const installBrowser = "run scripts/install-browser"

// findChromium returns the browser of this machine. Without one nothing is known of the pages: CI fails, and anybody else is told.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("RELIABILITY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	lacking(t, "there is no Chromium here: "+installBrowser+", or let RELIABILITY_CHROMIUM name one")
	return ""
}

func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip("THE PAGES ARE NOT LOOKED AT: " + what)
}

// browser is a headless Chromium that is driven over a pair of pipes: https://chromedevtools.github.io/devtools-protocol/.
type browser struct {
	t    *testing.T
	ctx  context.Context
	in   *os.File
	mu   sync.Mutex
	last int
	wait map[int]chan message
	// events are handed over by session, in order.
	events map[string]chan message
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startBrowser starts one for the length of the test, with a profile of its own.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := findChromium(t)
	profile, err := os.MkdirTemp("", "reliability-pages-") //nolint:usetesting // a child of the browser may outlive it by a moment, and then the test could not remove its folder
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute)
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The sandbox needs a user who is not root; what is opened is our own pages.
	command := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+profile)
	command.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	command.Stderr = nil
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	must(t, toBrowser.Close())
	must(t, fromBrowser.Close())
	b := &browser{t: t, ctx: ctx, in: in, wait: map[int]chan message{}, events: map[string]chan message{}}
	read := make(chan struct{})
	go func() { // owner: the clean-up waits for read
		defer close(read)
		b.read(out)
	}()
	t.Cleanup(func() {
		_ = b.send(message{ID: -1, Method: "Browser.close"}) // else the context ends it
		done := make(chan struct{})
		go func() { // owner: this function, which waits for done
			defer close(done)
			_ = command.Wait() // it is ended by a signal
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second): //nolint:forbidigo // a browser keeps no clock of ours
		}
		cancel()
		<-done
		<-read
		_ = in.Close()
		_ = out.Close()
		for try := 0; os.RemoveAll(profile) != nil && try < 50; try++ {
			<-time.After(100 * time.Millisecond) //nolint:forbidigo // a browser keeps no clock of ours
		}
	})
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read hands over what the browser says, until it ends.
func (b *browser) read(out *os.File) {
	reader := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line[:len(line)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		answer, events := b.wait[m.ID], b.events[m.Session]
		delete(b.wait, m.ID)
		b.mu.Unlock()
		switch {
		case m.ID != 0 && answer != nil:
			answer <- m
		case m.Method != "" && events != nil:
			select {
			case events <- m:
			default: // nobody looks at that many
			}
		}
	}
}

func (b *browser) send(m message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = b.in.Write(append(data, 0))
	return err
}

// call calls a method of the protocol, in a session or of the browser itself, and decodes its result.
func (b *browser) call(session, method string, params, result any) {
	b.t.Helper()
	raw, err := json.Marshal(params)
	must(b.t, err)
	answer := make(chan message, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.wait[id] = answer
	err = b.send(message{ID: id, Session: session, Method: method, Params: raw})
	b.mu.Unlock()
	must(b.t, err)
	select {
	case <-b.ctx.Done():
		b.t.Fatalf("%s: no answer: %v", method, context.Cause(b.ctx))
	case m := <-answer:
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			must(b.t, json.Unmarshal(m.Result, result))
		}
	}
}

// tab is one page.
type tab struct {
	*browser
	session string
	events  chan message
}

type object map[string]any

// open opens a file, as somebody would who clicks on it in a folder, and waits until it is there.
func (b *browser) open(file string) *tab {
	b.t.Helper()
	path, err := filepath.Abs(file)
	must(b.t, err)
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", object{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	page := &tab{browser: b, session: attached.SessionID, events: make(chan message, 10_000)}
	b.mu.Lock()
	b.events[attached.SessionID] = page.events
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		page.do(domain+".enable", object{}, nil)
	}
	page.do("Page.navigate", object{"url": "file://" + path}, nil)
	page.evaluate(`new Promise(done => document.readyState === "complete" ? done(0) : addEventListener("load", () => done(0)))`, nil)
	return page
}

func (p *tab) do(method string, params, result any) {
	p.t.Helper()
	p.call(p.session, method, params, result)
}

// evaluate runs a program in the page, beside its policy, and decodes what it comes to.
func (p *tab) evaluate(program string, result any) {
	p.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.do("Runtime.evaluate", object{"expression": program, "awaitPromise": true, "returnByValue": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		p.t.Fatalf("%s: %s", e.Text, e.Exception.Description)
	}
	if result != nil {
		must(p.t, json.Unmarshal(answer.Result.Value, result))
	}
}

// look sets how the page is looked at: the colours that the reader prefers, the width of the screen, and whether it is printed.
func (p *tab) look(scheme string, width int, media string) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", object{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	p.do("Emulation.setEmulatedMedia", object{"media": media, "features": []object{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// shoot leaves pictures of the page, cut to what can be looked at.
func (p *tab) shoot(file string, width int) {
	p.t.Helper()
	const height, most = 1500, 3
	var whole struct{ CSSContentSize struct{ Height int } }
	p.do("Page.getLayoutMetrics", object{}, &whole)
	for i := range min(1+whole.CSSContentSize.Height/height, most) {
		var shot struct{ Data string }
		clip := object{"x": 0, "y": i * height, "width": width, "height": min(height, whole.CSSContentSize.Height-i*height), "scale": 1}
		p.do("Page.captureScreenshot", object{"format": "png", "captureBeyondViewport": true, "clip": clip}, &shot)
		data, err := base64.StdEncoding.DecodeString(shot.Data)
		must(p.t, err)
		must(p.t, os.WriteFile(fmt.Sprintf("%s-%d.png", file, i), data, 0o600))
	}
}

// seen returns the events of the methods that came so far.
func (p *tab) seen(methods ...string) []string {
	var found []string
	for {
		select {
		case m := <-p.events:
			for _, method := range methods {
				if m.Method == method {
					found = append(found, fmt.Sprintf("%s %s", m.Method, m.Params))
				}
			}
		default:
			return found
		}
	}
}
