# The name of the route (default "main"), its router, the zone, name and type of the records, and the set identifiers of blue and green:
terraform import reliability_blue_green_switch.www www=route53,Z0123456789EXAMPLE,www.shop.example,A,blue,green
