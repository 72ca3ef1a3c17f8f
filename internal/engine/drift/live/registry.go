package live

import "github.com/project3-ls/terraform-provider-reliability/internal/awsapi"

// Readers returns a reader of every AWS service that can be read, one line each. Nothing is contacted before a Read.
func Readers(clients *awsapi.Clients) []Reader {
	return []Reader{
		newAutoScaling(clients),
		newEC2(clients),
		newIAM(clients),
		newInstances(clients),
		newLambda(clients),
		newLaunchTemplates(clients),
		newNetworkACLs(clients),
		newRDS(clients),
		newRoutes(clients),
		newS3(clients),
		newSubnets(clients),
	}
}
