#!/usr/bin/env bash
# Runs a program in an unpacked root file system as a container would: uid 65532, the root read-only, /tmp empty.
#
#   image/enter.sh ROOT /opt/ivs-operator/bin/ivs-operator run --health-port=0
#
# Needs user namespaces and util-linux, neither an engine nor root. Network, environment and file descriptors are the
# caller's, and so is the process: signals to it reach the program. $KUBECONFIG is copied to where the program sees it.
set -euo pipefail
[ $# -ge 2 ] || {
  echo "usage: image/enter.sh ROOT PROGRAM [ARGUMENT...]" >&2
  exit 2
}
# shellcheck disable=SC2016 # the inner shell expands
exec unshare --user --map-root-user --mount --propagation private bash -euc '
  root=$(realpath "$1")
  shift
  mount --bind "$root" "$root"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  if [ -n "${KUBECONFIG:-}" ]; then
    cp "$KUBECONFIG" "$root/tmp/kubeconfig"
    export KUBECONFIG=/tmp/kubeconfig
  fi
  mount -o remount,bind,ro "$root"
  exec unshare --user --map-user=65532 --map-group=65532 --root="$root" --wd=/ "$@"
' bash "$@"
