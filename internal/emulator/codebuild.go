package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// codebuildRules are CodeBuild, which is all ours: moto's builds are over at the first look, and its projects forget what they
// were given. A build goes on until it is ended (EndBuild).
type codebuildRules struct {
	mu       sync.Mutex
	projects map[string]map[string]any // by Region and name
	builds   map[string][]*build       // by Region and name, the oldest first
}

func newCodeBuildRules() *codebuildRules {
	c := &codebuildRules{}
	c.reset()
	return c
}

func (c *codebuildRules) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.projects, c.builds = map[string]map[string]any{}, map[string][]*build{}
}

func (c *codebuildRules) rule(operation string) rule {
	serve, ok := map[string]func(*exchange, codebuildInput) *answer{
		"CreateProject": c.create, "UpdateProject": c.update, "BatchGetProjects": c.getProjects, "DeleteProject": c.remove,
		"StartBuild": c.start, "BatchGetBuilds": c.getBuilds, "ListBuildsForProject": c.list,
	}[operation]
	if !ok {
		return nil
	}
	return func(_ context.Context, x *exchange) (*answer, error) {
		var in codebuildInput
		if err := json.Unmarshal(x.body, &in); err != nil {
			return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return serve(x, in), nil
	}
}

// codebuildInput is what the requests are about, https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Operations.html.
type codebuildInput struct {
	Name             string   `json:"name"`
	Names            []string `json:"names"`
	ProjectName      string   `json:"projectName"`
	IDs              []string `json:"ids"`
	IdempotencyToken string   `json:"idempotencyToken"`
	SortOrder        string   `json:"sortOrder"`
	NextToken        string   `json:"nextToken"`
	ServiceRole      string   `json:"serviceRole"`
	ConcurrentLimit  *int     `json:"concurrentBuildLimit"`
	Source           *struct {
		Type, Location string
	} `json:"source"`
	Environment *struct {
		Type, Image, ComputeType string
	} `json:"environment"`
}

var (
	projectName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{1,149}$`)
	projectTypes = []string{"BITBUCKET", "CODECOMMIT", "CODEPIPELINE", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "NO_SOURCE", "S3"}
)

func (c *codebuildRules) invalid(x *exchange, in codebuildInput) *answer {
	refuse := func(format string, values ...any) *answer {
		return x.fail(http.StatusBadRequest, "InvalidInputException", fmt.Sprintf(format, values...))
	}
	switch {
	case !projectName.MatchString(in.Name):
		return refuse("Invalid project name: %s", in.Name)
	case in.Source != nil && !slices.Contains(projectTypes, in.Source.Type):
		return refuse("Invalid project source: type %q", in.Source.Type)
	case in.Source != nil && in.Source.Type == "S3" && !strings.Contains(in.Source.Location, "/"):
		return refuse("Invalid project source: location must be a ZIP file or a folder in a bucket: %q", in.Source.Location)
	case in.Environment != nil && (in.Environment.Image == "" || !strings.HasPrefix(in.Environment.ComputeType, "BUILD_")):
		return refuse("Invalid environment: %+v", *in.Environment)
	case in.ConcurrentLimit != nil && *in.ConcurrentLimit < 1 && *in.ConcurrentLimit != -1:
		return refuse("Invalid concurrent build limit: %d", *in.ConcurrentLimit)
	}
	return nil
}

// create is API_CreateProject; what a request leaves out has the default that AWS documents there.
func (c *codebuildRules) create(x *exchange, in codebuildInput) *answer {
	if refused := c.invalid(x, in); refused != nil {
		return refused
	}
	key := x.Region + " " + in.Name
	switch {
	case c.projects[key] != nil:
		return x.fail(http.StatusBadRequest, "ResourceAlreadyExistsException", "Project already exists: "+in.Name)
	case in.Source == nil || in.Environment == nil || in.ServiceRole == "":
		return x.fail(http.StatusBadRequest, "InvalidInputException", "source, environment and serviceRole are required")
	}
	project := map[string]any{
		"arn": fmt.Sprintf("arn:aws:codebuild:%s:%s:project/%s", x.Region, AccountID, in.Name), "created": seconds(x.At), "badge": map[string]any{"badgeEnabled": false},
		"timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480, "cache": map[string]any{"type": "NO_CACHE"}, "projectVisibility": "PRIVATE",
		"encryptionKey": fmt.Sprintf("arn:aws:kms:%s:%s:alias/aws/s3", x.Region, AccountID),
	}
	c.projects[key] = project
	return c.change(x, project)
}

// update is API_UpdateProject: what is left out stays. A limit of -1 takes the limit away.
func (c *codebuildRules) update(x *exchange, in codebuildInput) *answer {
	project := c.projects[x.Region+" "+in.Name]
	if project == nil {
		return c.noProject(x, in.Name)
	}
	if refused := c.invalid(x, in); refused != nil {
		return refused
	}
	return c.change(x, project)
}

func (c *codebuildRules) change(x *exchange, project map[string]any) *answer {
	var given map[string]any
	if err := json.Unmarshal(x.body, &given); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error())
	}
	for name, value := range given {
		if name == "badgeEnabled" {
			project["badge"] = map[string]any{"badgeEnabled": value}
			continue
		}
		project[name] = value
	}
	if project["concurrentBuildLimit"] == -1.0 {
		delete(project, "concurrentBuildLimit")
	}
	project["lastModified"] = seconds(x.At)
	return x.jsonAnswer(map[string]any{"project": project})
}

func (c *codebuildRules) getProjects(x *exchange, in codebuildInput) *answer {
	found, missing := []map[string]any{}, []string{}
	for _, name := range in.Names {
		if project := c.projects[x.Region+" "+name[strings.LastIndex(name, "/")+1:]]; project != nil {
			found = append(found, project)
		} else {
			missing = append(missing, name)
		}
	}
	return x.jsonAnswer(map[string]any{"projects": found, "projectsNotFound": missing})
}

func (c *codebuildRules) remove(x *exchange, in codebuildInput) *answer {
	delete(c.projects, x.Region+" "+in.Name)
	delete(c.builds, x.Region+" "+in.Name)
	return x.jsonAnswer(struct{}{})
}

// tokenLife is how long an idempotency token is known: API_StartBuild.
const tokenLife = 5 * time.Minute

// start is API_StartBuild. A project with a limit refuses what goes beyond it: "builds return an error if the number of running
// builds reaches the concurrent build limit", https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html.
func (c *codebuildRules) start(x *exchange, in codebuildInput) *answer {
	key := x.Region + " " + in.ProjectName
	project := c.projects[key]
	if project == nil {
		return c.noProject(x, in.ProjectName)
	}
	running := 0
	for _, there := range c.builds[key] {
		if in.IdempotencyToken != "" && there.token == in.IdempotencyToken && x.At.Sub(there.started) < tokenLife {
			if there.request != string(x.body) {
				return x.fail(http.StatusBadRequest, "InvalidInputException", "Parameter mismatch: the same idempotencyToken with other parameters")
			}
			return x.jsonAnswer(map[string]any{"build": there.document()})
		}
		if there.status == buildRuns {
			running++
		}
	}
	if limit, ok := project["concurrentBuildLimit"].(float64); ok && running >= int(limit) {
		return x.fail(http.StatusBadRequest, "AccountLimitExceededException", fmt.Sprintf("Cannot have more than %d active builds for the project", int(limit)))
	}
	made := newBuild(x, in, len(c.builds[key])+1)
	c.builds[key] = append(c.builds[key], made)
	return x.jsonAnswer(map[string]any{"build": made.document()})
}

// list is API_ListBuildsForProject: by build number, the newest first unless it is asked for otherwise, 100 at a time.
func (c *codebuildRules) list(x *exchange, in codebuildInput) *answer {
	key := x.Region + " " + in.ProjectName
	if c.projects[key] == nil {
		return c.noProject(x, in.ProjectName)
	}
	ids := []string{}
	for _, there := range c.builds[key] {
		ids = append(ids, there.id)
	}
	if in.SortOrder != "ASCENDING" {
		slices.Reverse(ids)
	}
	from, err := strconv.Atoi("0" + in.NextToken)
	if err != nil || from > len(ids) {
		return x.fail(http.StatusBadRequest, "InvalidInputException", "Invalid next token")
	}
	out := map[string]any{"ids": ids[from:min(from+100, len(ids))]}
	if from+100 < len(ids) {
		out["nextToken"] = strconv.Itoa(from + 100)
	}
	return x.jsonAnswer(out)
}

// getBuilds is API_BatchGetBuilds: 1 to 100 ids.
func (c *codebuildRules) getBuilds(x *exchange, in codebuildInput) *answer {
	if len(in.IDs) == 0 || len(in.IDs) > 100 {
		return x.fail(http.StatusBadRequest, "InvalidInputException", "Member must have length from 1 to 100 at 'ids'")
	}
	found, missing := []map[string]any{}, []string{}
	for _, id := range in.IDs {
		if there := c.find(id); there != nil {
			found = append(found, there.document())
		} else {
			missing = append(missing, id)
		}
	}
	return x.jsonAnswer(map[string]any{"builds": found, "buildsNotFound": missing})
}

func (c *codebuildRules) noProject(x *exchange, name string) *answer {
	return x.fail(http.StatusBadRequest, "ResourceNotFoundException", fmt.Sprintf("The provided project arn:aws:codebuild:%s:%s:project/%s does not exist", x.Region, AccountID, name))
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

// jsonAnswer answers a call of the JSON protocol.
func (x *exchange) jsonAnswer(body any) *answer {
	encoded, err := json.Marshal(body)
	if err != nil {
		return x.fail(http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amzn-Requestid": {requestID}}, body: encoded}
}
