resource "aws_instance" "web" {
  ami                    = "ami-12c6146b"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.b.id
  vpc_security_group_ids = [aws_security_group.inline.id]
  user_data              = "#!/bin/sh\necho hello\n"
  tags                   = { Name = "web" }
  root_block_device {
    volume_size = 8
  }
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 10
  type              = "gp3"
  tags              = { Name = "data" }
}

resource "aws_launch_template" "web" {
  name          = "web"
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
  tags          = { Name = "web" }
}

resource "aws_autoscaling_group" "web" {
  name                      = "web"
  min_size                  = 0
  max_size                  = 3
  vpc_zone_identifier       = [aws_subnet.a.id, aws_subnet.b.id]
  health_check_grace_period = 120
  wait_for_capacity_timeout = "0"
  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
  tag {
    key                 = "Role"
    value               = "web"
    propagate_at_launch = true
  }
}

