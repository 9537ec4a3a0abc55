"""Values that people combine, and what must come of each; each goes through kubeconform and the API server, too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helm.chart import Rendered

__all__ = ["COMBINATIONS", "Combination"]

DIGEST = "sha256:" + "ab" * 32
_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
ROLE = "arn:aws:iam::111122223333:role/ivs-operator"


@dataclass(frozen=True)
class Combination:
    """Values and what is expected: an expression that holds, or a function that asserts."""

    name: str
    values: dict[str, Any]
    holds: Callable[[Rendered], object]


def _pod(rendered: Rendered) -> dict[str, Any]:
    return dict(rendered.pod["spec"])


def _kinds(rendered: Rendered) -> list[str]:
    return sorted(item["kind"] for item in rendered.objects)


COMBINATIONS = [
    Combination(
        "nothing set",
        {},
        lambda r: (
            _kinds(r)
            == sorted(
                [
                    *["ClusterRole"] * 3,
                    "ClusterRoleBinding",
                    *["CustomResourceDefinition"] * 3,
                    *["Deployment", "Pod", "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount"],
                ]
            )
            and _pod(r)["enableServiceLinks"] is False
        ),
    ),
    Combination(
        "a role for the service account (IRSA)",
        {"settings": {"region": "us-west-2"}, "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}},
        lambda r: (
            r.one("ServiceAccount")["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}
            and r.variables["IVS_OPERATOR_REGION"] == "us-west-2"
        ),
    ),
    Combination(
        "EKS Pod Identity with a name of one's own",
        {"serviceAccount": {"name": "ivs", "labels": {"team": "live"}}},
        lambda r: (
            _pod(r)["serviceAccountName"] == "ivs"
            and r.one("ClusterRoleBinding")["subjects"]
            == [{"kind": "ServiceAccount", "name": "ivs", "namespace": "video"}]
        ),
    ),
    Combination(
        "a service account that exists",
        {"serviceAccount": {"create": False, "name": "made-elsewhere", "automountToken": False}},
        lambda r: (
            not r.of("ServiceAccount")
            and _pod(r)["serviceAccountName"] == "made-elsewhere"
            and _pod(r)["automountServiceAccountToken"] is False
        ),
    ),
    Combination(
        "static keys out of a Secret",
        {"awsCredentialsSecret": {"name": "aws", "sessionTokenKey": "token"}},
        lambda r: (
            {item["name"]: item["valueFrom"]["secretKeyRef"] for item in r.container["env"] if "valueFrom" in item}
            == {
                "AWS_ACCESS_KEY_ID": {"name": "aws", "key": "aws_access_key_id"},
                "AWS_SECRET_ACCESS_KEY": {"name": "aws", "key": "aws_secret_access_key"},
                "AWS_SESSION_TOKEN": {"name": "aws", "key": "token"},
            }
        ),
    ),
    Combination(
        "some namespaces only",
        {"settings": {"namespaces": ["live", "chat"]}},
        lambda r: r.variables["IVS_OPERATOR_NAMESPACES"] == "live,chat",
    ),
    Combination(
        "some objects only, by label",
        {"settings": {"watchSelector": "team in (live, chat)", "clusterId": "prod-eu"}},
        lambda r: r.variables["IVS_OPERATOR_WATCH_SELECTOR"] == "team in (live, chat)",
    ),
    Combination(
        "one replica without election",
        {
            "replicas": 1,
            "settings": {"leaderElect": False},
            "strategy": {"type": "Recreate"},
        },
        lambda r: (
            not r.of("PodDisruptionBudget")
            and not r.of("Role")
            and r.variables["IVS_OPERATOR_LEADER_ELECT"] == "off"
            and r.one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
        ),
    ),
    Combination(
        "one replica without election, and its default spelled out",
        {
            "replicas": 1,
            "settings": {"leaderElect": False},
            "strategy": {"type": "Recreate", "rollingUpdate": None},
        },
        lambda r: r.one("Deployment")["spec"]["strategy"] == {"type": "Recreate"},
    ),
    Combination(
        "namespaces by pattern, with rights given by others",
        {"rbac": {"create": False}, "settings": {"namespaces": ["team-*", "!team-x"]}},
        lambda r: r.variables["IVS_OPERATOR_NAMESPACES"] == "team-*,!team-x",
    ),
    Combination(
        "CRDs that go with the release, and policies that let them",
        {"crds": {"keep": False}, "admissionPolicy": {"enabled": True, "teardown": False}},
        lambda r: len(r.of("CustomResourceDefinition")) == 3,
    ),
    Combination(
        "a home of one's own",
        {"extraEnv": [{"name": "HOME", "value": "/home/ivs"}]},
        lambda r: [item["value"] for item in r.container["env"] if item["name"] == "HOME"] == ["/home/ivs"],
    ),
    Combination(
        "three replicas, two of which may go",
        {"replicas": 3, "podDisruptionBudget": {"maxUnavailable": "67%"}},
        lambda r: r.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == "67%",
    ),
    Combination(
        "no replica for a while",
        {"replicas": 0},
        lambda r: r.one("Deployment")["spec"]["replicas"] == 0 and not r.of("PodDisruptionBudget"),
    ),
    Combination(
        "the lease elsewhere",
        {"settings": {"leaseNamespace": "leases", "leaseDuration": 30.5}},
        lambda r: (
            r.one("Role")["metadata"]["namespace"] == "leases" and r.variables["IVS_OPERATOR_LEASE_DURATION"] == "30.5"
        ),
    ),
    Combination(
        "CRDs made by somebody else",
        {"crds": {"install": False}},
        lambda r: not r.of("CustomResourceDefinition"),
    ),
    Combination(
        "CRDs that go with the release",
        {"crds": {"keep": False, "annotations": {"argocd.argoproj.io/sync-options": "ServerSideApply=true"}}},
        lambda r: all(
            "helm.sh/resource-policy" not in crd["metadata"]["annotations"]
            and crd["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
            for crd in r.of("CustomResourceDefinition")
        ),
    ),
    Combination(
        "an image by digest from a registry of one's own",
        {
            "image": {"repository": "registry.example/ivs", "digest": DIGEST, "pullPolicy": "Always"},
            "imagePullSecrets": [{"name": "registry"}],
        },
        lambda r: (
            r.container["image"] == f"registry.example/ivs@{DIGEST}"
            and _pod(r)["imagePullSecrets"] == [{"name": "registry"}]
            and {c["image"] for c in r.one("Pod")["spec"]["containers"]} == {r.container["image"]}
        ),
    ),
    Combination(
        "another tag", {"image": {"tag": "0.2.0-rc.1"}}, lambda r: r.container["image"].endswith(":0.2.0-rc.1")
    ),
    Combination(
        "names of one's own",
        {"fullnameOverride": "ivs", "commonLabels": {"team": "live"}, "commonAnnotations": {"owner": "live@example"}},
        lambda r: (
            r.one("Deployment")["metadata"]["name"] == "ivs"
            and all(
                item["metadata"]["labels"]["team"] == "live" and item["metadata"]["annotations"]["owner"]
                for item in r.objects
            )
        ),
    ),
    Combination(
        "a name that is too long",
        {"nameOverride": "ivs-operator-with-a-name-that-somebody-has-thought-of"},
        lambda r: max(len(item["metadata"]["name"]) for item in r.objects) <= 63,
    ),
    Combination(
        "ports of one's own",
        {"settings": {"healthPort": 18080, "metricsPort": 19090}},
        lambda r: (
            {p["name"]: p["containerPort"] for p in r.container["ports"]} == {"health": 18080, "metrics": 19090}
            and {p["name"]: p["port"] for p in r.one("Service")["spec"]["ports"]} == {"health": 18080, "metrics": 19090}
            and r.one("Pod")["spec"]["containers"][0]["args"][2] == "18080"
        ),
    ),
    Combination(
        "no Service and no test",
        {"service": {"enabled": False}, "test": {"enabled": False}},
        lambda r: not r.of("Service") and not r.of("Pod"),
    ),
    Combination(
        "a Service with an address",
        {"service": {"clusterIP": "", "annotations": {"prometheus.io/scrape": "true"}, "labels": {"scrape": "yes"}}},
        lambda r: "clusterIP" not in r.one("Service")["spec"],
    ),
    Combination(
        "a network policy",
        {
            "networkPolicy": {
                "enabled": True,
                "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
                "extraEgress": [{"ports": [{"port": 4566}]}],
                "extraIngress": [{"from": [{"podSelector": {}}]}],
            }
        },
        lambda r: len(r.one("NetworkPolicy")["spec"]["egress"]) == 4 and "169.254.169.254" not in r.text,
    ),
    Combination(
        "a network policy for the node's role",
        {"networkPolicy": {"enabled": True, "nodeMetadata": True}},
        lambda r: (
            "169.254.169.254/32"
            in [
                peer["ipBlock"]["cidr"]
                for rule in r.one("NetworkPolicy")["spec"]["egress"]
                for peer in rule.get("to", [])
            ]
        ),
    ),
    Combination(
        "scraped by a ServiceMonitor, with alerts",
        {
            "monitoring": {
                "serviceMonitor": {
                    "enabled": True,
                    "interval": "30s",
                    "scrapeTimeout": "10s",
                    "labels": {"release": "kube-prometheus-stack"},
                    "relabelings": [{"action": "labeldrop", "regex": "pod_ip"}],
                },
                "prometheusRule": {"enabled": True, "namespace": "monitoring", "disabled": ["IvsOperatorNotLeading"]},
            }
        },
        lambda r: (
            r.one("PrometheusRule")["metadata"]["namespace"] == "monitoring"
            and "IvsOperatorNotLeading" not in r.text
            and r.one("ServiceMonitor")["spec"]["endpoints"][0]["interval"] == "30s"
            and r.one("ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
            <= r.one("Service")["metadata"]["labels"].items()
        ),
    ),
    Combination(
        "scraped by a PodMonitor, with rules of one's own",
        {
            "monitoring": {
                "podMonitor": {
                    "enabled": True,
                    "honorLabels": True,
                    "metricRelabelings": [{"action": "drop", "regex": "x"}],
                },
                "prometheusRule": {
                    "enabled": True,
                    "extraGroups": [{"name": "mine", "rules": [{"alert": "Mine", "expr": "vector(1) > 2"}]}],
                },
            }
        },
        lambda r: (
            r.one("PodMonitor")["spec"]["selector"]["matchLabels"].items() <= r.pod["metadata"]["labels"].items()
            and r.one("PrometheusRule")["spec"]["groups"][-1]["name"] == "mine"
            and "{{ $labels." in r.text
        ),
    ),
    Combination(
        "other accounts",
        {
            "awsAccounts": {
                "prod": {"roleARN": "arn:aws:iam::222233334444:role/ivs-operator", "externalID": "live-platform"},
                "test": {
                    "roleARN": "arn:aws:iam::333344445555:role/ivs-operator",
                    "allowedNamespaces": {"list": ["live"], "selector": {"matchLabels": {"team": "live"}}},
                },
            }
        },
        lambda r: {item["metadata"]["name"] for item in r.of("AWSAccount")} == {"prod", "test"},
    ),
    Combination(
        "more of everything in the pod",
        {
            "extraArgs": ["--workers=16"],
            "extraEnv": [
                {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
            "extraEnvFrom": [{"secretRef": {"name": "more", "optional": True}}],
            "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/ours", "readOnly": True}],
            "initContainers": [{"name": "wait", "image": "busybox", "command": ["true"]}],
            "extraContainers": [{"name": "beside", "image": "busybox"}],
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["here"]}],
            "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
        },
        lambda r: (
            r.container["args"] == ["run", "--workers=16"]
            and [c["name"] for c in _pod(r)["containers"]] == ["operator", "beside"]
            and r.variables["HTTPS_PROXY"] == "http://proxy:3128"
        ),
    ),
    Combination(
        "placed with care",
        {
            "nodeSelector": {"kubernetes.io/arch": "arm64"},
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}
                    ]
                }
            },
            "priorityClassName": "system-cluster-critical",
            "runtimeClassName": "gvisor",
            "topologySpreadConstraints": [
                {
                    "maxSkew": 2,
                    "topologyKey": "rack",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"mine": "yes"}},
                }
            ],
        },
        lambda r: (
            _pod(r)["topologySpreadConstraints"][0]["labelSelector"] == {"matchLabels": {"mine": "yes"}}
            and _pod(r)["priorityClassName"] == "system-cluster-critical"
            and r.one("Pod")["spec"]["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
        ),
    ),
    Combination(
        "OpenShift gives the ids",
        {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
        lambda r: _pod(r)["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    ),
    Combination(
        "probes of one's own",
        {"probes": {"startup": {"enabled": False}, "liveness": {"periodSeconds": 60, "failureThreshold": 10}}},
        lambda r: (
            "startupProbe" not in r.container
            and r.container["livenessProbe"]["periodSeconds"] == 60
            and r.container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        ),
    ),
    Combination(
        "larger",
        {"resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}},
        lambda r: r.container["resources"]["limits"] == {"memory": "2Gi"},
    ),
    Combination(
        "annotations for everybody's tools",
        {
            "deploymentAnnotations": {"reloader.stakater.com/auto": "true"},
            "podAnnotations": {"linkerd.io/inject": "enabled"},
            "podLabels": {"azure.workload.identity/use": "true"},
            "test": {"annotations": {"sidecar.istio.io/inject": "false"}, "timeoutSeconds": 5},
        },
        lambda r: (
            r.pod["metadata"]["annotations"]["linkerd.io/inject"] == "enabled"
            and r.one("Pod")["metadata"]["annotations"]["helm.sh/hook"] == "test"
        ),
    ),
    Combination(
        "objects and texts beside",
        {
            "extraObjects": [
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": "one"},
                    "data": {"a": "{{ .Release.Name }}"},
                },
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: '{{ include \"ivs-operator.fullname\" . }}-two'\n",
            ]
        },
        lambda r: (
            [item["metadata"]["name"] for item in r.of("ConfigMap")] == ["one", "video-ivs-operator-two"]
            and r.of("ConfigMap")[0]["data"] == {"a": "video"}
        ),
    ),
    Combination(
        "as a dependency of another chart",
        {"global": {"imageRegistry": "registry.example"}, "enabled": True},
        lambda r: r.one("Deployment"),
    ),
    Combination(
        "a word that YAML takes for a truth value",
        {"settings": {"adoption": False, "logLevel": "debug"}},
        lambda r: r.variables["IVS_OPERATOR_ADOPTION"] == "off",
    ),
    Combination(
        "admission policies",
        {"admissionPolicy": {"enabled": True, "teardown": False, "validationActions": ["Warn", "Audit"]}},
        lambda r: (
            len(r.of("ValidatingAdmissionPolicy")) == 2
            and [b["spec"]["validationActions"] for b in r.of("ValidatingAdmissionPolicyBinding")]
            == [["Warn", "Audit"]] * 2
        ),
    ),
]
