package service

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// patchStage returns the operations that turn a stage into another, all of which API Gateway does or none.
// https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
func patchStage(live, want restStage) []types.PatchOperation {
	var operations []types.PatchOperation
	replace := func(path, from, to string) {
		if from != to {
			operations = append(operations, types.PatchOperation{Op: types.OpReplace, Path: &path, Value: &to})
		}
	}
	remove := func(path string) {
		operations = append(operations, types.PatchOperation{Op: types.OpRemove, Path: &path})
	}
	replace("/deploymentId", live.Deployment, want.Deployment)
	replace("/description", live.Description, want.Description)
	replace("/documentationVersion", live.Documentation, want.Documentation)
	replace("/clientCertificateId", live.ClientCertificate, want.ClientCertificate)
	replace("/tracingEnabled", strconv.FormatBool(live.Tracing), strconv.FormatBool(want.Tracing))
	replace("/cacheClusterEnabled", strconv.FormatBool(live.CacheSize != ""), strconv.FormatBool(want.CacheSize != ""))
	if want.CacheSize != "" {
		replace("/cacheClusterSize", live.CacheSize, want.CacheSize)
	}
	patchVariables("/variables/", live.Variables, want.Variables, replace, remove)
	if want.AccessLog == (types.AccessLogSettings{}) && live.AccessLog.DestinationArn != nil {
		remove("/accessLogSettings")
	} else {
		replace("/accessLogSettings/destinationArn", aws.ToString(live.AccessLog.DestinationArn), aws.ToString(want.AccessLog.DestinationArn))
		replace("/accessLogSettings/format", aws.ToString(live.AccessLog.Format), aws.ToString(want.AccessLog.Format))
	}
	for _, method := range slices.Sorted(maps.Keys(live.Methods)) {
		if _, kept := want.Methods[method]; !kept {
			remove("/" + method)
		}
	}
	for _, method := range slices.Sorted(maps.Keys(want.Methods)) {
		from, to := methodValues(live.Methods[method]), methodValues(want.Methods[method])
		if _, there := live.Methods[method]; !there {
			clear(from)
		}
		for _, setting := range slices.Sorted(maps.Keys(to)) {
			replace("/"+method+"/"+setting, from[setting], to[setting])
		}
	}
	patchCanary(live.Canary, want.Canary, replace, remove)
	return operations
}

