package drift

// computeRules are for instances and what starts them.
var computeRules = []rule{
	{"aws_instance", "vpc_security_group_ids", "", Critical, "who may reach the instance has changed"},
	{"aws_instance", "iam_instance_profile", "", Critical, "the instance may do other things than intended"},
	{"aws_instance", "disable_api_termination", "", Critical, "nothing keeps the instance from being terminated"},
	{"aws_instance", "source_dest_check", "", Critical, "the instance may, or may no longer, pass on other machines' traffic"},
	{"aws_instance", "metadata_options.http_tokens", "", Critical, "whether who can make the instance fetch an address gets its credentials has changed"},
	{"aws_instance", "metadata_options.*", "", Major, "programs on the instance reach its metadata differently"},
	{"aws_instance", "instance_type", "", Major, "capacity and price have changed"},
	{"aws_instance", "ebs_optimized", "", Major, "volumes perform differently"},
	{"aws_instance", "root_block_device.*", "", Major, "the root volume has another size, speed or price"},
	{"aws_instance", "monitoring", "", Minor, "only how it is watched has changed"},

	{"aws_ebs_volume", "multi_attach_enabled", "", Major, "one instance or several can use the volume"},
	{"aws_ebs_volume", "size", "", Major, "the volume has another size and price"},
	{"aws_ebs_volume", "type", "", Major, "the volume performs and costs differently"},
	{"aws_ebs_volume", "iops", "", Major, "the volume performs and costs differently"},
	{"aws_ebs_volume", "throughput", "", Major, "the volume performs and costs differently"},

	{"aws_launch_template", "latest_version", "", Major, "there is another version: what uses the latest starts something else"},
	{"aws_launch_template", "default_version", "", Major, "what uses the default version starts something else"},

	{"aws_autoscaling_group", "vpc_zone_identifier", "", Critical, "instances start in other subnets"},
	{"aws_autoscaling_group", "m*_size", "", Major, "capacity and price have other bounds"},
	{"aws_autoscaling_group", "launch_*", "", Major, "other instances are started"},
	{"aws_autoscaling_group", "target_group_arns", "", Critical, "instances get other traffic, or none"},
	{"aws_autoscaling_group", "load_balancers", "", Critical, "instances get other traffic, or none"},
	{"aws_autoscaling_group", "health_check_*", "", Major, "instances are replaced for other reasons"},
	{"aws_autoscaling_group", "default_cooldown", "", Major, "it scales at another pace"},
	{"aws_autoscaling_group", "protect_from_scale_in", "", Major, "instances are, or are no longer, kept when it scales in"},
	{"aws_autoscaling_group", "capacity_rebalance", "", Major, "instances are replaced for other reasons"},
	{"aws_autoscaling_group", "max_instance_lifetime", "", Major, "instances are replaced for other reasons"},
	{"aws_autoscaling_group", "suspended_processes", "", Major, "it no longer does, or does again, part of its work"},
	{"aws_autoscaling_group", "termination_policies", "", Major, "other instances end when it scales in"},
	{"aws_autoscaling_group", "tag.*", "", Minor, "tags change no behaviour, but cost reports and policies read them"},

	{"aws_ecs_cluster", "setting.*", "", Minor, "only how it is watched has changed"},
	{"aws_ecs_cluster", "service_connect_defaults.*", "", Major, "new services find each other elsewhere"},
	{"aws_ecs_service", "task_definition", "", Major, "other containers run"},
	{"aws_ecs_service", "load_balancer.*", "", Critical, "the service gets other traffic, or none"},
	{"aws_ecs_service", "network_configuration.*", "", Critical, "the tasks moved in the network, or are reached by others"},
	{"aws_ecs_service", "enable_execute_command", "true", Critical, "people can get a shell in the containers"},
	{"aws_ecs_service", "enable_execute_command", "", Major, "people can no longer get a shell in the containers"},
	{"aws_ecs_service", "deployment_*", "", Major, "deployments go on, stop or roll back differently"},
	{"aws_ecs_service", "health_check_grace_period_seconds", "", Major, "tasks are replaced earlier or later"},
	{"aws_ecs_service", "platform_version", "", Major, "the tasks run on another platform version"},
}
