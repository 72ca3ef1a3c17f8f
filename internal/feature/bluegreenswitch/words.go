package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// failure is a switch that failed, with what is needed to say so.
type failure struct {
	run   *run
	to    traffic.Colour
	where map[string]route
	plan  *model
}

// wordFailure says what happened, what is live and what to do, at the route's attribute where one is at fault.
func wordFailure(diags *diag.Diagnostics, f failure) {
	var unfit *traffic.UnfitRouteError
	if errors.As(f.run.err, &unfit) {
		for key, route := range f.where {
			for i, candidate := range f.run.routes {
				if candidate.Key != key {
					continue
				}
				for _, reason := range f.run.outcome.States[i].Unfit {
					if !reason.Hinders(f.to) {
						continue
					}
					wordUnfit(diags, route, reason)
				}
			}
		}
		return
	}
	var at *traffic.RouteError
	if errors.As(f.run.err, &at) && errors.Is(f.run.err, traffic.ErrMissing) && !f.run.outcome.Moved {
		wordRead(diags, f.where[at.Route], at.Err)
		return
	}
	message := f.message()
	message.Live = f.live() + f.run.code.live()
	if len(f.run.outcome.Unproven) > 0 {
		var problems []string
		for _, err := range f.run.outcome.Unproven {
			problems = append(problems, err.Error())
		}
		message.Live += " While looking after it: " + strings.Join(problems, "; ") + "."
	}
	if f.run.outcome.Guarded {
		message.Live += " The guard still stands: EventBridge Scheduler moves traffic back within " + guardText(f.plan) + "."
	}
	if f.run.code.restored() {
		message.Next = strings.Replace(message.Next, f.next(), "Its release is in quarantine now: give another one to reliability_deployment_snapshot, or set allow_redeploy = true there.", 1)
	}
	if message.Next == "" {
		message.Live += " " + f.next() // what to do depends on what AWS said
	}
	tfdiag.Error(diags, message)
	if f.run.code.err != nil {
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "The snapshot was not restored", Happened: fmt.Sprintf("Traffic was looked after first; then snapshot %s could not be restored wholly", f.run.code.id), Err: f.run.code.err,
			Next: "correct the cause and restore it with a reliability_rollback of the same snapshot, which does what is left.",
		})
	}
}

