#!/bin/sh
# Makes a base image with Python for `trial/Dockerfile` where no registry can be reached, and prints its name.
#
#   BASE=$(tests/e2e/local/base-image.sh)
#   podman build --isolation=chroot --network=host --build-arg BASE="$BASE" -t iris:1.0 trial
#
# (`--isolation=chroot` where the limits of this machine are below those that podman wants to set; docker has none.)
#
# Debian's packages come from the mirror that this machine uses. The image is made once: its root is kept as a tar
# file in the cache folder, and an image that the engine already has is left alone.
#
#   KGEN_ENGINE         podman or docker (the first that is there)
#   KGEN_BASE_IMAGE     name of the image (localhost/kgen-base:SUITE)
#   KGEN_DEBIAN_MIRROR  another mirror
#   KGEN_CACHE          another cache folder
#
# Exit codes: 0 done, 77 this machine cannot (the reason on stderr), anything else: something failed.
set -eu

cannot() {
    echo "no base image can be made here: $1" >&2
    exit 77
}

engine=${KGEN_ENGINE:-}
[ -n "$engine" ] || engine=$(command -v podman || command -v docker || true)
[ -n "$engine" ] || cannot "neither podman nor docker is installed"

# Python 3.11 or newer, whose wheels the trial's requirements need: bookworm has 3.11.
suite=${KGEN_DEBIAN_SUITE:-bookworm}
image=${KGEN_BASE_IMAGE:-localhost/kgen-base:$suite}
if "$engine" image inspect "$image" >/dev/null 2>&1; then
    echo "$image"
    exit 0
fi

cache=${KGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kgen}
root_file=$cache/base-$suite-$(uname -m).tar
if [ ! -s "$root_file" ]; then
    command -v debootstrap >/dev/null || cannot "debootstrap is not installed (Debian's package of that name)"
    [ "$(id -u)" = 0 ] || cannot "debootstrap makes a root file system, and only root may"
    mirror=${KGEN_DEBIAN_MIRROR:-$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)}
    [ -n "$mirror" ] || cannot "no mirror of Debian is known: name one in KGEN_DEBIAN_MIRROR"
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/root.XXXXXX")
    chmod 755 "$work" # it becomes the root of the image, which every user walks through
    trap 'rm -rf --one-file-system "$work" "$root_file.part" "$work.log"' EXIT
    trap 'exit 130' INT TERM
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$work" "$mirror" \
        >"$work.log" 2>&1 || { tail -n 5 "$work.log" >&2; cannot "debootstrap failed, see above"; }
    rm -f "$work.log"
    # What this machine trusts (a proxy's certificate, say) the image trusts too.
    if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
        cp /etc/ssl/certs/ca-certificates.crt "$work/etc/ssl/certs/ca-certificates.crt"
    fi
    tar -C "$work" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' -cf "$root_file.part" .
    mv "$root_file.part" "$root_file"
fi
"$engine" import --change "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt" "$root_file" "$image" >&2
echo "$image"
