#!/usr/bin/env bash
# look.sh: looks for drift, and tells what it found unless an apply ran meanwhile; then only what others are known to have done is told,
# and the rest is held back for a look after the apply. Writes "told" or "held" to $TF_VAR_reports/look. Fails when something critical was
# found, or not everything could be verified.
set -euo pipefail
shopt -s inherit_errexit # who cannot see the pipelines must not take them for idle

# applies: the latest builds of the pipelines that have come to a phase that changes something: id, whether it is in such a phase now, since when.
applies() {
  local pipeline project phases ids
  for pipeline in ${PIPELINES:-}; do
    project=${pipeline%%:*}
    phases="[\"${pipeline#*:}\"]"
    phases=${phases//,/\",\"}
    ids=$(aws codebuild list-builds-for-project --project-name "$project" --no-paginate --query 'ids[:10]' --output text)
    if [ -z "$ids" ] || [ "$ids" = None ]; then continue; fi
    # shellcheck disable=SC2086 # ids are words
    aws codebuild batch-get-builds --ids $ids --output text \
      --query "builds[?phases[?contains(\`$phases\`, phaseType)]].[id, buildStatus == 'IN_PROGRESS' && contains(\`$phases\`, currentPhase), phases[?contains(\`$phases\`, phaseType)] | [0].startTime]"
  done
}

# rfc3339 TIME: a time as version 1 or 2 of the AWS CLI writes it.
rfc3339() {
  case $1 in
  *T*) date -u -d "$1" +%FT%TZ ;;
  *) date -u -d "@$1" +%FT%TZ ;;
  esac
}

# What others did before an apply began was looked at before it began, or is after it ended.
began=$(date -u +%FT%TZ)
before=$(applies)
since=$began
while read -r _ now at; do
  if [ "${now:-}" = True ] && at=$(rfc3339 "$at") && [[ $at < $since ]]; then since=$at; fi
done <<<"$before"
export TF_VAR_since=$since

terraform plan -out=look.tfplan
terraform apply look.tfplan >/dev/null # nothing is changed: it makes the outputs readable
after=$(applies)
read -r critical others unverified <<<"$(terraform output -raw verdict)"

look=told report=report
came=$(comm -13 <(cut -f1 <<<"$before" | sort) <(cut -f1 <<<"$after" | sort))
if [ -n "$came" ] || cut -f2 <<<"$before"$'\n'"$after" | grep -qx True; then
  look=held report=report_by_others
  critical=$others unverified=0
  echo "An apply ran meanwhile: $others critical changes are known to be of others, the rest waits for its end."
fi
if [ "$look" = told ] || [ "$others" -gt 0 ]; then
  terraform output -raw "$report" >"$TF_VAR_reports/told.json"
  terraform apply -auto-approve -invoke=action.reliability_drift_publish.found
fi
echo "$look" >"$TF_VAR_reports/look"

if [ "$critical" -gt 0 ] || [ "$unverified" -gt 0 ]; then
  echo "$critical critical, $unverified not verified: see the reports of this build." >&2
  exit 1
fi
