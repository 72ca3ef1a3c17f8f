package main

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// customers send steady traffic and count what fails.
type customers struct {
	url    string
	client *http.Client
	done   sync.WaitGroup

	mu     sync.Mutex
	sent   int
	failed int
}

// pause between two requests: about 50 a second.
const pause = 20 * time.Millisecond

func startCustomers(ctx context.Context, url string) *customers {
	c := &customers{url: url, client: &http.Client{Timeout: 5 * time.Second}}
	c.done.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				c.done.Go(func() { c.ask(ctx) })
			}
		}
	})
	return c
}

func (c *customers) ask(ctx context.Context) {
	ok := false
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/", http.NoBody)
	if err == nil {
		var resp *http.Response
		if resp, err = c.client.Do(req); err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			ok = err == nil && resp.StatusCode == http.StatusOK
		}
	}
	if ctx.Err() != nil {
		return // the demo ended, not the shop
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	if !ok {
		c.failed++
	}
}

// count returns the requests so far.
func (c *customers) count() (sent, failed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.failed
}
