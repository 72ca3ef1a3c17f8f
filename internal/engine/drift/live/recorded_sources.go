package live

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

// recordedSources are the accounts and Regions of an aggregator that are not up to date. Where it takes from single accounts,
// covers holds all of them; an organization's accounts are not listed.
type recordedSources struct {
	stale  map[[2]string]types.AggregatedSourceStatusType
	covers map[[2]string]bool
}

// recordedStatus keeps what an aggregator says of its sources for all types of one look at the world.
type recordedStatus struct {
	mu      sync.Mutex
	caller  *Caller // whose look it is
	sources recordedSources
	err     error
}

// of asks the aggregator how its sources are, once a look,
// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html.
func (r *recordedStatus) of(ctx context.Context, client ConfigAPI, aggregator string, caller *Caller) (recordedSources, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.caller == caller {
		return r.sources, r.err
	}
	r.caller = caller
	r.sources = recordedSources{stale: map[[2]string]types.AggregatedSourceStatusType{}, covers: map[[2]string]bool{}}
	input := &configservice.DescribeConfigurationAggregatorSourcesStatusInput{ConfigurationAggregatorName: aws.String(aggregator), Limit: recordedPage}
	organization := false
	_, r.err = pages(ctx, caller, client.DescribeConfigurationAggregatorSourcesStatus, input, func(page *configservice.DescribeConfigurationAggregatorSourcesStatusOutput) ([]struct{}, bool) {
		input.NextToken = page.NextToken
		for _, source := range page.AggregatedSourceStatusList {
			at := [2]string{aws.ToString(source.SourceId), aws.ToString(source.AwsRegion)}
			organization = organization || source.SourceType == types.AggregatedSourceTypeOrganization
			r.sources.covers[at] = true
			if source.LastUpdateStatus != types.AggregatedSourceStatusTypeSucceeded {
				r.sources.stale[at] = source.LastUpdateStatus
			}
		}
		return nil, aws.ToString(page.NextToken) != ""
	})
	if organization {
		r.sources.covers = nil
	}
	return r.sources, r.err
}

// refuses says why an aggregator knows nothing certain of a resource, or "".
func (s recordedSources) refuses(global bool, resource Resource) string {
	if global || resource.AccountID == "" || resource.Region == "" {
		return ""
	}
	at := [2]string{resource.AccountID, resource.Region}
	switch status := s.stale[at]; {
	case status != "":
		return "AWS Config's aggregator is not up to date for its account and Region (" + string(status) + ")"
	case s.covers != nil && !s.covers[at]:
		return "AWS Config's aggregator does not take from account " + at[0] + " in " + at[1]
	}
	return ""
}

// recordedAnswers keep what was asked of a resource type that several types of Terraform are parts of, for one look at the world.
type recordedAnswers struct {
	mu      sync.Mutex
	caller  *Caller // whose look it is
	answers map[string]func() ([]recordedItem, error)
}

// of asks once for each Region and query.
func (r *recordedAnswers) of(caller *Caller, region, query string, ask func() ([]recordedItem, error)) ([]recordedItem, error) {
	r.mu.Lock()
	if r.caller != caller {
		r.caller, r.answers = caller, map[string]func() ([]recordedItem, error){}
	}
	key := region + " " + query
	if r.answers[key] == nil {
		r.answers[key] = sync.OnceValues(ask)
	}
	answer := r.answers[key]
	r.mu.Unlock()
	return answer()
}
