#!/usr/bin/env bash
# rollback.sh REASON: puts the latest deployment back, unless it was committed, by the configuration in rollback/. Where it was
# committed, or was put back already, nothing changes. Reads TF_VAR_name, TF_VAR_store and TF_VAR_topic_arn as the pipelines do.
set -euo pipefail
reason=${1:?why the deployment is put back}
cd "$(dirname "${BASH_SOURCE[0]}")/rollback"
terraform init -no-color -input=false
terraform apply -no-color -input=false -auto-approve -state="$(mktemp -u)" -var "reason=$reason"
