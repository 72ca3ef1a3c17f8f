package proof

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// lever is one kind of router, as every proof needs it.
type lever struct {
	name string // in a configuration
	// steps are shares that it can give before the whole; none when it only knows all and nothing.
	steps []int
	// ttl is how long clients go on with what they know.
	ttl time.Duration
	// propagates tells whether AWS says of a change when it has arrived everywhere.
	propagates bool
	// blind tells that AWS takes no condition on a change: what somebody else does at the same moment is overwritten.
	blind bool
	// quick tells that the proxy serves it without moto, so that there is time for more.
	quick bool
	// slow tells that a switch of it takes many calls: fewer faults and outside changes are tried.
	slow bool
	// variant tells that it is another lever but for who its colours are; only deaths and rivals are tried on it.
	variant bool
	// most is the largest share that it can give before the whole; 0 means any.
	most int
	// reversible tells that its way back is one call with fixed parameters, so that a guard can do it.
	reversible bool
	// build sets up what it moves.
	build func(t *testing.T, w *world) target
}

// target is what one lever moves, seen from outside.
type target interface {
	// router returns a router as a process of the provider makes it.
	router(config aws.Config) traffic.Router
	// give sets the weights by hand, as somebody else would, whatever they were.
	give(ctx context.Context, weights traffic.Weights) error
	// serves is what AWS has now.
	serves(ctx context.Context) (shares, error)
}

// shares are what each colour gets, in whatever unit the lever has, and what gets anything besides.
type shares struct{ blue, green, other float64 }

func (s shares) total() float64 { return s.blue + s.green + s.other }

// only tells whether a colour has everything.
func (s shares) only(colour traffic.Colour) bool {
	if colour == traffic.Blue {
		return s.blue > 0 && s.green == 0 && s.other == 0
	}
	return s.green > 0 && s.blue == 0 && s.other == 0
}

// percent is the share of green in percent.
func (s shares) percent() float64 {
	if s.total() == 0 {
		return 0
	}
	return 100 * s.green / s.total()
}

func (s shares) String() string {
	text := fmt.Sprintf("blue %g, green %g", s.blue, s.green)
	if s.other != 0 {
		text += fmt.Sprintf(", others %g", s.other)
	}
	return text
}

// skipVariant skips a proof that would show the same of a variant.
func (w *world) skipVariant(t *testing.T) {
	t.Helper()
	if w.lever.variant && !full {
		t.Skip("the same as on the lever that it is a variant of; RELIABILITY_PROOF=full runs it")
	}
}

// levers are all of them.
var levers = []lever{
	route53Lever,
	lambdaAliasLever,
	listenerLever,
	cloudFrontOriginLever,
	cloudFrontKVSLever,
	cloudFrontStagingLever,
	apiGatewayCanaryLever,
	apiGatewayCanaryUnnamedLever,
}

// must ends the test on an error of setting up.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
