package probe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// pathsAtOnce bounds the requests that one attempt has open.
const pathsAtOnce = 16

// served asks for each path below base, side by side, following redirects as a browser does. It passes when every answer is
// a status of 200-299, and fails rather than errs when some of them are not.
func served(ctx context.Context, base *url.URL, paths []string) Observation {
	started := time.Now()
	seen := make([]Observation, len(paths))
	var group errgroup.Group
	group.SetLimit(pathsAtOnce)
	for i, path := range paths {
		group.Go(func() error {
			seen[i] = (&HTTP{URL: below(base, path), FollowRedirects: true}).Probe(ctx)
			return nil
		})
	}
	_ = group.Wait() // none returns an error
	whole := Observation{Status: Pass, Latency: time.Since(started)}
	var reasons []string
	for _, one := range seen {
		if one.Status == Pass {
			continue
		}
		reasons = append(reasons, one.Reason)
		if whole.Status != Fail {
			whole.Status = one.Status
		}
	}
	whole.Reason = strings.Join(reasons, "; ")
	whole.Values = map[string]string{"paths": strconv.Itoa(len(paths)), "served": strconv.Itoa(len(paths) - len(reasons))}
	return whole
}

// ParsePath takes a path with, maybe, a query, as it stands behind a host: "/", "/docs/?lang=en".
func ParsePath(text string) error {
	if !strings.HasPrefix(text, "/") {
		return fmt.Errorf("%q does not begin with a slash", text)
	}
	_, err := url.ParseRequestURI(text)
	switch {
	case err != nil || strings.HasPrefix(text, "//"):
		return fmt.Errorf("%q is no path of a URL", text)
	case strings.Contains(text, "#"):
		return errors.New("a server never sees what stands behind a #")
	}
	return nil
}

// below is a path under an address, which may have a path of its own. The path "/" is the address itself.
func below(base *url.URL, path string) *url.URL {
	path, query, hasQuery := strings.Cut(path, "?")
	target := *base
	if path != "" && path != "/" {
		target = *base.JoinPath(path)
	}
	if target.Path == "" {
		target.Path = "/"
	}
	if hasQuery {
		target.RawQuery = query
	}
	return &target
}
