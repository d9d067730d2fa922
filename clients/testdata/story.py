"""A stack set's life in an organization of its own making, told by boto3. The
endpoint, region and management account (as access key) come from the environment."""
import json
import os
import pathlib
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SET, REGION = "py-net", "us-east-1"
MANAGEMENT = os.environ["AWS_ACCESS_KEY_ID"]
TEMPLATE = pathlib.Path(__file__).with_name("template.yaml").read_text()
ALL = {"MaxConcurrentCount": 9, "FailureToleranceCount": 9}


def client(service, account=MANAGEMENT):
    return boto3.client(service, region_name=REGION, aws_access_key_id=account, aws_secret_access_key="x",
                        config=Config(retries={"max_attempts": 10, "mode": "standard"}))


def advance(by):
    body = json.dumps({"by": by}).encode()
    urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_sim/advance", data=body).close()


def same(got, want, what):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def refused(exception, call, **given):
    try:
        call(**given)
    except ClientError as error:
        name = type(error).__name__
        same(name if exception.endswith("Exception") else error.response["Error"]["Code"], exception, call.__name__)
        return
    raise AssertionError(f"{call.__name__} was not refused")


org, cfn = client("organizations"), client("cloudformation")


def ended(operation, status):
    for _ in range(100):
        got = cfn.describe_stack_set_operation(StackSetName=SET, OperationId=operation)["StackSetOperation"]
        if "EndTimestamp" in got:
            same(got["Status"], status, "operation")
            return got
        advance("20s")
    raise AssertionError(f"operation {operation} does not end")


# The organization.
root = org.list_roots()["Roots"][0]["Id"]
ou = org.create_organizational_unit(ParentId=root, Name="village")["OrganizationalUnit"]["Id"]
refused("DuplicateOrganizationalUnitException", org.create_organizational_unit, ParentId=root, Name="village")
for name in ("mill", "forge", "barn"):
    asked = org.create_account(AccountName=name, Email=name + "@example.com")["CreateAccountStatus"]
    advance("2m")
    made = org.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    same(made["State"], "SUCCEEDED", "account")
    org.move_account(AccountId=made["AccountId"], SourceParentId=root, DestinationParentId=ou)
one, two, _ = sorted(a["Id"] for page in org.get_paginator("list_accounts_for_parent").paginate(ParentId=ou) for a in page["Accounts"])

# The stack set and its instances.
cfn.activate_organizations_access()
refused("ValidationError", cfn.create_stack_set, StackSetName=SET, TemplateBody="[]")
cfn.create_stack_set(StackSetName=SET, TemplateBody=TEMPLATE, PermissionModel="SERVICE_MANAGED", AutoDeployment={"Enabled": False})
refused("NameAlreadyExistsException", cfn.create_stack_set, StackSetName=SET, TemplateBody=TEMPLATE)
pair = {"OrganizationalUnitIds": [ou], "Accounts": [one, two], "AccountFilterType": "INTERSECTION"}
made = cfn.create_stack_instances(StackSetName=SET, Regions=[REGION], DeploymentTargets=pair, OperationPreferences=ALL,
                                  ParameterOverrides=[{"ParameterKey": "Name", "ParameterValue": "mine"}])
refused("OperationInProgressException", cfn.detect_stack_set_drift, StackSetName=SET)
ended(made["OperationId"], "SUCCEEDED")
same(sorted((i["Account"], i["Status"]) for i in cfn.list_stack_instances(StackSetName=SET)["Summaries"]),
     [(one, "CURRENT"), (two, "CURRENT")], "instances")


def instance():
    return cfn.describe_stack_instance(StackSetName=SET, StackInstanceAccount=one, StackInstanceRegion=REGION)["StackInstance"]


same(instance()["ParameterOverrides"], [{"ParameterKey": "Name", "ParameterValue": "mine"}], "override")
stack = instance()["StackId"]

