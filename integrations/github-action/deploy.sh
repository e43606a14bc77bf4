#!/usr/bin/env bash
# What the action runs. Everything comes by variables, so that no text of a workflow becomes a command.
set -euo pipefail

prefix="$(mktemp -d)"
npm install --silent --no-save --no-audit --no-fund --prefix "$prefix" "$LOTSE_PACKAGE"
PATH="$prefix/node_modules/.bin:$PATH"

if [[ -z "${LOTSE_TOKEN:-}" ]]; then
  LOTSE_TOKEN="$(lotse oidc token ${LOTSE_AUDIENCE:+--audience "$LOTSE_AUDIENCE"} ${LOTSE_APP:+--app "$LOTSE_APP"})"
  echo "::add-mask::$LOTSE_TOKEN"
fi
export LOTSE_TOKEN

options=(--commit "$LOTSE_COMMIT" --until "$LOTSE_UNTIL" --reason "$LOTSE_REASON" --json)
if [[ "$LOTSE_WAIT" == true ]]; then options+=(--wait); fi
if [[ -n "$LOTSE_ENVIRONMENT" ]]; then options=("$LOTSE_ENVIRONMENT" "${options[@]}"); fi

# The exit code of the deploy is that of the step; what it was is said in either case.
code=0
answer="$(lotse deploy "${options[@]}")" || code=$?
release="$(node -e 'try { console.log(JSON.parse(process.argv[1]).release?.id ?? "") } catch {}' "$answer")"
echo "release=$release" >>"$GITHUB_OUTPUT"
if [[ -n "${GITHUB_STEP_SUMMARY:-}" ]]; then echo "Lotse: ${release:-no release} (exit code $code)" >>"$GITHUB_STEP_SUMMARY"; fi
exit "$code"
