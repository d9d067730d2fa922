#!/bin/sh
# A stack set's life in an organization of its own making, told by the AWS CLI.
# The endpoint, region and management account (as access key) come from the
# environment; SETMEND is the binary that is being served by.
set -eu
here=$(dirname "$0")
set_name=cli-net
region=us-east-1
prefs=MaxConcurrentCount=9,FailureToleranceCount=9

fail() { echo "story.sh: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || fail "$3: got '$1', want '$2'"; }
cfn() { aws cloudformation "$@"; }
member() { AWS_ACCESS_KEY_ID=$one aws "$@"; }
advance() { "$SETMEND" sim advance "$1" >/dev/null; }

# refused CODE COMMAND…: the command must fail with an error of that code.
refused() {
    code=$1; shift
    if out=$("$@" 2>&1); then fail "$* was not refused"; fi
    case $out in *"($code)"*) ;; *) fail "$*: $out is not $code" ;; esac
}

# ended ID STATUS: waits for an operation.
ended() {
    n=0
    while status=$(cfn describe-stack-set-operation --stack-set-name $set_name --operation-id "$1" --query StackSetOperation.Status --output text)
          [ "$status" = RUNNING ] || [ "$status" = STOPPING ] || [ "$status" = QUEUED ]; do
        n=$((n + 1)); [ $n -lt 60 ] || fail "operation $1 stays $status"
        advance 60s
    done
    same "$status" "$2" "operation $1"
}
id() { "$@" --query OperationId --output text; }

root=$(aws organizations list-roots --query 'Roots[0].Id' --output text)
ou=$(aws organizations create-organizational-unit --parent-id "$root" --name village --query OrganizationalUnit.Id --output text)
refused DuplicateOrganizationalUnitException aws organizations create-organizational-unit --parent-id "$root" --name village
for name in mill forge barn; do
    asked=$(aws organizations create-account --account-name $name --email $name@example.com --query CreateAccountStatus.Id --output text)
    advance 2m
    account=$(aws organizations describe-create-account-status --create-account-request-id "$asked" --query CreateAccountStatus.AccountId --output text)
    aws organizations move-account --account-id "$account" --source-parent-id "$root" --destination-parent-id "$ou"
done
same "$(aws organizations list-accounts-for-parent --parent-id "$ou" --query 'length(Accounts)')" 3 "accounts"
one=$(aws organizations list-accounts-for-parent --parent-id "$ou" --query 'sort(Accounts[].Id)[0]' --output text)
two=$(aws organizations list-accounts-for-parent --parent-id "$ou" --query 'sort(Accounts[].Id)[1]' --output text)
pair="OrganizationalUnitIds=$ou,Accounts=$one,$two,AccountFilterType=INTERSECTION"
just="OrganizationalUnitIds=$ou,Accounts=$one,AccountFilterType=INTERSECTION"

cfn activate-organizations-access
cfn create-stack-set --stack-set-name $set_name --template-body "file://$here/template.yaml" \
    --permission-model SERVICE_MANAGED --auto-deployment Enabled=false >/dev/null
refused NameAlreadyExistsException cfn create-stack-set --stack-set-name $set_name --template-body "file://$here/template.yaml"
op=$(id cfn create-stack-instances --stack-set-name $set_name --regions $region --deployment-targets "$pair" \
    --operation-preferences $prefs --parameter-overrides ParameterKey=Name,ParameterValue=mine)
refused OperationInProgressException cfn detect-stack-set-drift --stack-set-name $set_name
ended "$op" SUCCEEDED
same "$(cfn list-stack-instances --stack-set-name $set_name --query 'length(Summaries)')" 2 "instances"
instance() { cfn describe-stack-instance --stack-set-name $set_name --stack-instance-account "$one" --stack-instance-region $region --output text "$@"; }
stack=$(instance --query StackInstance.StackId)
same "$(instance --query 'StackInstance.ParameterOverrides[0].ParameterValue')" mine "override"

topic=$(member cloudformation describe-stack-resources --stack-name "$stack" --query 'StackResources[0].PhysicalResourceId' --output text)
member cloudcontrol update-resource --type-name AWS::SNS::Topic --identifier "$topic" \
    --patch-document '[{"op": "replace", "path": "/DisplayName", "value": "by hand"}]' >/dev/null
advance 2m
op=$(id cfn detect-stack-set-drift --stack-set-name $set_name --operation-preferences $prefs)
ended "$op" SUCCEEDED
same "$(cfn list-stack-instances --stack-set-name $set_name --filters Name=DRIFT_STATUS,Values=DRIFTED --query 'Summaries[0].Account' --output text)" "$one" "drifted account"
same "$(cfn list-stack-instance-resource-drifts --stack-set-name $set_name --stack-instance-account "$one" --stack-instance-region $region \
    --operation-id "$op" --query 'Summaries[0].PropertyDifferences[0].ActualValue' --output text)" "by hand" "live value"

member cloudformation create-stack --stack-name mine --template-body "file://$here/template.yaml" >/dev/null
advance 3m
if member cloudformation create-change-set help 2>/dev/null | grep -q deployment-mode; then
    member cloudformation create-change-set --stack-name "$stack" --change-set-name revert --deployment-mode REVERT_DRIFT \
        --use-previous-template --parameters ParameterKey=Name,UsePreviousValue=true >/dev/null
    advance 1m
    member cloudformation execute-change-set --stack-name "$stack" --change-set-name revert
    advance 3m
    same "$(member cloudcontrol get-resource --type-name AWS::SNS::Topic --identifier "$topic" --query ResourceDescription.Properties --output text |
        grep -c '"DisplayName":"mine"')" 1 "reverted value"
fi

op=$(id cfn update-stack-set --stack-set-name $set_name --use-previous-template --parameters ParameterKey=Name,ParameterValue=new)
cfn stop-stack-set-operation --stack-set-name $set_name --operation-id "$op"
ended "$op" STOPPED
op=$(id cfn update-stack-instances --stack-set-name $set_name --regions $region --deployment-targets "$pair" --parameter-overrides '[]' --operation-preferences $prefs)
ended "$op" SUCCEEDED
same "$(instance --query 'length(StackInstance.ParameterOverrides)')" 0 "overrides after emptying them"

op=$(id cfn delete-stack-instances --stack-set-name $set_name --regions $region --deployment-targets "$just" --retain-stacks)
ended "$op" SUCCEEDED
op=$(id cfn import-stacks-to-stack-set --stack-set-name $set_name --stack-ids "$stack" --organizational-unit-ids "$ou")
ended "$op" SUCCEEDED
refused StackSetNotEmptyException cfn delete-stack-set --stack-set-name $set_name
op=$(id cfn delete-stack-instances --stack-set-name $set_name --regions $region --deployment-targets "OrganizationalUnitIds=$ou" \
    --no-retain-stacks --operation-preferences $prefs)
ended "$op" SUCCEEDED
cfn delete-stack-set --stack-set-name $set_name
refused StackSetNotFoundException cfn describe-stack-set --stack-set-name $set_name
aws cloudwatch put-metric-data --namespace Story --metric-name Told --value 1
same "$(aws cloudwatch list-metrics --namespace Story --query 'Metrics[0].MetricName' --output text)" Told "metric"
same "$(aws sts get-caller-identity --query Account --output text)" "$AWS_ACCESS_KEY_ID" "caller"
echo told
