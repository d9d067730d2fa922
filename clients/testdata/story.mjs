// A stack set's life in an organization of its own making, told by the JavaScript
// SDK v3. The endpoint and the management account (as access key) come from the
// environment.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as ccSDK from "@aws-sdk/client-cloudcontrol";
import * as cfnSDK from "@aws-sdk/client-cloudformation";
import * as cwSDK from "@aws-sdk/client-cloudwatch";
import * as orgSDK from "@aws-sdk/client-organizations";

const endpoint = process.env.AWS_ENDPOINT_URL;
const region = "us-east-1";
const as = (account) => ({ endpoint, region, maxAttempts: 10, credentials: { accessKeyId: account, secretAccessKey: "x" } });
const management = process.env.AWS_ACCESS_KEY_ID;
const cfn = new cfnSDK.CloudFormationClient(as(management));
const organizations = new orgSDK.OrganizationsClient(as(management));
const call = (name, input = {}, client = cfn) => client.send(new cfnSDK[name + "Command"](input));
const advance = async (by) => (await fetch(endpoint + "/_sim/advance", { method: "POST", body: JSON.stringify({ by }) })).text();
const StackSetName = "js-net";
const TemplateBody = readFileSync(new URL("template.yaml", import.meta.url), "utf8");

async function refused(promise, exception) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.name, exception);
    assert.ok(typeof cfnSDK[exception] !== "function" || e instanceof cfnSDK[exception], exception + " is not the modelled class");
    return true;
  });
}

async function ended(OperationId, status) {
  for (let n = 0; n < 100; n++) {
    const { StackSetOperation: o } = await call("DescribeStackSetOperation", { StackSetName, OperationId });
    assert.ok(o.CreationTimestamp instanceof Date);
    if (o.EndTimestamp) {
      assert.equal(o.Status, status);
      return o;
    }
    await advance("20s");
  }
  assert.fail("operation " + OperationId + " does not end");
}

// The organization: an OU with three accounts, made one after the other.
const org = (name, input = {}) => organizations.send(new orgSDK[name + "Command"](input));
assert.equal((await org("DescribeOrganization")).Organization.MasterAccountId, management);
const root = (await org("ListRoots")).Roots[0];
const ou = (await org("CreateOrganizationalUnit", { ParentId: root.Id, Name: "village" })).OrganizationalUnit.Id;
await assert.rejects(org("CreateOrganizationalUnit", { ParentId: root.Id, Name: "village" }), orgSDK.DuplicateOrganizationalUnitException);
for (const AccountName of ["mill", "forge", "barn"]) {
  const { CreateAccountStatus: asked } = await org("CreateAccount", { AccountName, Email: AccountName + "@example.com" });
  assert.equal(asked.State, "IN_PROGRESS");
  await advance("2m");
  const { CreateAccountStatus: made } = await org("DescribeCreateAccountStatus", { CreateAccountRequestId: asked.Id });
  assert.equal(made.State, "SUCCEEDED");
  await org("MoveAccount", { AccountId: made.AccountId, SourceParentId: root.Id, DestinationParentId: ou });
}
const members = (await org("ListAccountsForParent", { ParentId: ou })).Accounts;
assert.equal(members.length, 3);
const [one, two] = members.map((a) => a.Id).sort();
await assert.rejects(org("DescribeAccount", { AccountId: "999999999999" }), orgSDK.AccountNotFoundException);

// The stack set.
await call("ActivateOrganizationsAccess");
await refused(call("CreateStackSet", { StackSetName, TemplateBody: "[]" }), "ValidationError");
await call("CreateStackSet", {
  StackSetName, TemplateBody, PermissionModel: "SERVICE_MANAGED",
  AutoDeployment: { Enabled: false }, Tags: [{ Key: "team", Value: "core" }],
});
await refused(call("CreateStackSet", { StackSetName, TemplateBody }), "NameAlreadyExistsException");
await refused(call("DescribeStackSet", { StackSetName: "none" }), "StackSetNotFoundException");

// Instances by OU, two of three accounts, one parameter overridden.
const targets = { OrganizationalUnitIds: [ou], Accounts: [one, two], AccountFilterType: "INTERSECTION" };
const preferences = { MaxConcurrentCount: 9, FailureToleranceCount: 9 };
const created = await call("CreateStackInstances", {
  StackSetName, DeploymentTargets: targets, Regions: [region], OperationPreferences: preferences,
  ParameterOverrides: [{ ParameterKey: "Name", ParameterValue: "mine" }],
});
await refused(call("DetectStackSetDrift", { StackSetName }), "OperationInProgressException");
await ended(created.OperationId, "SUCCEEDED");
let { Summaries: instances, NextToken } = await call("ListStackInstances", { StackSetName });
assert.deepEqual(instances.map((i) => [i.Account, i.Status]).sort(), [[one, "CURRENT"], [two, "CURRENT"]]);
assert.equal(NextToken, undefined);
const { StackInstance: instance } = await call("DescribeStackInstance", { StackSetName, StackInstanceAccount: one, StackInstanceRegion: region });
assert.deepEqual(instance.ParameterOverrides.map((p) => [p.ParameterKey, p.ParameterValue]), [["Name", "mine"]]);

