"""Values that can't be meant: refused before anything is made, in words that name the value."""

from typing import Any

import pytest

from helm.chart import render

ACCOUNT_ROLE = "arn:aws:iam::222233334444:role/ivs-operator"

BY_SCHEMA = [
    pytest.param({"replica": 2}, "additional properties 'replica' not allowed", id="a typing mistake at the root"),
    pytest.param(
        {"settings": {"sweepIntervall": 60}}, "at '/settings': additional properties 'sweepIntervall'", id="in a part"
    ),
    pytest.param(
        {"settings": {"sweepInterval": "60s"}}, "at '/settings/sweepInterval': got string, want number", id="a unit"
    ),
    pytest.param(
        {"settings": {"sweepInterval": 0.5}}, "'/settings/sweepInterval': minimum: got 0.5, want 1", id="too often"
    ),
    pytest.param(
        {"settings": {"workers": 65}}, "at '/settings/workers': maximum: got 65, want 64", id="too many workers"
    ),
    pytest.param(
        {"settings": {"namespaces": "live,chat"}}, "'/settings/namespaces': got string, want array", id="no list"
    ),
    pytest.param(
        {"settings": {"adoption": "perhaps"}}, "at '/settings/adoption': value must be one of 'on'", id="no choice"
    ),
    pytest.param(
        {"settings": {"logFormat": "xml"}},
        "at '/settings/logFormat': value must be one of 'text', 'json'",
        id="a format",
    ),
    pytest.param(
        {"settings": {"healthPort": 0}}, "at '/settings/healthPort': minimum: got 0, want 1", id="a free port in a pod"
    ),
    pytest.param(
        {"settings": {"leaseNamespace": "No"}},
        "at '/settings/leaseNamespace': 'No' does not match pattern",
        id="a name",
    ),
    pytest.param(
        {"settings": {"defaultTags": ["a=b"]}},
        "at '/settings/defaultTags': got array, want object",
        id="pairs as a list",
    ),
    pytest.param(
        {"settings": {"watchSelector": "team in (a"}},
        "at '/settings/watchSelector': 'team in (a' does not match pattern",
        id="half a selector",
    ),
    pytest.param(
        {"settings": {"clusterId": "a/b"}}, "at '/settings/clusterId': 'a/b' does not match pattern", id="a slash"
    ),
    pytest.param(
        {"settings": {"defaultTags": {"ivs-operator.dev/owner": "x"}}},
        "at '/settings/defaultTags/ivs-operator.dev~1owner': false schema",
        id="our own tag",
    ),
    pytest.param(
        {"settings": {"defaultTags": {"aws:x": "x"}}},
        "at '/settings/defaultTags/aws:x': false schema",
        id="AWS's own tag",
    ),
    pytest.param(
        {"settings": {"defaultTags": {"cost,center": "x"}}},
        "at '/settings/defaultTags': additional properties 'cost,center' not allowed",
        id="a comma, which would end the tag's key",
    ),
    pytest.param(
        {"settings": {"defaultTags": {"team": "a,b"}}},
        "at '/settings/defaultTags/team': 'a,b' does not match pattern",
        id="a comma, which would end the tag",
    ),
    pytest.param(
        {"settings": {"defaultTags": {f"k{n}": "v" for n in range(8)}}},
        "at '/settings/defaultTags': maxProperties: got 8, want 7",
        id="too many tags",
    ),
    pytest.param({"settings": {"region": "us west"}}, "at '/settings/region': 'us west' does not match", id="a region"),
    pytest.param(
        {"settings": {"namespaces": ["Live"]}}, "at '/settings/namespaces/0': 'Live' does not match", id="a capital"
    ),
    pytest.param(
        {"settings": {"namespaces": [""]}}, "'/settings/namespaces/0': '' does not match", id="a namespace without name"
    ),
    pytest.param({"settings": {"namespaces": ["live", "live"]}}, "'/settings/namespaces': items at", id="one twice"),
    pytest.param(
        {"settings": {"defaultAccountNamespaces": ["team_*"]}}, "'/settings/defaultAccountNamespaces/0'", id="a pattern"
    ),
    pytest.param({"replicas": "two"}, "at '/replicas': got string, want integer", id="a number in words"),
    pytest.param({"replicas": -1}, "at '/replicas': minimum: got -1, want 0", id="fewer than none"),
    pytest.param(
        {"image": {"digest": "sha256:123"}}, "at '/image/digest': 'sha256:123' does not match pattern", id="a digest"
    ),
    pytest.param({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy'", id="a pull policy"),
    pytest.param(
        {"serviceAccount": {"annotation": {}}},
        "at '/serviceAccount': additional properties 'annotation'",
        id="a plural",
    ),
    pytest.param(
        {"serviceAccount": {"annotations": {"a": 1}}}, "'/serviceAccount/annotations/a': got number", id="no text"
    ),
    pytest.param(
        {"awsAccounts": {"prod": {}}},
        "at '/awsAccounts/prod': missing property 'roleARN'",
        id="an account without a role",
    ),
    pytest.param(
        {"awsAccounts": {"prod": {"roleArn": "arn:aws:iam::222233334444:role/x"}}},
        "additional properties 'roleArn' not allowed",
        id="the role in other letters",
    ),
    pytest.param(
        {"awsAccounts": {"prod": {"roleARN": "arn:aws:iam::2222:role/x"}}},
        "at '/awsAccounts/prod/roleARN': 'arn:aws:iam::2222:role/x' does not match pattern",
        id="an account id that is too short",
    ),
    pytest.param({"crds": {"enabled": True}}, "at '/crds': additional properties 'enabled'", id="another chart's name"),
    pytest.param({"terminationGracePeriodSeconds": 5}, "minimum: got 5, want 25", id="no time to write down results"),
    pytest.param(
        {"monitoring": {"serviceMonitor": {"interval": "soon"}}}, "'/monitoring/serviceMonitor/interval'", id="no time"
    ),
    pytest.param(
        {"probes": {"liveness": {"periodSeconds": 0}}}, "'/probes/liveness/periodSeconds'", id="a probe all the time"
    ),
    pytest.param(
        {"commonLabels": {"app.kubernetes.io/name": "x"}},
        "at '/commonLabels/app.kubernetes.io~1name': false schema",
        id="a label of the chart's own",
    ),
    pytest.param(
        {"podLabels": {"app.kubernetes.io/component": "x"}},
        "at '/podLabels/app.kubernetes.io~1component': false schema",
        id="a label by which the Deployment finds its pods",
    ),
    pytest.param({"nameOverride": "a.b"}, "at '/nameOverride': 'a.b' does not match", id="no Service has a dot"),
    pytest.param({"fullnameOverride": "a.b"}, "at '/fullnameOverride': 'a.b' does not match", id="nor by this way"),
    pytest.param(
        {"awsAccounts": {"Prod_x": {"roleARN": ACCOUNT_ROLE}}},
        "at '/awsAccounts': additional properties 'Prod_x' not allowed",
        id="an account of a name that no object has",
    ),
    pytest.param(
        {"admissionPolicy": {"validationActions": []}}, "'/admissionPolicy/validationActions': minItems", id="no action"
    ),
    pytest.param(
        {"resources": {"request": {"cpu": "1"}}},
        "at '/resources': additional properties 'request' not allowed",
        id="a plural of Kubernetes",
    ),
    pytest.param({"resources": {"limits": {"memory": "1 GB"}}}, "at '/resources/limits/memory'", id="no quantity"),
    pytest.param(
        {"podSecurityContext": {"runAsUsr": 1}},
        "at '/podSecurityContext': additional properties 'runAsUsr' not allowed",
        id="a slip in the security context",
    ),
    pytest.param(
        {"securityContext": {"privileged": "no"}}, "at '/securityContext/privileged'", id="a word for a switch"
    ),
    pytest.param({"securityContext": {"fsGroup": 1}}, "additional properties 'fsGroup'", id="that of the pod only"),
    pytest.param({"strategy": {"type": "Recreated"}}, "at '/strategy/type': value must be one of", id="a strategy"),
    pytest.param(
        {"monitoring": {"prometheusRule": {"disabled": ["NoSuchAlert"]}}},
        "at '/monitoring/prometheusRule/disabled/0': value must be one of 'IvsOperatorNotLeading'",
        id="an alert that is none",
    ),
]

BY_CHECKS = [
    pytest.param(
        {"settings": {"leaderElect": False}}, "Set replicas to 1 and strategy.type to Recreate", id="two that both work"
    ),
    pytest.param(
        {"replicas": 1, "settings": {"leaderElect": False}}, "strategy.type is RollingUpdate", id="two during an update"
    ),
    pytest.param({"settings": {"healthPort": 9090}}, "are both 9090; choose two", id="one port for both"),
    pytest.param(
        {"serviceAccount": {"create": False}}, "serviceAccount.name must name an account", id="no account at all"
    ),
    pytest.param(
        {
            "service": {"enabled": False},
            "test": {"enabled": False},
            "monitoring": {"serviceMonitor": {"enabled": True}},
        },
        "monitoring.serviceMonitor.enabled needs service.enabled",
        id="a monitor of nothing",
    ),
    pytest.param({"service": {"enabled": False}}, "Set test.enabled to false", id="a test that finds nobody"),
    pytest.param(
        {"crds": {"keep": False}, "admissionPolicy": {"enabled": True}},
        "Set crds.keep to true, or admissionPolicy.teardown to false",
        id="an uninstall that our own policy stops half-way",
    ),
    pytest.param(
        {"admissionPolicy": {"enabled": True, "validationActions": ["Deny", "Warn"]}},
        "Choose one of the two; Audit goes with both",
        id="a pair that Kubernetes refuses",
    ),
    pytest.param(
        {"settings": {"namespaces": ["team-*"]}},
        "has the pattern team-*, but rbac.create makes a Role in each namespace",
        id="a Role in a pattern",
    ),
    pytest.param(
        {"settings": {"region": "us-west-2"}, "extraEnv": [{"name": "IVS_OPERATOR_REGION", "value": "eu-west-1"}]},
        "extraEnv sets IVS_OPERATOR_REGION, which settings sets already: set it in one place",
        id="a setting twice",
    ),
    pytest.param(
        {"awsCredentialsSecret": {"name": "aws"}, "extraEnv": [{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]},
        "which awsCredentialsSecret sets already",
        id="two keys",
    ),
    pytest.param(
        {"extraEnv": [{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]},
        "extraEnv sets A, which extraEnv sets already",
        id="a variable twice",
    ),
]


@pytest.mark.parametrize(("values", "says"), BY_SCHEMA)
def test_the_schema_refuses_and_names_the_value(values: dict[str, Any], says: str) -> None:
    assert says in render(values, check=False).text


@pytest.mark.parametrize(("values", "says"), BY_CHECKS)
def test_what_does_not_go_together_is_refused_with_the_remedy(values: dict[str, Any], says: str) -> None:
    said = render(values, check=False).text
    assert says in said
    assert len(said.splitlines()) <= 3, "no stack of template names around it"


def test_every_mistake_is_told_at_once() -> None:
    said = render({"replica": 1, "settings": {"workers": 0, "logLevel": "loud"}}, check=False).text
    assert all(part in said for part in ("'replica'", "/settings/workers", "/settings/logLevel"))
