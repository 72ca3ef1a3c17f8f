# The name of the route (default "main"), its router, the zone, name and type of the records, and the set identifiers of blue and green:
terraform import reliability_blue_green_switch.www www=route53,Z0123456789EXAMPLE,www.shop.example,A,blue,green

# A Lambda alias: the function, the alias, and the versions of blue and green:
terraform import reliability_blue_green_switch.api api=lambda_alias,shop-api,live,7,8