// message is what happened and what to do.
func (f failure) message() tfdiag.Message {
	var (
		checks  *traffic.ChecksError
		held    *journal.HeldError
		foreign *traffic.ForeignChangeError
		lost    *traffic.LeaseLostError
		written *traffic.JournalError
		guarded *traffic.GuardError
		route   *traffic.RouteError
	)
	err := f.run.err
	again := "apply again. " + f.next()
	switch {
	case errors.As(err, &checks):
		return tfdiag.Message{
			Summary:  "Traffic was not switched: checks did not pass",
			Happened: fmt.Sprintf("The checks of %s %s %s:\n%s", f.to, verdict(checks.Result.Verdict), checks.Stage, checkset.Describe(checks.Result)),
			Next:     fmt.Sprintf("find out why %s is not well, correct it, and apply again. %s", f.to, f.next()),
		}
	case errors.As(err, &lost):
		return tfdiag.Message{
			Summary: "Traffic was not switched: the lease was lost", Happened: "The lease that keeps two applies apart could not be kept", Err: lost.Err,
			Next: "see who else applies this configuration, wait for them, then " + again,
		}
	case errors.As(err, &held):
		return tfdiag.Message{
			Summary:  "Traffic was not switched: another process is at it",
			Happened: fmt.Sprintf("%s is held by %s until %s, unless it is extended.", held.Target, held.Holder, held.Expires.UTC().Format(time.RFC3339)),
			Next:     "wait until it is done, and apply again. A lease of a process that died ends by itself at the time above.",
		}
	case errors.As(err, &foreign):
		return tfdiag.Message{
			Summary:  "Traffic was not switched: somebody else moved it",
			Happened: fmt.Sprintf("The route %q was at %s, and somebody else moved it to %s meanwhile. Theirs was not overwritten.", foreign.Route, foreign.Expected, foreign.Found),
			Next:     "find out who changed it (CloudTrail), agree who owns the weights (ignore_changes in hashicorp/aws), then " + again,
		}
	case errors.Is(err, context.Canceled):
		return tfdiag.Message{Summary: "Traffic was not switched: the apply was cancelled", Happened: "The apply was cancelled before the switch was done.", Next: again}
	case errors.As(err, &written) && written.Err != context.DeadlineExceeded: //nolint:errorlint // the bare one is the deadline of the whole
		return tfdiag.Message{
			Summary: "Traffic was not switched: the journal cannot be used", Happened: "A switch reads the journal before it begins, and is written down before it goes on", Err: written.Err,
			Next: "make the store of the provider block readable and writable, then " + again,
		}
	case errors.As(err, &guarded):
		return tfdiag.Message{
			Summary: "Traffic was not switched: its guard does not stand", Happened: fmt.Sprintf("It was not possible to %s the schedule that guards the route %q", guarded.Doing, guarded.Route), Err: guarded.Err,
			Next: "see that scheduler:CreateSchedule, UpdateSchedule and DeleteSchedule are allowed, and iam:PassRole on schedule_role_arn, then " + again,
		}
	case errors.Is(err, context.DeadlineExceeded) && overLimit(err):
		errors.As(err, &route)
		return tfdiag.Message{
			Summary: "Traffic was not switched: AWS took too long", Happened: fmt.Sprintf("It was not possible to %s the route %q", route.Doing, route.Route), Err: route.Err,
			Next: "look into the AWS Health Dashboard whether the service has trouble, then " + again,
		}
	case errors.Is(err, context.DeadlineExceeded):
		return tfdiag.Message{
			Summary: "Traffic was not switched: it took too long", Happened: "The deadline in timeouts passed before the switch was done", Err: err,
			Next: "raise timeouts, or shorten interval and bake of the strategy, then " + again,
		}
	case errors.As(err, &route):
		return tfdiag.Message{Summary: "Traffic was not switched: AWS did not do it", Happened: fmt.Sprintf("It was not possible to %s the route %q", route.Doing, route.Route), Err: route.Err}
	default:
		return tfdiag.Message{Summary: "Traffic was not switched", Happened: "The switch failed", Err: err, Next: again}
	}
}

// overLimit tells whether it was a limit of one call or of one wait that passed, and not the deadline of the whole switch,
// which the engine gives as it is, in place of whatever a call made of it.
func overLimit(err error) bool {
	var route *traffic.RouteError
	return errors.As(err, &route) && route.Err != context.DeadlineExceeded //nolint:errorlint // the bare one is meant
}

func verdict(v gate.Verdict) string {
	if v == gate.Inconclusive {
		return "did not come to a verdict"
	}
	return "failed"
}

// live says where traffic is and how it got there.
func (f failure) live() string {
	outcome := f.run.outcome
	text := outcome.LiveText()
	var foreign *traffic.ForeignChangeError
	switch {
	case outcome.Status == traffic.StatusReverted && outcome.Moved && errors.As(f.run.err, &foreign):
		return text + ". Traffic is back where it was." // who moved it back may have been the other one
	case outcome.Status == traffic.StatusReverted && outcome.Moved:
		return fmt.Sprintf("%s. Traffic was moved back in %s.", text, outcome.Recovery.Round(time.Millisecond))
	case outcome.Status == traffic.StatusHeld && outcome.Moved:
		return text + `. Traffic was left there, as on_failure = "hold" says.`
	case outcome.Status == traffic.StatusInterrupted:
		return text + ". Traffic is NOT back where it was."
	case text == "":
		return "as before: nothing was moved."
	default:
		return text + ". Nothing was moved."
	}
}

// next says what the next apply does.
func (f failure) next() string {
	switch f.run.outcome.Status {
	case traffic.StatusHeld:
		return fmt.Sprintf("The next apply goes on from there; to move traffic back, set active = %q and apply.", f.to.Other())
	case traffic.StatusInterrupted:
		return fmt.Sprintf("The next apply moves all traffic to %s if its checks pass; to get it off at once, set active = %q and apply.", f.to, f.to.Other())
	default:
		return "The next apply tries the whole switch again."
	}
}