# A change by hand, drift, and what it consists of.
member, hands = client("cloudformation", one), client("cloudcontrol", one)
topic = {"TypeName": "AWS::SNS::Topic", "Identifier": member.describe_stack_resources(StackName=stack)["StackResources"][0]["PhysicalResourceId"]}


def display_name():
    return json.loads(hands.get_resource(**topic)["ResourceDescription"]["Properties"])["DisplayName"]


hands.update_resource(**topic, PatchDocument=json.dumps([{"op": "replace", "path": "/DisplayName", "value": "by hand"}]))
advance("2m")
same(display_name(), "by hand", "live value")
refused("ResourceNotFoundException", hands.get_resource, TypeName="AWS::SNS::Topic", Identifier="none")
detection = cfn.detect_stack_set_drift(StackSetName=SET, OperationPreferences=ALL)["OperationId"]
details = ended(detection, "SUCCEEDED")["StackSetDriftDetectionDetails"]
same((details["DriftedStackInstancesCount"], details["InSyncStackInstancesCount"]), (1, 1), "drift")
drifts = cfn.list_stack_instance_resource_drifts(StackSetName=SET, StackInstanceAccount=one, StackInstanceRegion=REGION, OperationId=detection)
same([(d["PropertyPath"], d["ExpectedValue"], d["ActualValue"]) for s in drifts["Summaries"] for d in s["PropertyDifferences"]],
     [("/DisplayName", "mine", "by hand")], "differences")

# Reverted in place by a drift-aware change set, where this boto3 knows them.
if "DeploymentMode" in member.meta.service_model.operation_model("CreateChangeSet").input_shape.members:
    change = {"StackName": stack, "ChangeSetName": "revert"}
    member.create_change_set(**change, DeploymentMode="REVERT_DRIFT", UsePreviousTemplate=True,
                             Parameters=[{"ParameterKey": "Name", "UsePreviousValue": True}])
    advance("1m")
    got = member.describe_change_set(**change)
    same((got["Status"], len(got["Changes"])), ("CREATE_COMPLETE", 1), "change set")
    member.execute_change_set(**change)
    advance("3m")
    same(display_name(), "mine", "reverted value")
else:
    print("this boto3 has no drift-aware change sets")

# Stopped while it runs; overrides emptied; a stack let go and taken in again.
update = cfn.update_stack_set(StackSetName=SET, UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Name", "ParameterValue": "new"}])
cfn.stop_stack_set_operation(StackSetName=SET, OperationId=update["OperationId"])
ended(update["OperationId"], "STOPPED")
refused("InvalidOperationException", cfn.stop_stack_set_operation, StackSetName=SET, OperationId=update["OperationId"])
emptied = cfn.update_stack_instances(StackSetName=SET, Regions=[REGION], DeploymentTargets=pair, ParameterOverrides=[], OperationPreferences=ALL)
ended(emptied["OperationId"], "SUCCEEDED")
same(instance().get("ParameterOverrides", []), [], "overrides after emptying them")
only = {"OrganizationalUnitIds": [ou], "Accounts": [one], "AccountFilterType": "INTERSECTION"}
ended(cfn.delete_stack_instances(StackSetName=SET, Regions=[REGION], DeploymentTargets=only, RetainStacks=True)["OperationId"], "SUCCEEDED")
ended(cfn.import_stacks_to_stack_set(StackSetName=SET, StackIds=[stack], OrganizationalUnitIds=[ou])["OperationId"], "SUCCEEDED")

# Gone.
refused("StackSetNotEmptyException", cfn.delete_stack_set, StackSetName=SET)
gone = cfn.delete_stack_instances(StackSetName=SET, Regions=[REGION], DeploymentTargets={"OrganizationalUnitIds": [ou]},
                                  RetainStacks=False, OperationPreferences=ALL)
ended(gone["OperationId"], "SUCCEEDED")
same(cfn.list_stack_instances(StackSetName=SET)["Summaries"], [], "instances left")
cfn.delete_stack_set(StackSetName=SET)
refused("StackSetNotFoundException", cfn.describe_stack_set, StackSetName=SET)
print("told")
