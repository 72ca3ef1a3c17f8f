package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Rollout is how the last deployment of an ECS service goes.
type Rollout struct {
	// State is COMPLETED, IN_PROGRESS or FAILED: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
	State string `json:"state"`
	// Status is SUCCESSFUL, IN_PROGRESS, ROLLBACK_SUCCESSFUL, ...:
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html
	Status string `json:"status"`
	Reason string `json:"reason"`
	// Missing is how many of the desired tasks do not run.
	Missing int `json:"missing"`
}

// SetRollout sets how the last deployment of a service goes, until the next one. Without, each is complete after a moment.
func (e *Emulator) SetRollout(cluster, service string, rollout Rollout) {
	e.ecs.set(cluster, service, rollout)
}

// ecsRules let services start their tasks and keep a history of deployments: in moto no task ever runs.
type ecsRules struct {
	propagation time.Duration

	mu       sync.Mutex
	services map[[2]string]*ecsService // by cluster and name
}

type ecsService struct {
	deployed time.Time
	scripted *Rollout
}

func newECSRules(propagation time.Duration) *ecsRules {
	r := &ecsRules{propagation: propagation}
	r.reset()
	return r
}

func (r *ecsRules) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.services = map[[2]string]*ecsService{}
}

func (r *ecsRules) set(cluster, service string, rollout Rollout) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := ecsKey(cluster, service)
	if r.services[key] == nil {
		r.services[key] = &ecsService{deployed: time.Now()}
	}
	r.services[key].scripted = &rollout
}

// ecsKey takes names or ARNs; no cluster is the one called default.
func ecsKey(cluster, service string) [2]string {
	if cluster == "" {
		cluster = "default"
	}
	return [2]string{cluster[strings.LastIndex(cluster, "/")+1:], service[strings.LastIndex(service, "/")+1:]}
}

func (r *ecsRules) rule(operation string) rule {
	switch operation {
	case "CreateService", "UpdateService":
		return r.deploy
	case "DescribeServices":
		return r.describe
	case "ListServiceDeployments":
		return r.list
	}
	return nil
}

func (r *ecsRules) deploy(ctx context.Context, x *exchange) (*answer, error) {
	refused, err := x.refuseInactive(ctx)
	if refused != nil || err != nil {
		return refused, err
	}
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	get := jsonStrings(x.body)
	name := get("serviceName")
	if name == "" {
		name = get("service")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.services[ecsKey(get("cluster"), name)] = &ecsService{deployed: time.Now()}
	return r.stamp(reply)
}

func (r *ecsRules) describe(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stamp(reply)
}

// stamp puts the rollouts into moto's answer.
func (r *ecsRules) stamp(reply *answer) (*answer, error) {
	var whole map[string]any
	if err := json.Unmarshal(reply.body, &whole); err != nil {
		return nil, fmt.Errorf("read moto's services: %w", err)
	}
	services, _ := whole["services"].([]any)
	if one, ok := whole["service"]; ok {
		services = append(services, one)
	}
	for _, value := range services {
		service, ok := value.(map[string]any)
		if !ok {
			continue
		}
		cluster, _ := service["clusterArn"].(string)
		name, _ := service["serviceName"].(string)
		if known := r.services[ecsKey(cluster, name)]; known != nil && service["status"] == "ACTIVE" {
			known.describe(service, r.rollout(known))
		}
	}
	body, err := json.Marshal(whole)
	reply.body = body
	reply.header.Del("Content-Length")
	return reply, err
}

func (r *ecsRules) rollout(known *ecsService) Rollout {
	switch {
	case known.scripted != nil:
		return *known.scripted
	case time.Since(known.deployed) < r.propagation:
		return Rollout{State: "IN_PROGRESS", Status: "IN_PROGRESS", Missing: 1}
	}
	return Rollout{State: "COMPLETED", Status: "SUCCESSFUL"}
}

func (s *ecsService) describe(service map[string]any, rollout Rollout) {
	deployments, _ := service["deployments"].([]any)
	if len(deployments) == 0 { // another deployment controller
		return
	}
	desired, _ := service["desiredCount"].(float64)
	missing := min(float64(rollout.Missing), desired)
	primary, _ := deployments[0].(map[string]any)
	for _, counted := range []map[string]any{service, primary} {
		counted["runningCount"], counted["pendingCount"] = desired-missing, missing
	}
	primary["desiredCount"], primary["taskDefinition"] = desired, service["taskDefinition"]
	primary["rolloutState"], primary["rolloutStateReason"] = rollout.State, rollout.Reason
	arn, _ := service["serviceArn"].(string)
	service["currentServiceDeployment"] = s.arn(arn)
}

func (s *ecsService) arn(service string) string {
	return strings.Replace(service, ":service/", ":service-deployment/", 1) + fmt.Sprintf("/%020d", s.deployed.UnixNano())
}

// list is https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html; only the last one is known.
func (r *ecsRules) list(_ context.Context, x *exchange) (*answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	get := jsonStrings(x.body)
	key := ecsKey(get("cluster"), get("service"))
	known := r.services[key]
	if known == nil {
		return x.fail(http.StatusBadRequest, "ServiceNotFoundException", "Service not found."), nil
	}
	rollout := r.rollout(known)
	service := fmt.Sprintf("arn:aws:ecs:%s:%s:service/%s/%s", x.Region, AccountID, key[0], key[1])
	body, err := json.Marshal(map[string]any{"serviceDeployments": []map[string]any{{
		"serviceDeploymentArn": known.arn(service), "serviceArn": service, "status": rollout.Status, "statusReason": rollout.Reason,
		"createdAt": float64(known.deployed.UnixMilli()) / 1000,
	}}})
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, body: body}, err
}
