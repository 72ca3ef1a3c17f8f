#!/usr/bin/env bash
# rollback.sh REASON [WHERE]: puts a deployment back by the configuration in rollback/. WHERE is "open", the default: the latest
# deployment, unless it was committed or put back already; "last_good": what the last deployment that succeeded before the latest one
# left behind; or a version such as 000012: what was there before that deployment. Reads TF_VAR_name, TF_VAR_store and TF_VAR_topic_arn
# as the pipelines do.
set -euo pipefail
reason=${1:?why the deployment is put back}
where=${2:-open}
cd "$(dirname "${BASH_SOURCE[0]}")/rollback"
terraform init -no-color -input=false
terraform apply -no-color -input=false -auto-approve -state="$(mktemp -u)" -var "reason=$reason" -var "where=$where"
