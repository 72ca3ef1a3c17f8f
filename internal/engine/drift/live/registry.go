package live

import "github.com/project3-ls/terraform-provider-reliability/internal/awsapi"

// Readers returns a reader of every AWS service that can be read, one line each. Nothing is contacted before a Read.
func Readers(clients *awsapi.Clients) []Reader {
	return []Reader{
		newAPIGateway(clients),
		newAPIGatewayV2(clients),
		newAutoScaling(clients),
		newCloudFront(clients),
		newCloudWatch(clients),
		newCloudWatchLogs(clients),
		newDynamoDB(clients),
		newEC2(clients),
		newECS(clients),
		newELBV2(clients),
		newGroupRules(clients),
		newIAM(clients),
		newInstances(clients),
		newKMS(clients),
		newLambda(clients),
		newLambdaParts(clients),
		newLaunchTemplates(clients),
		newNetworkACLs(clients),
		newRDS(clients),
		newRDSParts(clients),
		newRoute53(clients),
		newRoutes(clients),
		newS3(clients),
		newSNS(clients),
		newSQS(clients),
		newSSM(clients),
		newSecretsManager(clients),
		newSubnets(clients),
	}
}
