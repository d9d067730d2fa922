# Stack sets of both permission models, what they need and what stands beside them.
# Applied, planned (nothing to do), changed with var.value, planned again, destroyed.
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}

variable "endpoint" { type = string }
variable "value" { type = string }

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
  endpoints {
    cloudformation = var.endpoint
    cloudwatch     = var.endpoint
    events         = var.endpoint
    s3             = var.endpoint
    organizations  = var.endpoint
    sns            = var.endpoint
    ssm            = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_organizations_organization" "this" {}
data "aws_caller_identity" "this" {}

locals {
  template = <<-YAML
    Parameters: {Name: {Type: String, Default: a}}
    Resources:
      Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
  YAML
}

resource "aws_organizations_organizational_unit" "team" {
  name      = "team"
  parent_id = data.aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy" "regions" {
  name    = "regions"
  type    = "SERVICE_CONTROL_POLICY"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect    = "Deny", NotAction = ["iam:*", "organizations:*"], Resource = "*"
      Condition = { StringNotEquals = { "aws:RequestedRegion" = ["us-east-1", "eu-west-1", var.value] } }
    }]
  })
}

resource "aws_organizations_policy_attachment" "regions" {
  policy_id = aws_organizations_policy.regions.id
  target_id = aws_organizations_organizational_unit.team.id
}

resource "aws_cloudformation_stack_set" "service" {
  name             = "service"
  permission_model = "SERVICE_MANAGED"
  template_body    = local.template
  parameters       = { Name = var.value }
  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }
  operation_preferences {
    failure_tolerance_count = 1
    max_concurrent_count    = 2
  }
  tags = { mandatory = "true", value = var.value }
  lifecycle { ignore_changes = [administration_role_arn] } # as in provider#23464
}

resource "aws_cloudformation_stack_set_instance" "service" {
  stack_set_name = aws_cloudformation_stack_set.service.name
  region         = "us-east-1"
  deployment_targets { organizational_unit_ids = [aws_organizations_organizational_unit.team.id] }
}

resource "aws_cloudformation_stack_set" "own" {
  name          = "own"
  # AWS shows the default role where none was given.
  administration_role_arn = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:role/AWSCloudFormationStackSetAdministrationRole"
  template_body = local.template
  parameters    = { Name = var.value }
}

resource "aws_cloudformation_stack_set_instance" "own" {
  stack_set_name      = aws_cloudformation_stack_set.own.name
  account_id          = data.aws_caller_identity.this.account_id
  region              = "eu-west-1"
  parameter_overrides = { Name = "override-${var.value}" }
}

resource "aws_cloudformation_stack" "plain" {
  name          = "plain"
  template_body = local.template
  parameters    = { Name = var.value }
}

resource "aws_ssm_parameter" "value" {
  name  = "/judge/value"
  type  = "String"
  value = var.value
}

# What stands beside stacks in every account: topics, rules, alarms, buckets. Roles
# and policies are IAM's.
resource "aws_sns_topic" "alarms" {
  name         = "alarms"
  display_name = var.value
  tags         = { value = var.value }
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.value, Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }, Action = "sns:Publish", Resource = aws_sns_topic.alarms.arn }]
  })
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  alarm_description   = var.value
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 300
  statistic           = "Sum"
  threshold           = var.value == "one" ? 1 : 2
  alarm_actions       = [aws_sns_topic.alarms.arn]
  tags                = { value = var.value }
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  description         = var.value
  schedule_expression = "rate(1 hour)"
  tags                = { value = var.value }
}

resource "aws_cloudwatch_event_target" "hourly" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_sns_topic.alarms.arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "logs-of-the-judge"
  tags   = { value = var.value }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration { status = var.value == "one" ? "Enabled" : "Suspended" }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = var.value == "one"
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = var.value, Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "${aws_s3_bucket.logs.arn}/*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }]
  })
}
