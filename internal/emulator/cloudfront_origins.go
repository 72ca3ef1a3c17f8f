package emulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// misled refuses behaviours that lead to no origin of the configuration, or to an origin group with methods that change
// something, and origin groups of no origins.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html#API_UpdateDistribution_Errors and
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
func (c *cloudfrontRules) misled(x *exchange, config *node) (refused *answer) {
	origins, groups := ids(config.child("Origins", "Items")), ids(config.child("OriginGroups", "Items"))
	config.child("OriginGroups").each("OriginId", func(n *node) {
		if !slices.Contains(origins, strings.TrimSpace(n.text)) {
			refused = x.fail(http.StatusNotFound, "NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
		}
	})
	behaviors := []*node{config.child("DefaultCacheBehavior")}
	if items := config.child("CacheBehaviors", "Items"); items != nil {
		behaviors = append(behaviors, items.children...)
	}
	for _, behavior := range behaviors {
		target := behavior.value("TargetOriginId")
		switch {
		case slices.Contains(origins, target):
		case !slices.Contains(groups, target):
			refused = x.fail(http.StatusNotFound, "NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
		default:
			behavior.child("AllowedMethods", "Items").each("Method", func(n *node) {
				if slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, n.text) {
					refused = x.fail(http.StatusBadRequest, "InvalidArgument",
						"The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group.")
				}
			})
		}
	}
	return refused
}

// ids are the Ids of a list's items.
func ids(items *node) (found []string) {
	if items == nil {
		return nil
	}
	for _, item := range items.children {
		found = append(found, item.value("Id"))
	}
	return found
}

// forwardConfig lets moto serve a call with a configuration. Moto knows no origin group as a behaviour's target, so it is
// given the first origin in its place; the rules keep what was asked for.
func (x *exchange) forwardConfig(ctx context.Context, config *node) (*answer, error) {
	target := config.child("DefaultCacheBehavior").value("TargetOriginId")
	origins := ids(config.child("Origins", "Items"))
	if len(origins) == 0 || slices.Contains(origins, target) {
		return x.forward(ctx)
	}
	whole := x.body
	defer func() { x.body = whole }()
	x.body = replaceFirst(x.body, "DefaultCacheBehavior", "TargetOriginId", origins[0])
	return x.forward(ctx)
}

// replaceFirst replaces the text of the first element of that name after the first of another.
func replaceFirst(document []byte, after, name, text string) []byte {
	at := strings.Index(string(document), "<"+after+">")
	if at < 0 {
		return document
	}
	return slices.Concat(document[:at], replaceElement(document[at:], name, text))
}
