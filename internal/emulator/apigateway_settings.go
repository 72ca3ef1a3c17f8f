package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// stageSettings are what moto drops of a stage, or cannot take away again.
// https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html
type stageSettings struct {
	clientCertificate, documentation string
	methods                          map[string]methodSetting // by "RESOURCE/METHOD"
}

// methodSetting is https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html.
type methodSetting struct {
	MetricsEnabled                         bool    `json:"metricsEnabled"`
	LoggingLevel                           string  `json:"loggingLevel,omitempty"`
	DataTraceEnabled                       bool    `json:"dataTraceEnabled"`
	ThrottlingBurstLimit                   int     `json:"throttlingBurstLimit"`
	ThrottlingRateLimit                    float64 `json:"throttlingRateLimit"`
	CachingEnabled                         bool    `json:"cachingEnabled"`
	CacheTTLInSeconds                      int     `json:"cacheTtlInSeconds"`
	CacheDataEncrypted                     bool    `json:"cacheDataEncrypted"`
	RequireAuthorizationForCacheControl    bool    `json:"requireAuthorizationForCacheControl"`
	UnauthorizedCacheControlHeaderStrategy string  `json:"unauthorizedCacheControlHeaderStrategy"`
}

// defaultMethodSetting is what a method has whose settings are not all given.
var defaultMethodSetting = methodSetting{
	ThrottlingBurstLimit: 5000, ThrottlingRateLimit: 10000, CacheTTLInSeconds: 300, RequireAuthorizationForCacheControl: true,
	UnauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
}

// patchSettings applies the operations that concern these settings and returns the others, or says why an operation is
// not one. https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
func patchSettings(current stageSettings, operations []patchOperation) (next stageSettings, rest []patchOperation, message string) {
	next = current
	next.methods = maps.Clone(current.methods)
	for _, operation := range operations {
		method, setting := methodPath(operation.Path)
		switch {
		case operation.Path == "/clientCertificateId":
			next.clientCertificate = operation.Value
		case operation.Path == "/documentationVersion":
			next.documentation = operation.Value
		case method == "":
			rest = append(rest, operation)
		case setting == "" && operation.Op == "remove":
			if _, there := next.methods[method]; !there {
				return next, nil, "Cannot remove method setting " + method + " because there is no method setting for this method"
			}
			delete(next.methods, method)
		case setting == "" || operation.Op != "replace":
			return next, nil, "Invalid patch operation " + operation.Op + " for path " + operation.Path
		default:
			value, there := next.methods[method]
			if !there {
				value = defaultMethodSetting
			}
			if !value.set(setting, operation.Value) {
				return next, nil, "Invalid method setting path: " + operation.Path
			}
			if next.methods == nil {
				next.methods = map[string]methodSetting{}
			}
			next.methods[method] = value
		}
	}
	return next, rest, ""
}

// methodPath takes "/RESOURCE/METHOD/caching/enabled" or "/RESOURCE/METHOD" apart. method is empty for any other path.
func methodPath(path string) (method, setting string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if slices.Contains([]string{"variables", "canarySettings", "accessLogSettings"}, parts[0]) {
		return "", ""
	}
	switch {
	case len(parts) < 2:
		return "", ""
	case len(parts) < 4:
		return strings.Join(parts, "/"), ""
	}
	return strings.Join(parts[:len(parts)-2], "/"), strings.Join(parts[len(parts)-2:], "/")
}

// set changes one setting; false when there is no such setting, or it cannot have the value.
func (m *methodSetting) set(setting, value string) bool {
	var err error
	switch setting {
	case "metrics/enabled":
		m.MetricsEnabled, err = strconv.ParseBool(value)
	case "logging/loglevel":
		m.LoggingLevel = value
		return value == "OFF" || value == "ERROR" || value == "INFO"
	case "logging/dataTrace":
		m.DataTraceEnabled, err = strconv.ParseBool(value)
	case "throttling/burstLimit":
		m.ThrottlingBurstLimit, err = strconv.Atoi(value)
	case "throttling/rateLimit":
		m.ThrottlingRateLimit, err = strconv.ParseFloat(value, 64)
	case "caching/enabled":
		m.CachingEnabled, err = strconv.ParseBool(value)
	case "caching/ttlInSeconds":
		m.CacheTTLInSeconds, err = strconv.Atoi(value)
	case "caching/dataEncrypted":
		m.CacheDataEncrypted, err = strconv.ParseBool(value)
	case "caching/requireAuthorizationForCacheControl":
		m.RequireAuthorizationForCacheControl, err = strconv.ParseBool(value)
	case "caching/unauthorizedCacheControlHeaderStrategy":
		m.UnauthorizedCacheControlHeaderStrategy = value
	default:
		return false
	}
	return err == nil
}

// add puts the settings into moto's description of a stage.
func (s stageSettings) add(stage map[string]json.RawMessage) {
	put := func(name string, value any) { stage[name], _ = json.Marshal(value) } // our own types can be written
	put("methodSettings", s.methods)
	if s.methods == nil {
		put("methodSettings", map[string]methodSetting{})
	}
	if s.clientCertificate != "" {
		put("clientCertificateId", s.clientCertificate)
	}
	if s.documentation != "" {
		put("documentationVersion", s.documentation)
	}
}
