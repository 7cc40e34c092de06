#!/usr/bin/env bash
# Installs kind as versions.env pins it: `tests/e2e/install-kind.sh FOLDER`. Go's checksum database vouches for the
# module, and the sum that is pinned here for that database.
set -euo pipefail
to=${1:?folder to install to}
asked=${KGEN_E2E_KIND:-} sum=${KGEN_E2E_KIND_SUM:-}
. "$(dirname "$0")/versions.env"
version=${asked:-$KGEN_E2E_KIND} wanted=${sum:-$KGEN_E2E_KIND_SUM}
found=$(go mod download -json "sigs.k8s.io/kind@$version" | sed -n 's/^\t*"Sum": "\(.*\)",*$/\1/p')
if [ "$found" != "$wanted" ]; then
  echo "kind $version has the sum $found, and versions.env wants $wanted" >&2
  exit 1
fi
mkdir -p "$to"
GOBIN=$(cd "$to" && pwd) go install "sigs.k8s.io/kind@$version"
