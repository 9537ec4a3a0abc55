#!/usr/bin/env bash
# Makes stand-ins for the Dockerfile's two base images from packages of Debian 13, for a machine without a registry.
#
#   image/bases.sh ENGINE [ARCHITECTURE]     podman or buildah; amd64 or arm64, default this machine's
#
# localhost/ivs-operator-base:runtime holds what distroless's Python has: the packages are unpacked and none of their
# scripts is run, so that there is no bytecode, and neither shell nor package manager. localhost/ivs-operator-base:build
# has Python and pip. Needs mmdebstrap and a Debian mirror; takes a minute.
set -euo pipefail

engine=${1:?usage: image/bases.sh podman|buildah [amd64|arm64]}
command -v mmdebstrap >/dev/null || {
  echo "image/bases.sh: mmdebstrap is not on PATH (apt install mmdebstrap)" >&2
  exit 1
}
here=$(dpkg --print-architecture)
architecture=${2:-$here}
name=localhost/ivs-operator-base
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

image_of() { # tag, architecture, instruction
  printf 'FROM scratch\nCOPY . /\n%s\n' "$3" >"$work/Dockerfile"
  "$engine" build --quiet --format oci --platform "linux/$2" --tag "$name:$1" --file "$work/Dockerfile" "$work/$1" >/dev/null
}

echo "making $name:runtime from packages of Debian 13 ($architecture)"
root=$work/runtime
mmdebstrap --quiet --variant=extract --architectures="$architecture" \
  --include=base-files,python3-minimal,libpython3-stdlib,ca-certificates,tzdata,netbase,media-types,libssl3t64,libstdc++6 trixie "$root"
# What packages bring for their own scripts, and their documentation: distroless has none of it.
find "$root/usr/bin" -mindepth 1 ! -name 'python3*' -delete
find "$root/usr/share" -mindepth 1 -maxdepth 1 ! -name ca-certificates ! -name zoneinfo -exec rm -rf {} +
rm -rf "$root"/usr/lib/*-linux-gnu/perl* "$root"/usr/sbin/* "$root"/var/{cache,lib/apt,log} "$root"/etc/apt
# What the scripts would have made.
mkdir -p "$root"/{etc/ssl/certs,home/nonroot,tmp,proc,dev,sys}
chmod 1777 "$root/tmp"
find "$root/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$root/etc/ssl/certs/ca-certificates.crt"
printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin >"$root/etc/passwd"
printf '%s\n' root:x:0: nonroot:x:65532: >"$root/etc/group"
image_of runtime "$architecture" 'ENV LANG=C.UTF-8'

echo "making $name:build from packages of Debian 13 ($here)"
mmdebstrap --quiet --variant=apt --include=python3,python3-pip trixie "$work/build"
image_of build "$here" ''
