package emulator

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"sync"
)

// TargetHealth is what a load balancer finds a target to be, with the words of
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html.
type TargetHealth struct {
	State       string `json:"state"`  // healthy, unhealthy, initial, draining, unused, unavailable
	Reason      string `json:"reason"` // Target.FailedHealthChecks, ...; none for a healthy one
	Description string `json:"description"`
}

// SetTargetHealth sets the health of a registered target, whose id is an instance, an address or a function. Until then it
// is what moto says: healthy.
func (e *Emulator) SetTargetHealth(targetGroupARN, target string, health TargetHealth) {
	e.loadBalancing.set(targetGroupARN, target, health)
}

// elasticLoadBalancingRules give targets a health, which in moto is always good.
type elasticLoadBalancingRules struct {
	mu     sync.Mutex
	health map[[2]string]TargetHealth // by target group and target
}

func newElasticLoadBalancingRules() *elasticLoadBalancingRules {
	l := &elasticLoadBalancingRules{}
	l.reset()
	return l
}

func (l *elasticLoadBalancingRules) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health = map[[2]string]TargetHealth{}
}

func (l *elasticLoadBalancingRules) set(group, target string, health TargetHealth) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health[[2]string{group, target}] = health
}

func (l *elasticLoadBalancingRules) rule(operation string) rule {
	if operation == "DescribeTargetHealth" {
		return l.describe
	}
	return nil
}

// describe is https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html.
func (l *elasticLoadBalancingRules) describe(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	separator := []byte("<member>")
	parts := bytes.Split(reply.body, separator)
	for i, part := range parts[1:] {
		target := element([]byte(element(part, "Target")), "Id")
		if health, ok := l.health[[2]string{x.form().Get("TargetGroupArn"), target}]; ok {
			parts[i+1] = replaceElement(part, "TargetHealth", health.xml())
		}
	}
	reply.body = bytes.Join(parts, separator)
	return reply, nil
}

func (h TargetHealth) xml() string {
	var text bytes.Buffer
	for _, field := range []struct{ name, value string }{{"State", h.State}, {"Reason", h.Reason}, {"Description", h.Description}} {
		if field.value == "" {
			continue
		}
		fmt.Fprintf(&text, "<%s>", field.name)
		_ = xml.EscapeText(&text, []byte(field.value)) // a buffer takes everything
		fmt.Fprintf(&text, "</%s>", field.name)
	}
	return text.String()
}
