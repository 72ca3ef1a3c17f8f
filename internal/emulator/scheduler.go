package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// schedulerRoutes are https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html.
var schedulerRoutes = []restRoute{
	{"POST", "/schedules/{!}", "CreateSchedule"},
	{"GET", "/schedules/{!}", "GetSchedule"},
	{"PUT", "/schedules/{!}", "UpdateSchedule"},
	{"DELETE", "/schedules/{!}", "DeleteSchedule"},
}

// schedule is https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html.
type schedule struct {
	ActionAfterCompletion      string          `json:"ActionAfterCompletion,omitempty"`
	Description                string          `json:"Description,omitempty"`
	FlexibleTimeWindow         json.RawMessage `json:"FlexibleTimeWindow"`
	GroupName                  string          `json:"GroupName"`
	Name                       string          `json:"Name"`
	ScheduleExpression         string          `json:"ScheduleExpression"`
	ScheduleExpressionTimezone string          `json:"ScheduleExpressionTimezone"`
	State                      string          `json:"State"`
	Target                     scheduleTarget  `json:"Target"`

	region, token string
	at            time.Time
}

type scheduleTarget struct {
	Arn         string          `json:"Arn"`
	RoleArn     string          `json:"RoleArn"`
	Input       string          `json:"Input,omitempty"`
	RetryPolicy json.RawMessage `json:"RetryPolicy,omitempty"`
}

// schedulerRules are EventBridge Scheduler, which is all ours: one-time schedules with universal targets, which fire when
// the emulator is told to (FireSchedules).
type schedulerRules struct {
	mu        sync.Mutex
	schedules map[string]schedule // by Region, group and name
}

func newSchedulerRules() *schedulerRules {
	s := &schedulerRules{}
	s.reset()
	return s
}

func (s *schedulerRules) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedules = map[string]schedule{}
}

func (s *schedulerRules) rule(operation string) rule {
	var serve func(*exchange) *answer
	switch operation {
	case "CreateSchedule":
		serve = s.create
	case "UpdateSchedule":
		serve = s.update
	case "GetSchedule":
		serve = s.get
	case "DeleteSchedule":
		serve = s.remove
	default:
		return nil
	}
	return func(_ context.Context, x *exchange) (*answer, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return serve(x), nil
	}
}

func (x *exchange) scheduleKey(group string) string {
	if group == "" {
		group = "default"
	}
	return x.Region + " " + group + " " + x.Resource
}

var (
	scheduleName = regexp.MustCompile(`^[0-9a-zA-Z-_.]{1,64}$`)
	scheduleRole = regexp.MustCompile(`^arn:aws(-[a-z]+)?:iam::\d{12}:role/[\w+=,.@/-]+$`)
	// universal is https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html.
	universal = regexp.MustCompile(`^arn:aws(-[a-z-]+)?:scheduler:::aws-sdk:([a-z0-9]+):([a-z][A-Za-z0-9]*)$`)
	// readOnly are the beginnings of operations that no schedule may call.
	readOnly = regexp.MustCompile(`^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|transactGet|adminGet|adminList)([A-Z]|$)`)
)

