# The router, its zone, name and type, and the set identifiers of blue and green:
terraform import reliability_blue_green_switch.www route53,Z0123456789EXAMPLE,www.shop.example,A,blue,green
