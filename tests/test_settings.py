"""Settings: each by flag and by environment, and a bad one is told in one line that names both."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ivs_operator import cli as command_line
from ivs_operator.cli import cli
from ivs_operator.commands.setting_options import settings_from
from ivs_operator.settings import Settings

GOOD = [
    pytest.param("region", "eu-west-1", "eu-west-1", id="text"),
    pytest.param("namespaces", "live, chat,,", ("live", "chat"), id="a list"),
    pytest.param("namespaces", "", (), id="an empty list is no list"),
    pytest.param("sweep_interval", "2.5", 2.5, id="seconds may be fractions"),
    pytest.param("workers", "3", 3, id="a number"),
    pytest.param("cluster_id", "prod-eu", "prod-eu", id="a cluster id"),
    pytest.param("default_tags", "team=live, cost = 7=8", {"team": "live", "cost": "7=8"}, id="pairs"),
    pytest.param("default_tags", "", {}, id="no pairs"),
    pytest.param("create_grace", "0.5", 0.5, id="a short grace"),
    pytest.param("destination_checks", "off", False, id="no look at destinations"),
    pytest.param("destination_interval", "30", 30.0, id="destinations more often"),
    pytest.param("delivery_metrics", "off", False, id="no look at metrics"),
    pytest.param("delivery_interval", "600", 600.0, id="metrics less often"),
    pytest.param("leader_elect", "off", False, id="a switch"),
    pytest.param("leader_elect", "ON", True, id="in capitals"),
    pytest.param("leader_elect", "true", True, id="as true"),
    pytest.param("leader_elect", "false", False, id="as false"),
    pytest.param("resource_metrics", "off", False, id="no metric of each object"),
    pytest.param("log_format", "json", "json", id="a choice"),
    pytest.param("health_port", "0", 0, id="a free port"),
    pytest.param("default_account_namespaces", "live, !team-b", ("live", "!team-b"), id="patterns of namespaces"),
    pytest.param("adoption", "retain-only", "retain-only", id="another choice"),
    pytest.param("namespaces", "team-*,!team-?", ("team-*", "!team-?"), id="kopf's patterns"),
    pytest.param("watch_selector", "team in (a, b),!old", "team in (a, b),!old", id="a selector"),
    pytest.param("watch_selector", " ", None, id="a blank selector is none"),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_by_environment(monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any) -> None:
    monkeypatch.setenv(f"IVS_OPERATOR_{name.upper()}", text)
    assert getattr(Settings(), name) == value


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_by_flag_which_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"IVS_OPERATOR_{name.upper()}", "nonsense that is not looked at")
    assert getattr(settings_from({name: text}), name) == value


BAD = [
    pytest.param("sweep-interval", "0.5", "greater than or equal to 1", id="too often"),
    pytest.param("sweep-interval", "soon", "valid number", id="no number"),
    pytest.param("workers", "0", "greater than or equal to 1", id="nobody works"),
    pytest.param("adoption", "never", "'on', 'retain-only' or 'off'", id="no choice"),
    pytest.param("create-grace", "0", "greater than 0", id="no grace"),
    pytest.param("cluster-id", "a/b", "1 to 63 letters", id="a slash would end the id in the owner tag"),
    pytest.param("cluster-id", "x" * 64, "1 to 63 letters", id="too long for the owner tag"),
    pytest.param("default-tags", "team", "key=value", id="no pair"),
    pytest.param("default-tags", "=live", "key=value", id="no key"),
    pytest.param("default-tags", ",".join(f"k{n}=v" for n in range(8)), "at most 7", id="too many"),
    pytest.param("default-tags", "aws:x=1", "reserved", id="AWS's own"),
    pytest.param("default-tags", "ivs-operator.dev/owner=1", "reserved", id="our own"),
    pytest.param("health-port", "70000", "less than or equal to 65535", id="no port"),
    pytest.param("leader-elect", "perhaps", "valid boolean", id="neither on nor off"),
    pytest.param("lease-duration", "0.1", "greater than or equal to 1", id="too short a lease"),
    pytest.param("log-format", "xml", "'text' or 'json'", id="no such format"),
    pytest.param("region", "us west", "such as us-west-2", id="no region"),
    pytest.param("namespaces", "live,Live", "small letters", id="no name that a namespace could have"),
    pytest.param("default-account-namespaces", "team_*", "small letters", id="no pattern either"),
    pytest.param("watch-selector", "a=b,team in (a", "'team in (a' is no label selector", id="half a selector"),
    pytest.param("default-tags", "cost#center=1", "rename the key", id="a character that AWS refuses"),
    pytest.param("default-tags", "team=a#b", "match pattern", id="such a value"),
]


@pytest.mark.parametrize("by", ["flag", "environment"])
@pytest.mark.parametrize(("setting", "text", "says"), BAD)
def test_a_bad_value_is_one_line_and_exit_code_2(by: str, setting: str, text: str, says: str) -> None:
    variable = f"IVS_OPERATOR_{setting.upper().replace('-', '_')}"
    arguments = ["run", f"--{setting}={text}"] if by == "flag" else ["run"]
    result = CliRunner().invoke(cli, arguments, env={} if by == "flag" else {variable: text})
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert re.match(rf"ivs-operator: --{setting} \(or {variable}\): ", line)
    assert says in line
    assert repr(text) in line or "got" in line


def test_every_bad_value_is_told() -> None:
    result = CliRunner().invoke(cli, ["run", "--workers=0", "--health-port=x"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="sweep_intervall"):
        Settings(sweep_intervall=3)  # type: ignore[call-arg]
    result = CliRunner().invoke(cli, ["run", "--sweep-intervall=3"])
    assert result.exit_code == 2
    assert "--sweep-interval" in result.stderr


def test_every_setting_has_its_flag_with_default_and_variable_in_the_help() -> None:
    text = " ".join(CliRunner().invoke(cli, ["run", "--help"]).stdout.split())
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')} VALUE" in text
        assert f"[env: IVS_OPERATOR_{name.upper()}]" in text
    assert "[default: 60.0]" in text
    assert "[default: on]" in text


def told_bounds(field: FieldInfo) -> str:
    """How the help says what is taken: choices, or bounds."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(get_args(field.annotation))
    least = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    most = next((item.le for item in field.metadata if hasattr(item, "le")), None)
    if least is None or most == HIGHEST_PORT:  # which everybody knows
        return ""
    return f"at least {least}" if most is None else f"{least} to {most:.0f}"


