package awsapi

import (
	"slices"

	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
)

// AssumeRole returns clients that act as a role, mostly one of another account: the credentials of c, and its own role if
// it has one, assume it. externalID and session may be empty. allowed_account_ids and forbidden_account_ids speak of the
// provider's own account and do not bind the new clients. Nothing is contacted before the first call.
// Looks that both make share what they ask for with the same role.
func (c *Clients) AssumeRole(role, externalID, session string) *Clients {
	config := c.config
	config.AllowedAccountIds, config.ForbiddenAccountIds = nil, nil
	config.AssumeRole = append(slices.Clone(config.AssumeRole), awsbase.AssumeRole{RoleARN: role, ExternalID: externalID, SessionName: session})
	made := New(config, c.version)
	made.looks, made.identity = c.looks, c.identity+"\n"+role+"\n"+externalID+"\n"+session
	return made
}
