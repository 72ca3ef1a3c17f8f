package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// adminPrefix is where the emulator itself is spoken to, by those outside this process. No bucket can be named so.
const adminPrefix = "/_emulator/"

// serveAdmin serves
//
//	GET    /_emulator/calls          the calls so far, as a JSON list
//	DELETE /_emulator/calls          forget them
//	POST   /_emulator/faults         inject a fault, a JSON object with the names of Fault; times are nanoseconds
//	DELETE /_emulator/faults         remove all
//	PUT    /_emulator/lambda/NAME    set what invoking a function does: see scriptedFunction
//	DELETE /_emulator/lambda/NAME    let it answer with null again
//	PUT    /_emulator/target-health  set the health of a load balancer's target: a TargetHealth with target_group_arn and target
//	PUT    /_emulator/rollout        set how the last deployment of an ECS service goes: a Rollout with cluster and service
//	POST   /_emulator/schedules      do what the schedules of EventBridge Scheduler call that are due {"at": RFC 3339}
//	POST   /_emulator/reset          forget everything
func (e *Emulator) serveAdmin(w http.ResponseWriter, r *http.Request) {
	what := strings.TrimPrefix(r.URL.Path, adminPrefix)
	if name, ok := strings.CutPrefix(what, "lambda/"); ok && name != "" {
		e.serveAdminLambda(w, r, name)
		return
	}
	switch r.Method + " " + what {
	case "GET calls":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(e.Calls()) // who asked may be gone
		return
	case "DELETE calls":
		e.ResetCalls()
	case "POST faults":
		var fault Fault
		if !readAdmin(w, r, &fault) {
			return
		}
		e.Inject(fault)
	case "DELETE faults":
		e.faults.reset()
	case "PUT target-health":
		var target struct {
			Group  string `json:"target_group_arn"`
			Target string `json:"target"`
			TargetHealth
		}
		if !readAdmin(w, r, &target) {
			return
		}
		e.SetTargetHealth(target.Group, target.Target, target.TargetHealth)
	case "PUT rollout":
		var deployed struct {
			Cluster string `json:"cluster"`
			Service string `json:"service"`
			Rollout
		}
		if !readAdmin(w, r, &deployed) {
			return
		}
		e.SetRollout(deployed.Cluster, deployed.Service, deployed.Rollout)
	case "POST schedules":
		var due struct {
			At time.Time `json:"at"`
		}
		if !readAdmin(w, r, &due) {
			return
		}
		if _, err := e.FireSchedules(r.Context(), due.At); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	case "POST reset":
		if err := e.Reset(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	default:
		http.NotFound(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// scriptedFunction is what a function does, by version; "*" is every version that is not named.
//
//	{"*": {"response": {"ok": true}}, "3": {"response": {"errorMessage": "broken"}, "function_error": "Unhandled", "latency_ms": 20}}
type scriptedFunction map[string]struct {
	Response      json.RawMessage `json:"response"`
	FunctionError string          `json:"function_error"`
	LatencyMS     int             `json:"latency_ms"`
}

func (s scriptedFunction) run(version string, _ []byte) (response []byte, functionError string) {
	script, ok := s[version]
	if !ok {
		script = s["*"]
	}
	time.Sleep(time.Duration(script.LatencyMS) * time.Millisecond)
	if len(script.Response) == 0 {
		return []byte("null"), script.FunctionError
	}
	return bytes.Clone(script.Response), script.FunctionError
}

func (e *Emulator) serveAdminLambda(w http.ResponseWriter, r *http.Request, name string) {
	switch r.Method {
	case http.MethodPut:
		var script scriptedFunction
		if !readAdmin(w, r, &script) {
			return
		}
		e.OnInvoke(name, script.run)
	case http.MethodDelete:
		e.OnInvoke(name, nil)
	default:
		http.NotFound(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readAdmin reads a JSON body, or answers that it is none.
func readAdmin(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
