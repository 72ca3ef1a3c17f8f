package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestContract: what every clock promises.
func TestContract(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func() clock.Clock{
		"system": func() clock.Clock { return clock.System{} },
		"fake":   func() clock.Clock { return clock.NewFake(start) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := build()
				before := c.Now()
				if err := c.Sleep(t.Context(), time.Minute); err != nil || c.Now().Sub(before) != time.Minute {
					t.Errorf("slept %s, %v", c.Now().Sub(before), err)
				}
				for _, d := range []time.Duration{0, -time.Second} {
					if err := c.Sleep(t.Context(), d); err != nil || c.Now().Sub(before) != time.Minute {
						t.Errorf("a sleep of %s: %v", d, err)
					}
				}
				ended, cancel := context.WithCancelCause(t.Context())
				cause := errors.New("enough")
				cancel(cause)
				if err := c.Sleep(ended, 0); !errors.Is(err, cause) {
					t.Errorf("an ended context: %v", err)
				}

				limited, release := c.WithTimeout(t.Context(), 10*time.Second)
				defer release()
				inner, releaseInner := c.WithTimeout(limited, time.Hour)
				defer releaseInner()
				began := c.Now()
				if err := c.Sleep(inner, time.Minute); !errors.Is(err, context.DeadlineExceeded) || c.Now().Sub(began) != 10*time.Second {
					t.Errorf("slept %s into a deadline of 10 s: %v", c.Now().Sub(began), err)
				}
				if limited.Err() == nil || inner.Err() == nil {
					t.Error("the contexts go on")
				}

				detached, releaseDetached := c.WithTimeout(context.WithoutCancel(inner), 5*time.Second)
				defer releaseDetached()
				began = c.Now()
				if err := c.Sleep(detached, 3*time.Second); err != nil || c.Now().Sub(began) != 3*time.Second {
					t.Errorf("a detached context keeps the old deadline: %s, %v", c.Now().Sub(began), err)
				}
				if err := c.Sleep(detached, 3*time.Second); !errors.Is(err, context.DeadlineExceeded) || c.Now().Sub(began) != 5*time.Second {
					t.Errorf("a detached context has a deadline of its own: %s, %v", c.Now().Sub(began), err)
				}
			})
		})
	}
}

func TestFakeRemembers(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(start)
	limited, release := fake.WithTimeout(t.Context(), time.Minute)
	defer release()
	_ = fake.Sleep(t.Context(), time.Second)
	fake.Advance(30 * time.Second)
	if limited.Err() != nil {
		t.Error("ended early")
	}
	fake.Advance(29 * time.Second)
	if !errors.Is(context.Cause(limited), context.DeadlineExceeded) {
		t.Errorf("cause %v", context.Cause(limited))
	}
	if diff := cmp.Diff([]time.Duration{time.Second}, fake.Slept()); diff != "" {
		t.Error(diff)
	}
	late, releaseLate := fake.WithTimeout(t.Context(), 0)
	defer releaseLate()
	if late.Err() == nil {
		t.Error("a timeout of nothing goes on")
	}
}
