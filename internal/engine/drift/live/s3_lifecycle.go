package live

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// A lifecycle rule is told from the others by its id. Transitions are written as "30 days to STANDARD_IA"; tags that a filter
// asks for as "key=value".
var lifecycleBlocks = Blocks{
	Key: []string{"id"},
	Fields: []string{
		"status", "prefix", "tags", "larger_than", "smaller_than", "expiration_days", "expiration_date", "expired_object_delete_marker",
		"noncurrent_days", "newer_noncurrent_versions", "abort_incomplete_multipart_upload_days", "transition", "noncurrent_transition",
	},
	Canon: func(_, value string) string {
		if value == "0" || value == "false" {
			return ""
		}
		return value
	},
}

var lifecycleTable = []field[*s3.GetBucketLifecycleConfigurationOutput]{
	{
		Attribute{Path: "rule", API: "Rules", Kind: Map, Blocks: &lifecycleBlocks, Expect: func(resource Resource) (any, bool) {
			rules, held := resource.State.Get("rule")
			list, _ := rules.([]any)
			flat := make([]map[string]any, 0, len(list))
			for _, rule := range list {
				flat = append(flat, stateLifecycleRule(rule))
			}
			return flat, held
		}},
		func(l *s3.GetBucketLifecycleConfigurationOutput, _ Resource) any {
			flat := make([]map[string]any, 0, len(l.Rules))
			for _, rule := range l.Rules {
				flat = append(flat, liveLifecycleRule(rule))
			}
			return flat
		},
	},
}

// inside steps down a path of maps and lists.
func inside(value any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		value = descend(value, step)
	}
	return value
}

// stateLifecycleRule flattens a rule of a state. What a filter asks for may stand in it or in its "and".
func stateLifecycleRule(rule any) map[string]any {
	first := func(paths ...string) any {
		for _, path := range paths {
			if text := scalar(inside(rule, path)); text != "" && text != "0" {
				return text
			}
		}
		return nil
	}
	tags := pairsOf(textMap(inside(rule, "filter.0.and.0.tags")))
	if key := scalar(inside(rule, "filter.0.tag.0.key")); key != "" {
		tags = append(tags, key+"="+scalar(inside(rule, "filter.0.tag.0.value")))
	}
	return map[string]any{
		"id": inside(rule, "id"), "status": inside(rule, "status"), "prefix": first("filter.0.prefix", "filter.0.and.0.prefix", "prefix"), "tags": tags,
		"larger_than":     first("filter.0.object_size_greater_than", "filter.0.and.0.object_size_greater_than"),
		"smaller_than":    first("filter.0.object_size_less_than", "filter.0.and.0.object_size_less_than"),
		"expiration_days": inside(rule, "expiration.0.days"), "expiration_date": day(scalar(inside(rule, "expiration.0.date"))),
		"expired_object_delete_marker":           inside(rule, "expiration.0.expired_object_delete_marker"),
		"noncurrent_days":                        inside(rule, "noncurrent_version_expiration.0.noncurrent_days"),
		"newer_noncurrent_versions":              inside(rule, "noncurrent_version_expiration.0.newer_noncurrent_versions"),
		"abort_incomplete_multipart_upload_days": inside(rule, "abort_incomplete_multipart_upload.0.days_after_initiation"),
		"transition":                             stateTransitions(inside(rule, "transition"), "days"), "noncurrent_transition": stateTransitions(inside(rule, "noncurrent_version_transition"), "noncurrent_days"),
	}
}

func stateTransitions(value any, days string) []string {
	list, _ := value.([]any)
	texts := make([]string, 0, len(list))
	for _, step := range list {
		texts = append(texts, transition(scalar(inside(step, days)), day(scalar(inside(step, "date"))), scalar(inside(step, "storage_class"))))
	}
	return texts
}

func transition(days, date, class string) string {
	if date != "" {
		return date + " to " + class
	}
	if days == "" {
		days = "0"
	}
	return days + " days to " + class
}

func liveLifecycleRule(rule types.LifecycleRule) map[string]any {
	prefix := rule.Prefix //nolint:staticcheck // deprecated, and still set on rules that were made before there were filters
	flat := map[string]any{"id": rule.ID, "status": string(rule.Status), "prefix": prefix}
	if filter := rule.Filter; filter != nil {
		and := filter.And
		if and == nil {
			and = &types.LifecycleRuleAndOperator{Prefix: filter.Prefix, ObjectSizeGreaterThan: filter.ObjectSizeGreaterThan, ObjectSizeLessThan: filter.ObjectSizeLessThan}
			if filter.Tag != nil {
				and.Tags = []types.Tag{*filter.Tag}
			}
		}
		flat["larger_than"], flat["smaller_than"] = and.ObjectSizeGreaterThan, and.ObjectSizeLessThan
		flat["tags"] = pairsOf(tagMap(and.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value }))
		if deref(prefix) == "" {
			flat["prefix"] = and.Prefix
		}
	}
	if expiration := rule.Expiration; expiration != nil {
		flat["expiration_days"], flat["expired_object_delete_marker"], flat["expiration_date"] = expiration.Days, expiration.ExpiredObjectDeleteMarker, dayOf(expiration.Date)
	}
	if old := rule.NoncurrentVersionExpiration; old != nil {
		flat["noncurrent_days"], flat["newer_noncurrent_versions"] = old.NoncurrentDays, old.NewerNoncurrentVersions
	}
	if abort := rule.AbortIncompleteMultipartUpload; abort != nil {
		flat["abort_incomplete_multipart_upload_days"] = abort.DaysAfterInitiation
	}
	var steps, oldSteps []string
	for _, step := range rule.Transitions {
		steps = append(steps, transition(scalar(step.Days), dayOf(step.Date), string(step.StorageClass)))
	}
	for _, step := range rule.NoncurrentVersionTransitions {
		oldSteps = append(oldSteps, transition(scalar(step.NoncurrentDays), "", string(step.StorageClass)))
	}
	flat["transition"], flat["noncurrent_transition"] = steps, oldSteps
	return flat
}

// pairsOf writes a map as "key=value", sorted.
func pairsOf(pairs map[string]string) []string {
	list := make([]string, 0, len(pairs))
	for key, value := range pairs {
		list = append(list, key+"="+value)
	}
	slices.Sort(list)
	return list
}

// dayOf and day write a date, of which S3 keeps only the day.
func dayOf(date *time.Time) string {
	if date == nil {
		return ""
	}
	return date.UTC().Format(time.DateOnly)
}

func day(text string) string {
	date, _, _ := strings.Cut(text, "T")
	return date
}
