#!/usr/bin/env bash
# Builds the image from Debian packages and unpacks it, to look at it or run it where there is no container engine.
#
#   image/rootfs.sh FOLDER
#   image/enter.sh FOLDER /opt/ivs-operator/bin/ivs-operator --version
#   IVS_OPERATOR_TEST_PROGRAM="image/enter.sh FOLDER /opt/ivs-operator/bin/ivs-operator" .venv/bin/pytest tests/e2e
#
# Needs mmdebstrap, buildah and uidmap (apt install mmdebstrap buildah uidmap) and a Debian mirror; some minutes. In a
# container, where buildah can make no namespaces of its own, set BUILDAH_ISOLATION=chroot and STORAGE_DRIVER=vfs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:?usage: image/rootfs.sh FOLDER}
[ ! -e "$folder" ] || {
  echo "image/rootfs.sh: $folder exists; name one that does not" >&2
  exit 1
}
missing=()
for program in mmdebstrap buildah unshare; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] || {
  echo "image/rootfs.sh: not on PATH: ${missing[*]} (apt install mmdebstrap buildah util-linux)" >&2
  exit 1
}
tag=localhost/ivs-operator:rootfs
image/build.sh --engine buildah --bases debian --tag "$tag"
[ "$(id -u)" = 0 ] && namespace=() || namespace=(buildah unshare)
# shellcheck disable=SC2016 # the inner shell expands
"${namespace[@]}" bash -euc '
  container=$(buildah from "$1")
  mkdir -p "$2"
  cp -a "$(buildah mount "$container")/." "$2/"
  buildah rm "$container" >/dev/null
' bash "$tag" "$folder"
compressed=$(tar -C "$folder" -c . | gzip -6 | wc -c)
echo "unpacked to $folder: $(du -sm "$folder" | cut -f1) MB, $((compressed / 1000000)) MB compressed"
