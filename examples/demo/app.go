package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// app is one colour of the shop: a real HTTP server whose release can be changed. The broken release looks well until
// it has served its first customers, as a leak or a bad cache does.
type app struct {
	colour string
	url    string
	server *http.Server

	mu        sync.Mutex
	release   string
	served    int
	probes    int
	firstSick time.Time // when it first told a probe that it is not well
}

// brokenAfter is how many customers the broken release serves before it fails.
const brokenAfter = 3

// startApp serves a colour on loopback. The caller must stop it.
func startApp(ctx context.Context, colour, release string) (*app, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &app{colour: colour, release: release, url: "http://" + listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", a.health)
	mux.HandleFunc("POST /deploy", a.deploy)
	mux.HandleFunc("GET /", a.serve)
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := a.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return a, nil
}

func (a *app) stop() { _ = a.server.Close() }

func (a *app) sick() bool { return a.release == "v3" && a.served >= brokenAfter }

func (a *app) health(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.probes++
	status := "ok"
	if a.sick() {
		status = "failing"
		if a.firstSick.IsZero() {
			a.firstSick = time.Now()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"status": status, "release": a.release, "colour": a.colour})
}

func (a *app) serve(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sick() {
		http.Error(w, "out of memory", http.StatusInternalServerError)
		return
	}
	a.served++
	_ = json.NewEncoder(w).Encode(map[string]string{"release": a.release, "colour": a.colour})
}

func (a *app) deploy(_ http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release, a.served, a.firstSick = r.URL.Query().Get("release"), 0, time.Time{}
}

// status returns how many probes were answered, and when one was first told bad news.
func (a *app) status() (probes int, firstSick time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.probes, a.firstSick
}
