# The operator on a base without shell and package manager. `make image` builds it; docs/image.md says more.
#
# Only RUNTIME_IMAGE, for each architecture its own, ends up in the result; BUILD_IMAGE runs on the machine that builds
# and must have the same minor version of Python, and pip. Both are pinned by tag, so that a rebuild has the fixes of
# the day; the dependencies are pinned by hash.
ARG BUILD_IMAGE=docker.io/library/python:3.13-slim-trixie
ARG RUNTIME_IMAGE=gcr.io/distroless/python3-debian13:nonroot

FROM ${RUNTIME_IMAGE} AS runtime

FROM --platform=${BUILDPLATFORM} ${BUILD_IMAGE} AS build
ARG TARGETARCH
WORKDIR /src
# Dependencies first: they change less often than the operator.
COPY image/tree.py image/requirements.lock ./
# Behind a proxy: the secrets `pip` (a pip.conf) and `ca` (certificate authorities), neither of which stays in a layer.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca \
    python3 tree.py install /out/opt/ivs-operator --lock=requirements.lock --architecture="${TARGETARCH}" --ca=/run/secrets/ca
COPY LICENSE /out/opt/ivs-operator/
COPY operator/ivs_operator /out/opt/ivs-operator/lib/python3.13/site-packages/ivs_operator
# The base comes without bytecode; on a read-only root every start would compile the standard library anew.
COPY --from=runtime /usr/lib/python3.13 /base
RUN python3 tree.py finish /out/opt/ivs-operator --root=/out --base=/base

FROM runtime
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="ivs-operator" \
      org.opencontainers.image.description="Kubernetes operator for Amazon IVS recording and IVS Chat logging configurations" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/ivs-operator/ivs-operator" \
      org.opencontainers.image.documentation="https://github.com/ivs-operator/ivs-operator#readme" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /out /
ENV PATH=/opt/ivs-operator/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, or the kubelet cannot tell for runAsNonRoot that it is not root.
USER 65532:65532
WORKDIR /
# /healthz and /readyz; /metrics
EXPOSE 8080 9090
ENTRYPOINT ["/opt/ivs-operator/bin/ivs-operator"]
CMD ["run"]