// read takes a schedule out of a request, or says why it is none.
func (s *schedulerRules) read(x *exchange) (made schedule, refused *answer) {
	var body struct {
		schedule

		ClientToken string
	}
	invalid := func(format string, values ...any) (schedule, *answer) {
		return schedule{}, x.fail(http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, values...))
	}
	if err := json.Unmarshal(x.body, &body); err != nil {
		return invalid("the body is no JSON: %v", err)
	}
	made = body.schedule
	made.Name, made.region, made.token = x.Resource, x.Region, body.ClientToken
	if made.GroupName == "" {
		made.GroupName = "default"
	}
	if made.State == "" {
		made.State = "ENABLED"
	}
	if made.ScheduleExpressionTimezone == "" {
		made.ScheduleExpressionTimezone = "UTC"
	}
	at, err := time.Parse("at(2006-01-02T15:04:05)", made.ScheduleExpression)
	made.at = at
	target := universal.FindStringSubmatch(made.Target.Arn)
	switch {
	case !scheduleName.MatchString(made.Name):
		return invalid("Name %q fails to satisfy %s", made.Name, scheduleName)
	case len(made.Description) > 512:
		return invalid("Description is longer than 512 characters")
	case jsonStrings(made.FlexibleTimeWindow)("Mode") != "OFF" && jsonStrings(made.FlexibleTimeWindow)("Mode") != "FLEXIBLE":
		return invalid("FlexibleTimeWindow.Mode must be OFF or FLEXIBLE")
	case err != nil:
		return invalid("Invalid Schedule Expression %s.", made.ScheduleExpression)
	case made.ActionAfterCompletion != "" && made.ActionAfterCompletion != "NONE" && made.ActionAfterCompletion != "DELETE":
		return invalid("ActionAfterCompletion must be NONE or DELETE")
	case !scheduleRole.MatchString(made.Target.RoleArn):
		return invalid("RoleArn %q is no role", made.Target.RoleArn)
	case target == nil || readOnly.MatchString(target[3]):
		return invalid("%s is not a supported service for a target", made.Target.Arn)
	case !json.Valid([]byte(made.Target.Input)):
		return invalid("Input is no JSON")
	}
	return made, nil
}

// create is https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html.
func (s *schedulerRules) create(x *exchange) *answer {
	made, refused := s.read(x)
	if refused != nil {
		return refused
	}
	key := x.scheduleKey(made.GroupName)
	if there, ok := s.schedules[key]; ok && (made.token == "" || there.token != made.token) {
		return x.fail(http.StatusConflict, "ConflictException", "Schedule "+made.Name+" already exists.")
	}
	s.schedules[key] = made
	return x.scheduleAnswer(map[string]string{"ScheduleArn": made.arn()})
}

// update is https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html: what is left out gets its
// default.
func (s *schedulerRules) update(x *exchange) *answer {
	made, refused := s.read(x)
	if refused != nil {
		return refused
	}
	key := x.scheduleKey(made.GroupName)
	if _, ok := s.schedules[key]; !ok {
		return x.noSchedule()
	}
	s.schedules[key] = made
	return x.scheduleAnswer(map[string]string{"ScheduleArn": made.arn()})
}

func (s *schedulerRules) get(x *exchange) *answer {
	found, ok := s.schedules[x.scheduleKey(x.request.URL.Query().Get("groupName"))]
	if !ok {
		return x.noSchedule()
	}
	return x.scheduleAnswer(found)
}

func (s *schedulerRules) remove(x *exchange) *answer {
	key := x.scheduleKey(x.request.URL.Query().Get("groupName"))
	if _, ok := s.schedules[key]; !ok {
		return x.noSchedule()
	}
	delete(s.schedules, key)
	return x.scheduleAnswer(struct{}{})
}

func (s schedule) arn() string {
	return strings.Join([]string{"arn:aws:scheduler", s.region, AccountID, "schedule/" + s.GroupName + "/" + s.Name}, ":")
}

func (x *exchange) noSchedule() *answer {
	return x.fail(http.StatusNotFound, "ResourceNotFoundException", "Schedule "+x.Resource+" does not exist.")
}

func (x *exchange) scheduleAnswer(body any) *answer {
	encoded, _ := json.Marshal(body) // our own types can be written
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {requestID}}, body: encoded}
}

// due takes the enabled schedules that are due at a time, and forgets those that are to be deleted then.
func (s *schedulerRules) due(at time.Time) (found []schedule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, kept := range s.schedules {
		if kept.State != "ENABLED" || at.Before(kept.at) {
			continue
		}
		found = append(found, kept)
		kept.State = "DISABLED" // it has done what it was for
		s.schedules[key] = kept
		if kept.ActionAfterCompletion == "DELETE" {
			delete(s.schedules, key)
		}
	}
	return found
}