func patchVariables(path string, live, want map[string]string, replace func(path, from, to string), remove func(path string)) {
	for _, name := range slices.Sorted(maps.Keys(live)) {
		if _, kept := want[name]; !kept {
			remove(path + name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		replace(path+name, live[name], want[name])
	}
}

func patchCanary(live, want *types.CanarySettings, replace func(path, from, to string), remove func(path string)) {
	switch {
	case want == nil && live == nil:
		return
	case want == nil:
		remove("/canarySettings")
		return
	case live == nil: // every setting differs from none at all
		live = &types.CanarySettings{PercentTraffic: -1, UseStageCache: !want.UseStageCache}
	}
	percent := func(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }
	replace("/canarySettings/deploymentId", aws.ToString(live.DeploymentId), aws.ToString(want.DeploymentId))
	replace("/canarySettings/percentTraffic", percent(live.PercentTraffic), percent(want.PercentTraffic))
	replace("/canarySettings/useStageCache", strconv.FormatBool(live.UseStageCache), strconv.FormatBool(want.UseStageCache))
	patchVariables("/canarySettings/stageVariableOverrides/", live.StageVariableOverrides, want.StageVariableOverrides, replace, remove)
}

// methodValues are the settings of a method by their path.
func methodValues(m types.MethodSetting) map[string]string {
	return map[string]string{
		"metrics/enabled":                                strconv.FormatBool(m.MetricsEnabled),
		"logging/loglevel":                               aws.ToString(m.LoggingLevel),
		"logging/dataTrace":                              strconv.FormatBool(m.DataTraceEnabled),
		"throttling/burstLimit":                          strconv.Itoa(int(m.ThrottlingBurstLimit)),
		"throttling/rateLimit":                           strconv.FormatFloat(m.ThrottlingRateLimit, 'f', -1, 64),
		"caching/enabled":                                strconv.FormatBool(m.CachingEnabled),
		"caching/ttlInSeconds":                           strconv.Itoa(int(m.CacheTtlInSeconds)),
		"caching/dataEncrypted":                          strconv.FormatBool(m.CacheDataEncrypted),
		"caching/requireAuthorizationForCacheControl":    strconv.FormatBool(m.RequireAuthorizationForCacheControl),
		"caching/unauthorizedCacheControlHeaderStrategy": string(m.UnauthorizedCacheControlHeaderStrategy),
	}
}

// String is for people: "deployment a1b2c3, canary 10 % to deployment d4e5f6".
func (r restStage) String() string {
	text := "deployment " + r.Deployment
	if r.Canary != nil {
		text += fmt.Sprintf(", canary %g %% to deployment %s", r.Canary.PercentTraffic, aws.ToString(r.Canary.DeploymentId))
	}
	return text
}

// describeRESTStage is for people. Variables go by their names: a value may be a secret.
func describeRESTStage(live, want restStage) string {
	var said []string
	if from, to := live.String(), want.String(); from != to {
		said = append(said, from+" -> "+to)
	}
	if names := differing(live.Variables, want.Variables); len(names) > 0 {
		said = append(said, "variables "+strings.Join(names, ", "))
	}
	if live.Canary != nil && want.Canary != nil {
		if names := differing(live.Canary.StageVariableOverrides, want.Canary.StageVariableOverrides); len(names) > 0 {
			said = append(said, "variables of the canary "+strings.Join(names, ", "))
		}
	}
	var methods []string
	all := map[string]types.MethodSetting{}
	maps.Copy(all, live.Methods)
	maps.Copy(all, want.Methods)
	for _, method := range slices.Sorted(maps.Keys(all)) {
		_, was := live.Methods[method]
		_, is := want.Methods[method]
		if was != is || !maps.Equal(methodValues(live.Methods[method]), methodValues(want.Methods[method])) {
			methods = append(methods, method)
		}
	}
	if len(methods) > 0 {
		said = append(said, "settings of "+strings.Join(methods, ", "))
	}
	for _, field := range []struct {
		name    string
		differs bool
	}{
		{"access log", aws.ToString(live.AccessLog.DestinationArn) != aws.ToString(want.AccessLog.DestinationArn) || aws.ToString(live.AccessLog.Format) != aws.ToString(want.AccessLog.Format)},
		{"description", live.Description != want.Description},
		{"documentation version", live.Documentation != want.Documentation},
		{"client certificate", live.ClientCertificate != want.ClientCertificate},
		{"tracing", live.Tracing != want.Tracing},
		{"cache cluster", live.CacheSize != want.CacheSize},
	} {
		if field.differs {
			said = append(said, field.name)
		}
	}
	if len(said) == 0 {
		return "settings of the canary"
	}
	return strings.Join(said, "; ")
}

// differing are the names whose values differ.
func differing(live, want map[string]string) []string {
	all := map[string]string{}
	maps.Copy(all, live)
	maps.Copy(all, want)
	var names []string
	for name := range all {
		from, was := live[name]
		if to, is := want[name]; was != is || from != to {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// secretNames are what variables are called that hold a secret, although AWS says that stage variables should not:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html
var secretNames = regexp.MustCompile(`(?i)passw|secret|token|credential|api_?key|private_?key`)

// sensitiveVariables warns of variables that look like secrets. Their values have to be kept, for there is no other place
// to read old ones from.
func sensitiveVariables(stage string, variables map[string]string) []string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if secretNames.MatchString(name) {
			said = append(said, fmt.Sprintf("The variable %s of stage %s looks like a secret, and the snapshot holds its value: stage variables are not made for secrets. Keep the store private.", name, stage))
		}
	}
	return said
}
