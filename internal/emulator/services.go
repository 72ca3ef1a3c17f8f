package emulator

// addRules is the registry of the services that have rules: one line each.
func (e *Emulator) addRules() {
	e.lambda = newLambdaRules()
	e.services = map[string]ruleset{
		"apigateway": newAPIGatewayRules(),
		"cloudfront": newCloudfrontRules(e.options.Propagation),
		"lambda":     e.lambda,
		"route53":    newRoute53Rules(e.options.Propagation),
	}
}
