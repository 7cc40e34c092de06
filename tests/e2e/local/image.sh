#!/bin/sh
# Builds the trial's image from trial/Dockerfile with podman or docker, and prints its name.
#
#   KGEN_ENGINE       podman or docker (the first that is there)
#   KGEN_TRIAL_IMAGE  name of the image (localhost/kgen-iris:test)
#   KGEN_TRIAL_BASE   an image with Python to build on; base-image.sh makes one where no registry can be reached
#
# Exit codes: 0 done, 77 this machine cannot (the reason on stderr), anything else: something failed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
engine=${KGEN_ENGINE:-$(command -v podman || command -v docker || true)}
if [ -z "$engine" ]; then
    echo "no image can be built here: neither podman nor docker is installed" >&2
    exit 77
fi
image=${KGEN_TRIAL_IMAGE:-localhost/kgen-iris:test}
base=${KGEN_TRIAL_BASE:-$(KGEN_ENGINE=$engine "$here/base-image.sh")} || exit $?

# A machine that is a container itself may have less than podman's own default limits ask for, and no cgroups for crun.
if ! "$engine" run --rm --network=none "$base" true >/dev/null 2>&1; then
    conf=$(mktemp)
    trap 'rm -f "$conf"' EXIT
    files=$(ulimit -Hn)
    printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=4096:4096"]\n' "$files" "$files" >"$conf"
    ! command -v runc >/dev/null || printf '[engine]\nruntime = "runc"\n' >>"$conf"
    CONTAINERS_CONF=$conf
    export CONTAINERS_CONF
    if ! said=$("$engine" run --rm --network=none "$base" true 2>&1); then
        echo "no image can be built here: $engine starts no container: $said" >&2
        exit 77
    fi
fi
"$engine" build --network=host --build-arg BASE="$base" -t "$image" "$here/../../../trial" >&2
echo "$image"
