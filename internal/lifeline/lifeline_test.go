package lifeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// slow is a provider whose work ends a while after its context.
type slow struct {
	Server

	cleanup time.Duration
	cause   error
	failure error
}

func (s *slow) work(ctx context.Context) {
	<-ctx.Done()
	s.cause = context.Cause(ctx)
	time.Sleep(s.cleanup) //nolint:forbidigo // in a bubble
}

func (s *slow) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	s.work(ctx)
	return &tfprotov6.ApplyResourceChangeResponse{}, nil
}

func (s *slow) InvokeAction(ctx context.Context, _ *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	if s.failure != nil {
		return nil, s.failure
	}
	return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
		if push(tfprotov6.InvokeActionEvent{}) {
			s.work(ctx)
			push(tfprotov6.InvokeActionEvent{})
		}
	}}, nil
}

func TestWorkEndsInOrderWhenTheParentIsGone(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(Server) error{
		"apply": func(s Server) error {
			_, err := s.ApplyResourceChange(context.Background(), nil)
			return err
		},
		"action": func(s Server) error {
			stream, err := s.InvokeAction(context.Background(), nil)
			if err == nil {
				for range stream.Events { // taken to the end
					continue
				}
			}
			return err
		},
		"action whose events nobody takes": func(s Server) error {
			stream, err := s.InvokeAction(context.Background(), nil)
			if err == nil {
				for range stream.Events {
					break
				}
			}
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			line, inner := newLine(), &slow{cleanup: time.Minute}
			go func() {
				if err := begin(line.Guard(inner)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}()
			synctest.Wait()
			started := time.Now()
			line.end(time.Hour)
			if took := time.Since(started); took != time.Minute {
				t.Errorf("%s: waited %s", name, took)
			}
			if !errors.Is(inner.cause, ErrGone) || !errors.Is(inner.cause, context.Canceled) {
				t.Errorf("%s: cause %v", name, inner.cause)
			}
		})
	}
}

func TestWorkThatBeginsAfterTheEndIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	line, inner := newLine(), &slow{}
	line.end(time.Hour) // nothing to wait for
	if _, err := line.Guard(inner).ApplyResourceChange(t.Context(), nil); err != nil || !errors.Is(inner.cause, ErrGone) {
		t.Errorf("%v, cause %v", err, inner.cause)
	}
}

func TestWorkThatNeverEndsIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		_, done := line.begin(t.Context())
		started := time.Now()
		line.end(time.Minute)
		if took := time.Since(started); took != time.Minute {
			t.Errorf("waited %s", took)
		}
		done()
	})
}

func TestACallThatEndsIsNoWork(t *testing.T) {
	t.Parallel()
	line, inner := newLine(), &slow{failure: errors.New("no")}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	guarded := line.Guard(inner)
	if _, err := guarded.ApplyResourceChange(ctx, nil); err != nil || errors.Is(inner.cause, ErrGone) {
		t.Errorf("%v, cause %v", err, inner.cause)
	}
	if _, err := guarded.InvokeAction(ctx, nil); !errors.Is(err, inner.failure) {
		t.Errorf("error %v", err)
	}
	if line.working() {
		t.Error("work is counted that has ended")
	}
}

// Told to end, the work is cancelled and put in order, and Terraform is given the time to take the answer.
func TestAProviderThatIsToldToEndPutsThingsInOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		busy bool
		gone time.Duration // when Terraform ends, after the signal
		want time.Duration
	}{
		"nothing under way":         {false, time.Hour, 0},
		"terraform takes its time":  {true, time.Hour, time.Minute + farewell},
		"terraform ends as well":    {true, time.Second, time.Minute},
		"terraform ends afterwards": {true, time.Minute + time.Second, time.Minute + time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			line, inner, gone := newLine(), &slow{cleanup: time.Minute}, make(chan struct{})
			if test.busy {
				go func() {
					if _, err := line.Guard(inner).ApplyResourceChange(context.Background(), nil); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}()
			}
			synctest.Wait()
			started := time.Now()
			time.AfterFunc(test.gone, func() { close(gone) })
			line.terminate(gone)
			if took := time.Since(started); took != test.want {
				t.Errorf("%s: waited %s, want %s", name, took, test.want)
			}
			if test.busy && !errors.Is(inner.cause, ErrTerminated) {
				t.Errorf("%s: cause %v", name, inner.cause)
			}
		})
	}
}
