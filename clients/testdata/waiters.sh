#!/bin/sh
# The AWS CLI's waiters for stacks and change sets, from create to delete.
set -eu
cfn() { aws cloudformation "$@" >/dev/null; }
template='{"Parameters":{"P":{"Type":"String","Default":"a"}},"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":{"Ref":"P"}}}}}'
cfn create-stack --stack-name waited --template-body "$template"
cfn wait stack-exists --stack-name waited
cfn wait stack-create-complete --stack-name waited
cfn create-change-set --stack-name waited --change-set-name change --use-previous-template --parameters ParameterKey=P,ParameterValue=b
cfn wait change-set-create-complete --stack-name waited --change-set-name change
cfn execute-change-set --stack-name waited --change-set-name change
cfn wait stack-update-complete --stack-name waited
cfn delete-stack --stack-name waited
cfn wait stack-delete-complete --stack-name waited
echo "five waiters"
