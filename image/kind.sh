#!/usr/bin/env bash
# The image and the chart in a cluster of kind's, and then the end-to-end tests on that cluster.
#
#   image/kind.sh [--keep] [--no-tests] [--node-image IMAGE] [-- PYTEST-ARGUMENT...]
#
# 1. a cluster of its own, named ivs-operator-PID
# 2. builds the image (image/build.sh) and loads it
# 3. the AWS emulator on this machine, where pods reach it and no other machine does
# 4. installs the chart: two replicas, for one namespace; `helm test`; an object becomes Ready, and goes
# 5. tests/e2e and tests/cluster with USE_EXISTING_CLUSTER, without what needs a control plane of our own
#
# --keep         leaves cluster and emulator, and says how to use and remove them
# --no-tests     ends once the object is Ready, and does not delete it: with --keep, a cluster to look around in
# --node-image   another version of Kubernetes, e.g. kindest/node:v1.34.11; default: kind's
#
# Needs docker, kind, kubectl and helm on PATH, and Python for .venv. Linux only: where Docker runs in a machine of its
# own, pods don't reach what listens here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "image/kind.sh: $*" >&2
  exit 1
}

keep='' tested=true node_image=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
      exit
      ;;
    --keep) keep=true ;;
    --no-tests) tested='' ;;
    --node-image)
      [ $# -gt 1 ] || fail "--node-image needs a value; see image/kind.sh --help"
      node_image=$2
      shift
      ;;
    --)
      shift
      break
      ;;
    *) fail "unknown option $1; see image/kind.sh --help" ;;
  esac
  shift
done
[ -n "$tested" ] || [ $# -eq 0 ] || fail "--no-tests runs none: leave it out, or what follows --"
if [ $# -gt 0 ]; then tests=("$@"); else tests=(-n "${WORKERS:-4}" --dist loadgroup tests/e2e tests/cluster); fi

missing=()
for program in docker kind kubectl helm; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] || fail "not on PATH: ${missing[*]}. kind: go install sigs.k8s.io/kind@v0.33.0; helm: helm.sh"
docker version >/dev/null 2>&1 || fail "docker has no engine (docker version fails); start it"
[ -x .venv/bin/ivs-operator ] || make .venv/.installed

cluster=ivs-operator-$$
work=$(mktemp -d)
export KUBECONFIG=$work/kubeconfig
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' operator/ivs_operator/__init__.py)
repository=localhost/ivs-operator
namespace=installed
emulator=''

leave() {
  local code=$?
  if [ $code -ne 0 ] && [ -s "$KUBECONFIG" ]; then
    echo "image/kind.sh: failed; the cluster as it is:" >&2
    kubectl --namespace "$namespace" get pods,ivs --output=wide >&2 || true
    kubectl --namespace "$namespace" logs --selector=app.kubernetes.io/name=ivs-operator --tail=50 --prefix >&2 || true
  fi
  if [ -n "$keep" ]; then
    echo "kept: export KUBECONFIG=$KUBECONFIG; emulator ${AWS_ENDPOINT_URL:-none}, process $emulator"
    echo "remove: kind delete cluster --name $cluster; kill $emulator; rm -r $work"
    exit $code
  fi
  [ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
  kind delete cluster --name "$cluster" --kubeconfig "$KUBECONFIG" || true
  rm -rf "$work"
  exit $code
}
trap leave EXIT

step() { echo "=== $*"; }

step "cluster $cluster"
kind create cluster --name "$cluster" --kubeconfig "$KUBECONFIG" --wait 180s ${node_image:+--image "$node_image"}

step "image $repository:$version"
image/build.sh --engine docker --tag "$repository:$version"
kind load docker-image "$repository:$version" --name "$cluster"

step "emulator"
# The address of this machine in the network of the nodes; a network may have an IPv6 gateway, too.
gateway=$(docker network inspect kind --format '{{range .IPAM.Config}}{{println .Gateway}}{{end}}' | grep -m1 -F .) ||
  fail "the docker network of kind has no IPv4 gateway"
.venv/bin/ivs-operator emulator --host "$gateway" --port 0 >"$work/emulator.log" 2>&1 &
emulator=$!
for _ in $(seq 120); do
  AWS_ENDPOINT_URL=$(sed -n 's/.* on \(http:[^;]*\);.*/\1/p' "$work/emulator.log" | head -1)
  [ -z "$AWS_ENDPOINT_URL" ] || break
  kill -0 "$emulator" 2>/dev/null || fail "the emulator ended: $(cat "$work/emulator.log")"
  sleep 0.5
done
[ -n "$AWS_ENDPOINT_URL" ] || fail "the emulator did not start in a minute: $(cat "$work/emulator.log")"
export AWS_ENDPOINT_URL
echo "$AWS_ENDPOINT_URL"

step "chart"
kubectl create namespace "$namespace"
helm install "$namespace" helm/ivs-operator --namespace "$namespace" --wait --timeout 3m --values - <<END
image: {repository: $repository, pullPolicy: Never}
replicas: 2
settings: {region: us-west-2, namespaces: [$namespace], clusterId: kind, sweepInterval: 2}
extraEnv:
  - {name: AWS_ENDPOINT_URL, value: "$AWS_ENDPOINT_URL"}
  - {name: AWS_ACCESS_KEY_ID, value: "123456789012"}
  - {name: AWS_SECRET_ACCESS_KEY, value: emulator}
END
helm test "$namespace" --namespace "$namespace" --timeout 2m

step "an object"
AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=emulator AWS_DEFAULT_REGION=us-west-2 .venv/bin/python - <<'END'
import boto3

location = {"LocationConstraint": "us-west-2"}
boto3.client("s3").create_bucket(Bucket="live-chat-logs", CreateBucketConfiguration=location)
END
kubectl --namespace "$namespace" apply --filename manifests/samples/chat-to-s3.yaml
kubectl --namespace "$namespace" wait --for=condition=Ready --timeout=60s ivscl/chat-archive
kubectl --namespace "$namespace" get ivs --output=wide
[ -n "$tested" ] || exit 0
kubectl --namespace "$namespace" delete ivscl/chat-archive --timeout=60s

step "end-to-end tests on this cluster"
# PATH's kubectl may be too old or too new for what tests expect of it: then another one is downloaded.
.venv/bin/python -c 'from ivs_sandbox.resolver import Tool, resolve; resolve(needed=frozenset({Tool.KUBECTL}))'
env -u AWS_ENDPOINT_URL USE_EXISTING_CLUSTER=true .venv/bin/pytest -m "not local_control_plane" "${tests[@]}"