// A change made by hand, through Cloud Control in the member account.
const member = new cfnSDK.CloudFormationClient(as(one));
const hands = new ccSDK.CloudControlClient(as(one));
const { StackResources } = await call("DescribeStackResources", { StackName: instance.StackId }, member);
const Identifier = StackResources[0].PhysicalResourceId;
await hands.send(new ccSDK.UpdateResourceCommand({
  TypeName: "AWS::SNS::Topic", Identifier,
  PatchDocument: JSON.stringify([{ op: "replace", path: "/DisplayName", value: "by hand" }]),
}));
await advance("2m");
const live = await hands.send(new ccSDK.GetResourceCommand({ TypeName: "AWS::SNS::Topic", Identifier }));
assert.equal(JSON.parse(live.ResourceDescription.Properties).DisplayName, "by hand");
await assert.rejects(hands.send(new ccSDK.GetResourceCommand({ TypeName: "AWS::SNS::Topic", Identifier: "none" })), ccSDK.ResourceNotFoundException);

// Drift and what it consists of.
const detection = await call("DetectStackSetDrift", { StackSetName, OperationPreferences: preferences });
const detected = await ended(detection.OperationId, "SUCCEEDED");
assert.equal(detected.StackSetDriftDetectionDetails.DriftedStackInstancesCount, 1);
const drifts = await call("ListStackInstanceResourceDrifts", {
  StackSetName, StackInstanceAccount: one, StackInstanceRegion: region, OperationId: detection.OperationId,
});
assert.deepEqual(
  drifts.Summaries.flatMap((s) => s.PropertyDifferences).map((d) => [d.PropertyPath, d.ExpectedValue, d.ActualValue]),
  [["/DisplayName", "mine", "by hand"]]);

// Reverted in place by a drift-aware change set.
const change = { StackName: instance.StackId, ChangeSetName: "revert" };
await call("CreateChangeSet", {
  ...change, DeploymentMode: "REVERT_DRIFT", UsePreviousTemplate: true, Parameters: [{ ParameterKey: "Name", UsePreviousValue: true }],
}, member);
await advance("1m");
const { ChangeSetName, Status, Changes } = await call("DescribeChangeSet", change, member);
assert.deepEqual([ChangeSetName, Status, Changes.length], ["revert", "CREATE_COMPLETE", 1]);
await call("ExecuteChangeSet", change, member);
await advance("3m");
const healed = await hands.send(new ccSDK.GetResourceCommand({ TypeName: "AWS::SNS::Topic", Identifier }));
assert.equal(JSON.parse(healed.ResourceDescription.Properties).DisplayName, "mine");

// Stopped while it runs.
const update = await call("UpdateStackSet", { StackSetName, UsePreviousTemplate: true, Parameters: [{ ParameterKey: "Name", ParameterValue: "new" }] });
await call("StopStackSetOperation", { StackSetName, OperationId: update.OperationId });
await ended(update.OperationId, "STOPPED");
await refused(call("StopStackSetOperation", { StackSetName, OperationId: update.OperationId }), "InvalidOperationException");

// Overrides emptied, a stack let go and taken in again.
const emptied = await call("UpdateStackInstances", { StackSetName, DeploymentTargets: targets, Regions: [region], ParameterOverrides: [], OperationPreferences: preferences });
await ended(emptied.OperationId, "SUCCEEDED");
const after = await call("DescribeStackInstance", { StackSetName, StackInstanceAccount: one, StackInstanceRegion: region });
assert.deepEqual(after.StackInstance.ParameterOverrides ?? [], []);
const only = { OrganizationalUnitIds: [ou], Accounts: [one], AccountFilterType: "INTERSECTION" };
const retained = await call("DeleteStackInstances", { StackSetName, DeploymentTargets: only, Regions: [region], RetainStacks: true });
await ended(retained.OperationId, "SUCCEEDED");
const imported = await call("ImportStacksToStackSet", { StackSetName, StackIds: [instance.StackId], OrganizationalUnitIds: [ou] });
await ended(imported.OperationId, "SUCCEEDED");

// Gone.
await refused(call("DeleteStackSet", { StackSetName }), "StackSetNotEmptyException");
const gone = await call("DeleteStackInstances", {
  StackSetName, DeploymentTargets: { OrganizationalUnitIds: [ou] }, Regions: [region], RetainStacks: false, OperationPreferences: preferences,
});
await ended(gone.OperationId, "SUCCEEDED");
({ Summaries: instances } = await call("ListStackInstances", { StackSetName }));
assert.deepEqual(instances ?? [], []);
await call("DeleteStackSet", { StackSetName });

// A metric, in the protocol that this SDK speaks with CloudWatch.
const cloudwatch = new cwSDK.CloudWatchClient(as(management));
await cloudwatch.send(new cwSDK.PutMetricDataCommand({ Namespace: "Story", MetricData: [{ MetricName: "Told", Value: 1, Timestamp: new Date() }] }));
const { Metrics } = await cloudwatch.send(new cwSDK.ListMetricsCommand({ Namespace: "Story" }));
assert.equal(Metrics[0].MetricName, "Told");
console.log("told");
