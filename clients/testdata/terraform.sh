#!/bin/sh
# Applies terraform/main.tf to $AWS_ENDPOINT_URL, plans, changes, plans and destroys.
# TF_PLUGINS names a folder of providers where there is no registry.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")/terraform/main.tf" "$work"
cd "$work"
terraform init -input=false -no-color ${TF_PLUGINS:+-plugin-dir="$TF_PLUGINS"} >init.log 2>&1 || { cat init.log; exit 1; }
for value in one two; do
    terraform apply -auto-approve -input=false -no-color -var endpoint="$AWS_ENDPOINT_URL" -var value=$value
    terraform plan -detailed-exitcode -input=false -no-color -var endpoint="$AWS_ENDPOINT_URL" -var value=$value
done
terraform destroy -auto-approve -input=false -no-color -var endpoint="$AWS_ENDPOINT_URL" -var value=two
echo "apply, plan 0, update, plan 0, destroy"
