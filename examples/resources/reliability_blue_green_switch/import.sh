# The name of the route (default "main"), its router, the zone, name and type of the records, and the set identifiers of blue and green:
terraform import reliability_blue_green_switch.www www=route53,Z0123456789EXAMPLE,www.shop.example,A,blue,green

# A Lambda alias: the function, the alias, and the versions of blue and green:
terraform import reliability_blue_green_switch.api api=lambda_alias,shop-api,live,7,8

# A listener or a rule of an Application Load Balancer: its ARN, and the ARNs of the target groups of blue and green:
terraform import reliability_blue_green_switch.shop shop=listener,arn:aws:elasticloadbalancing:...:listener/app/shop/...,arn:aws:elasticloadbalancing:...:targetgroup/shop-blue/...,arn:aws:elasticloadbalancing:...:targetgroup/shop-green/...

# A stage of a REST API: the API, the stage, and the deployments of blue and green (leave them out where the configuration does):
terraform import reliability_blue_green_switch.rest rest=api_gateway_canary,a1b2c3d4e5,prod,abc123,def456