HIGHEST_PORT = 65535


@pytest.mark.parametrize("name", Settings.model_fields)
def test_choices_and_bounds_are_told(name: str) -> None:
    field = Settings.model_fields[name]
    missing = [part for part in told_bounds(field).split(", ") if part not in str(field.description)]
    assert not missing, field.description


def test_choices_and_bounds_are_found() -> None:
    found = {name: told_bounds(field) for name, field in Settings.model_fields.items() if told_bounds(field)}
    assert found["workers"] == "1 to 64"
    assert found["log_level"] == "debug, info, warning, error"
    assert found["sweep_interval"] == "at least 1"
    assert found["lease_duration"] == "1 to 600"


def test_an_empty_flag_is_a_mistake() -> None:
    result = CliRunner().invoke(cli, ["run", "--region="])
    assert (result.exit_code, "such as us-west-2" in result.stderr) == (2, True)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"IVS_OPERATOR_{name.upper()}", "")
    assert Settings() == Settings.model_construct()


def test_the_contracts_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Settings()
    assert (made.sweep_interval, made.create_grace, made.lease_duration) == (60, 30, 15)
    assert (made.health_port, made.metrics_port, made.leader_elect) == (8080, 9090, True)
    assert (made.namespaces, made.default_tags, made.region) == ((), {}, None)


HEAVY = ("boto3", "botocore", "kopf", "kubernetes", "aiohttp", "moto", "rich")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["crds"]])
def test_quick_commands_import_nothing_heavy(arguments: list[str]) -> None:
    """Each of these libraries takes between 0.1 and 1 s to import."""
    program = (
        "import sys\n"
        "from ivs_operator.cli import cli\n"
        f"try: cli({arguments!r}, prog_name='ivs-operator')\n"
        "except SystemExit as end: code = end.code\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(*found, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    sources = str(Path(command_line.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": sources}, capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert done.stderr.split() == []
