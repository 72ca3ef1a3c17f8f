# The name of the route (default "main"), its router, the zone, name and type of the records, and the set identifiers of blue and green:
terraform import reliability_blue_green_switch.www www=route53,Z0123456789EXAMPLE,www.shop.example,A,blue,green

# A Lambda alias: the function, the alias, and the versions of blue and green:
terraform import reliability_blue_green_switch.api api=lambda_alias,shop-api,live,7,8

# A listener or a rule of an Application Load Balancer: its ARN, and the ARNs of the target groups of blue and green:
terraform import reliability_blue_green_switch.shop shop=listener,arn:aws:elasticloadbalancing:...:listener/app/shop/...,arn:aws:elasticloadbalancing:...:targetgroup/shop-blue/...,arn:aws:elasticloadbalancing:...:targetgroup/shop-green/...

# A stage of a REST API: the API, the stage, and the deployments of blue and green (leave them out where the configuration does):
terraform import reliability_blue_green_switch.rest rest=api_gateway_canary,a1b2c3d4e5,prod,abc123,def456

# Behaviors of a CloudFront distribution: its ID, the IDs of the origins of blue and green, and the behaviors unless it is the default one:
terraform import reliability_blue_green_switch.site site=cloudfront_origin,E1EXAMPLE2EXAM,shop-blue,shop-green,default,/api/*

# Weights in a CloudFront KeyValueStore: its ARN, and the key:
terraform import reliability_blue_green_switch.edge edge=cloudfront_kvs,arn:aws:cloudfront::123456789012:key-value-store/01234567-89ab-cdef-0123-456789abcdef,weights

# A CloudFront distribution and its staging distribution (what was served before is not remembered by an import):
terraform import reliability_blue_green_switch.release release=cloudfront_staging,E1EXAMPLE2EXAM,E2EXAMPLE3EXAM
