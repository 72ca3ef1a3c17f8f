package gate

import (
	"math"
	"time"
)

// Defaults of a Policy whose field is zero.
const (
	DefaultTimeout    = 5 * time.Minute
	DefaultMultiplier = 2.0
	DefaultMaxDelay   = 60 * time.Second
)

// withDefaults replaces zero fields by the documented defaults and negative ones by zero's meaning.
func (p Policy) withDefaults() Policy {
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	p.MaxRetries = max(p.MaxRetries, 0)
	p.RetryDelay = max(p.RetryDelay, 0)
	if p.Multiplier < 1 {
		p.Multiplier = DefaultMultiplier
	}
	if p.MaxDelay <= 0 {
		p.MaxDelay = DefaultMaxDelay
	}
	p.Jitter = min(max(p.Jitter, 0), 1)
	p.InitialDelay = max(p.InitialDelay, 0)
	p.SuccessThreshold = max(p.SuccessThreshold, 1)
	if p.FailureThreshold <= 0 {
		p.FailureThreshold = p.MaxRetries + 1
	}
	p.MaxFailedChecks = max(p.MaxFailedChecks, 0)
	return p
}

// delay is the wait before the next attempt after that many failed attempts in a row; random is in [0,1). After an
// attempt that passed (0) it is RetryDelay: the next one only confirms. No delay, jitter included, exceeds MaxDelay.
func (p Policy) delay(failedInARow int, random float64) time.Duration {
	d := float64(p.RetryDelay)
	if failedInARow > 1 {
		d *= math.Pow(p.Multiplier, float64(failedInARow-1))
	}
	d = min(d, float64(p.MaxDelay))
	d *= 1 + p.Jitter*(2*random-1)
	return time.Duration(min(d, float64(p.MaxDelay)))
}
