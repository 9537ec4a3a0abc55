#!/usr/bin/env bash
# Builds the operator's image with docker, podman or buildah, whichever is there.
#
#   image/build.sh [--engine NAME] [--tag NAME:TAG] [--platform LIST] [--push] [--bases debian]
#
# --engine    docker, podman or buildah; without it the first of them that works
# --tag       name of the image; default ghcr.io/ivs-operator/ivs-operator:VERSION
# --platform  linux/amd64 and linux/arm64, comma-separated; default this machine's. Nothing is emulated: either is
#             built anywhere
# --push      to the registry that --tag names; the only place for several platforms (docker with buildx)
# --bases debian   makes the two base images from Debian packages with mmdebstrap, where no registry can be reached
#                  (podman or buildah); takes a minute, and arm64 needs nothing but the packages
#
# Behind a proxy: PIP_CONFIG_FILE and PIP_CERT are given to the build as secrets.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "image/build.sh: $*" >&2
  exit 1
}

engine='' tag='' platform='' push='' bases=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
      exit
      ;;
    --push) push=true ;;
    --engine | --tag | --platform | --bases)
      [ $# -gt 1 ] || fail "$1 needs a value; see image/build.sh --help"
      declare "${1#--}=$2"
      shift
      ;;
    *) fail "unknown option $1; see image/build.sh --help" ;;
  esac
  shift
done
[ -z "$bases" ] || [ "$bases" = debian ] || fail "--bases takes debian, not $bases"

tried=()
works() { # whether an engine can build; says why not
  command -v "$1" >/dev/null || { tried+=("$1 is not on PATH"); return 1; }
  case $1 in
    docker)
      docker version >/dev/null 2>&1 || { tried+=("docker has no engine (docker version fails)"); return 1; }
      docker buildx version >/dev/null 2>&1 || { tried+=("docker has no buildx"); return 1; }
      if [ -n "$bases" ]; then
        tried+=("docker takes no base images from files")
        return 1
      fi
      ;;
  esac
}

if [ -n "$engine" ]; then
  case $engine in
    docker | podman | buildah) works "$engine" || fail "${tried[0]}" ;;
    *) fail "--engine takes docker, podman or buildah, not $engine" ;;
  esac
else
  for candidate in docker podman buildah; do
    if works "$candidate"; then
      engine=$candidate
      break
    fi
  done
  [ -n "$engine" ] || fail "nothing to build with:$(printf ' %s;' "${tried[@]}") install Docker, Podman or Buildah"
fi

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' operator/ivs_operator/__init__.py)
tag=${tag:-ghcr.io/ivs-operator/ivs-operator:$version}
case "$engine,$platform,$push" in
  *,*,*,*) [ "$engine$push" = dockertrue ] || fail "several platforms need docker and --push: no local image can hold both" ;;
esac

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
if [ "$revision" != unknown ] && [ -n "$(git status --porcelain -- Dockerfile image operator/ivs_operator LICENSE)" ]; then
  revision+=-dirty
fi
# Of the commit, not of this moment: the same sources give the same labels.
created=$(git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo 1970-01-01T00:00:00Z)
arguments=(--tag "$tag" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "CREATED=$created")
[ -z "$platform" ] || arguments+=(--platform "$platform")
for secret in pip=PIP_CONFIG_FILE ca=PIP_CERT; do
  file=${secret#*=}
  [ -z "${!file:-}" ] || [ ! -f "${!file}" ] || arguments+=(--secret "id=${secret%%=*},src=${!file}")
done

if [ "$bases" = debian ]; then
  image/bases.sh "$engine" "${platform#linux/}"
  arguments+=(--build-arg BUILD_IMAGE=localhost/ivs-operator-base:build)
  arguments+=(--build-arg RUNTIME_IMAGE=localhost/ivs-operator-base:runtime)
fi

echo "building $tag with $engine"
case $engine in
  docker)
    # Without provenance a local image is one image and no index of several, which not every `kind load` takes.
    [ -n "$push" ] && arguments+=(--push --provenance=mode=max --sbom=true) || arguments+=(--load --provenance=false)
    docker buildx build "${arguments[@]}" .
    ;;
  podman | buildah)
    # Older ones do not know by themselves on what they build, and look for a base of the platform that is built for.
    case $HOSTTYPE in aarch64 | arm64) here=arm64 ;; *) here=amd64 ;; esac
    arguments+=(--build-arg "BUILDPLATFORM=linux/$here")
    "$engine" build --format oci "${arguments[@]}" .
    [ -z "$push" ] || "$engine" push "$tag"
    ;;
esac
echo "built $tag"
