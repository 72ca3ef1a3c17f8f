package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"golang.org/x/sync/errgroup"
)

// bucket is a service that takes so many calls a second, and a burst of them, and answers the others with its error for that.
type bucket struct {
	rate, burst float64
	latency     time.Duration

	mu       sync.Mutex
	tokens   float64
	filled   time.Time
	refused  int
	answered int
	running  int
	most     int
}

func (b *bucket) RoundTrip(request *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.running++
	b.most = max(b.most, b.running)
	now := time.Now()
	if b.filled.IsZero() {
		b.filled, b.tokens = now, b.burst
	}
	b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.filled).Seconds())
	b.filled = now
	status, body := http.StatusOK, `{"Events":[]}`
	if b.tokens < 1 {
		b.refused++
		status, body = http.StatusBadRequest, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	} else {
		b.tokens--
		b.answered++
	}
	b.mu.Unlock()
	select {
	case <-time.After(b.latency): //nolint:forbidigo // in a bubble of synctest
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
	b.mu.Lock()
	b.running--
	b.mu.Unlock()
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(body)), Request: request,
	}, nil
}

// lookups makes calls of a client, some at a time, and tells how long they took by the bubble's clock.
func lookups(t *testing.T, service *bucket, calls, workers int, retryer func() aws.Retryer) time.Duration {
	t.Helper()
	client := cloudtrail.NewFromConfig(aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), HTTPClient: &http.Client{Transport: service}, Retryer: retryer,
	})
	began := time.Now()
	var working errgroup.Group
	working.SetLimit(workers)
	for range calls {
		working.Go(func() error {
			_, err := client.LookupEvents(context.Background(), &cloudtrail.LookupEventsInput{})
			return err
		})
	}
	if err := working.Wait(); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func standard() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 40, 20*time.Second, noQuota{}
	})
}

// noQuota is how aws-sdk-go-base sets the SDK up: retries cost nothing.
type noQuota struct{}

func (noQuota) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (noQuota) AddTokens(uint) error { return nil }

// Under a limit of five calls a second, many workers are never slower than calls one after another, and waste few calls on
// being refused.
func TestPaceIsNeverSlowerThanSerial(t *testing.T) {
	t.Parallel()
	for _, latency := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		for _, burst := range []float64{1, 5, 50} {
			t.Run(fmt.Sprintf("%s, burst %.0f", latency, burst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					serially := &bucket{rate: 5, burst: burst, latency: latency}
					serial := lookups(t, serially, 200, 1, standard)
					side := &bucket{rate: 5, burst: burst, latency: latency}
					ours := lookups(t, side, 200, 16, withPace(standard))
					fewest := time.Duration((200 - burst) / 5 * float64(time.Second))
					if ours > serial+fewest/50 { // where both are at the limit, chance decides who is first
						t.Errorf("%s with 16 workers, %s one after another", ours, serial)
					}
					allowed := fewest * 11 / 10
					if burst == 1 {
						allowed = fewest * 13 / 10 // what is too early by a moment is refused at once
					}
					if ours > allowed {
						t.Errorf("%s, and the limit allows %s", ours, fewest)
					}
					if side.refused > 60 {
						t.Errorf("%d of %d calls were refused", side.refused, side.refused+side.answered)
					}
					t.Logf("serial %s (%d refused), ours %s (%d refused), limit %s", serial, serially.refused, ours, side.refused, fewest)
				})
			})
		}
	}
}

// A limit that is known is kept from the first call on: within a tenth of it, and nothing is refused.
func TestPaceOfAKnownLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bucket{rate: 5, burst: 1, latency: 100 * time.Millisecond}
		took := lookups(t, service, 200, 16, func() aws.Retryer { return keepPace(standard(), 4.9) })
		if limit := 40 * time.Second; took > limit*11/10 || service.refused != 0 {
			t.Errorf("%s for what the limit allows in %s; %d refused", took, limit, service.refused)
		}
	})
}

// A service that never complains is not slowed down, and no more than so many calls are under way.
func TestPaceWithoutComplaints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bucket{rate: 1e9, burst: 1e9, latency: 100 * time.Millisecond}
		if took := lookups(t, service, 1024, 1024, withPace(standard)); took != 400*time.Millisecond || service.most != inFlight {
			t.Errorf("%s, %d at once", took, service.most)
		}
	})
}

// A limit that is lifted is found out: the pace rises.
func TestPaceRises(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(0)
		call := func(throttled bool) {
			turn, err := p.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // in a bubble of synctest
			p.leave(turn, throttled)
		}
		for range 10 {
			call(false)
		}
		call(true)
		low := p.rate
		for range 400 {
			call(false)
		}
		if low >= 10 || p.rate < 10 { // a call takes a tenth of a second
			t.Errorf("from %.2f to %.2f", low, p.rate)
		}
	})
}

// Who waits for a turn and gives up gets his own reason, and his place is free again.
func TestPaceGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(0.01)
		began, err := p.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.leave(began, false)
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		for range inFlight + 1 {
			if _, err := p.enter(ctx); !errors.Is(err, reason) {
				t.Fatalf("got %v", err)
			}
		}
		if len(p.slots) != 0 {
			t.Errorf("%d slots are taken", len(p.slots))
		}
	})
}
