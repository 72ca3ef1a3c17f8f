package emulator

// addRules is the registry of the services that have rules: one line each.
func (e *Emulator) addRules() {
	e.lambda = newLambdaRules()
	e.scheduler = newSchedulerRules()
	e.cloudtrail = &cloudtrailRules{calls: e.calls.list, known: map[string]string{}}
	e.codebuild = newCodeBuildRules()
	e.ecs = newECSRules(e.options.Propagation)
	e.loadBalancing = newElasticLoadBalancingRules()
	e.config = newConfigRules(e.moto.address, e.upstream)
	edge := newCloudfrontRules(e.options.Propagation)
	e.services = map[string]ruleset{
		"apigateway":               newAPIGatewayRules(),
		"cloudfront":               edge,
		"cloudfront-keyvaluestore": &keyValueStoreRules{stores: edge.stores},
		"cloudtrail":               e.cloudtrail,
		"cloudwatch":               newCloudWatchRules(),
		"codebuild":                e.codebuild,
		"config":                   e.config,
		"ec2":                      ec2Rules{},
		"ecs":                      e.ecs,
		"elasticloadbalancing":     e.loadBalancing,
		"events":                   eventsRules{},
		"iam":                      iamRules{},
		"lambda":                   e.lambda,
		"pricing":                  pricingRules{},
		"scheduler":                e.scheduler,
		"route53":                  newRoute53Rules(e.options.Propagation),
		"s3":                       newS3Rules(),
		"states":                   stepFunctionsRules{},
	}
}
