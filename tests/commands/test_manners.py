"""What all commands share: help with examples that work, errors in one line, exit codes, completion, whole output."""

from __future__ import annotations

import errno
import io
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from ivs_operator.cli import cli, plugin
from ivs_operator.commands.catalogue import CATALOGUE, Entry
from ivs_operator.commands.command_line import CommandLine, command
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, colours, write_file, write_folder
from ivs_operator.domain.failures import NotWritten
from support.command_here import RunHere, run_here
from support.operator_process import clean_environment

__all__ = ["run_here"]

SOURCES = Path(__file__).parents[2] / "operator"
NAMES = [entry.name for entry in CATALOGUE]


def help_of(name: str) -> str:
    done = CliRunner().invoke(cli, [name, "--help"], terminal_width=200)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_help_has_the_catalogues_summary_examples_and_exit_codes(name: str) -> None:
    text = help_of(name)
    described = " ".join(text.partition("\n\n")[2].partition("\n\n")[0].split())
    assert described == cli.entries[name].summary
    assert "\n  Examples:\n" in text
    assert all(f"\n    {code.value} " in text for code in ExitCode)


def examples() -> list[list[str]]:
    """Words after the program's name, of every example of every command."""
    lines = (
        line for name in NAMES for line in help_of(name).partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    )
    return [words for line in lines if (words := words_after_program(line))]


def words_after_program(line: str) -> list[str]:
    """What `ivs-operator` or `kubectl ivs` is given in a line of shell; nothing when the line is about another."""
    words = shlex.split(line.replace("<(", " ").replace(")", " "))
    ends = [number for number, word in enumerate(words) if word in {"|", ">"}]
    for program in (["ivs-operator"], ["kubectl", "ivs"]):
        for start in range(len(words)):
            if words[start : start + len(program)] == program:
                end = next((number for number in ends if number > start), len(words))
                return words[start + len(program) : end]
    return []


def test_there_are_examples_of_every_command() -> None:
    assert {words[0] for words in examples()} == set(NAMES)


@pytest.mark.parametrize("words", examples(), ids=" ".join)
def test_examples_are_taken_as_they_stand(words: list[str]) -> None:
    with cli.make_context("ivs-operator", list(words)) as context:
        name, found, rest = cli.resolve_command(context, words)
        assert found is not None
        found.make_context(name, rest, parent=context)  # raises for what it does not know


WRONG = [
    pytest.param(["rnu"], "No such command 'rnu'. Did you mean 'run'? (see ivs-operator --help)", id="a command"),
    pytest.param(["why"], "Missing argument 'KIND/NAMESPACE/NAME'. (see ivs-operator why --help)", id="an argument"),
    pytest.param(["why", "--colour", "a/b/c"], "No such option '--colour'.", id="an option"),
    pytest.param(["why", "pod/live/vod"], "pod: no kind of ours; use one of recordingconfiguration,", id="a kind"),
    pytest.param(["why", "vod"], "vod: give KIND/NAMESPACE/NAME, such as ivsrc/live/vod", id="half a name"),
    pytest.param(
        ["why", "ivsrc/a/b", "-n", "c"], "ivsrc/a/b: names a namespace, and --namespace names c", id="two namespaces"
    ),
    pytest.param(
        ["why", "ivsrc/a/b", "--sweep-interval=0"], "--sweep-interval (or IVS_OPERATOR_SWEEP_INTERVAL):", id="a setting"
    ),
    pytest.param(["cleanup"], "say what to clean up: --orphans is all there is", id="nothing said"),
    pytest.param(
        ["cleanup", "--orphans", "-o", "xml"], "Invalid value for '--output' / '-o': 'xml' is not one of", id="a form"
    ),
    pytest.param(["completion", "csh"], "Invalid value for '{bash|zsh|fish}': 'csh' is not one of", id="a shell"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ivs-operator: {says}")


class _Botocore(Exception):
    """As boto3 raises them: written for people."""


_Botocore.__module__ = "botocore.exceptions"

RAISED = [
    pytest.param(Failure("no", ExitCode.PARTIAL), 3, "x: no", id="on purpose"),
    pytest.param(NotWritten("two\nlines"), 1, "x: two lines", id="ours"),
    pytest.param(_Botocore("no profile (a)"), 1, "x: no profile (a)", id="boto3's"),
    pytest.param(
        KeyError("k"), 1, "x: unexpected KeyError: 'k'; this is a fault of the program", id="a fault of the program"
    ),
    pytest.param(PermissionError(errno.EACCES, "Permission denied", "/a"), 1, "x: /a: Permission denied", id="a file"),
    pytest.param(OSError(errno.ENOSPC, "No space"), 1, "x: standard output can't be written: No space", id="full disk"),
    pytest.param(KeyboardInterrupt(), 130, "x: interrupted", id="Ctrl-C"),
    pytest.param(BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, "", id="nobody reads"),
]


@pytest.mark.parametrize(("error", "code", "line"), RAISED)
def test_whatever_is_raised_ends_in_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str
) -> None:
    @command(examples="x fail")
    def fail() -> None:
        raise error

    monkeypatch.setitem(sys.modules, "failing", SimpleNamespace(command=fail))  # type: ignore[arg-type]
    group = CommandLine("x", [Entry("fail", "failing", "Fail.")], help_="Fails.")
    done = CliRunner().invoke(group, ["fail"])
    assert (done.exit_code, done.stderr.strip()) == (code, line)


def started(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    environment = clean_environment({"PYTHONPATH": str(SOURCES), **options.pop("environment", {})})  # type: ignore[dict-item]
    line = [sys.executable, "-m", "ivs_operator", *arguments]
    return subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


def test_a_full_disk_and_a_reader_that_has_gone() -> None:
    with Path("/dev/full").open("w") as full:
        full_disk = started("crds", stdout=full)
    reading, writing = os.pipe()
    os.close(reading)
    gone = started("crds", stdout=writing)
    os.close(writing)
    closed = started("crds", preexec_fn=lambda: os.close(1))

    assert full_disk.communicate()[1].decode().splitlines() == [
        "ivs-operator: standard output can't be written: No space left on device"
    ]
    assert full_disk.returncode == ExitCode.FAILURE
    assert gone.communicate()[1] == b""
    assert gone.returncode == ExitCode.BROKEN_PIPE
    assert b"Traceback" not in closed.communicate()[1]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["completion", "bash"], ["iam-policy"], ["emulator"]])
def test_whatever_is_given_out_and_nobody_reads_ends_alike(arguments: list[str]) -> None:
    """Those that need AWS or a cluster are tried where these are."""
    reading, writing = os.pipe()
    os.close(reading)
    process = started(*arguments, stdout=writing)
    os.close(writing)
    assert process.communicate(timeout=120)[1] == b""
    assert process.returncode == ExitCode.BROKEN_PIPE


@pytest.mark.parametrize(("group", "name"), [(cli, "ivs-operator"), (plugin, "kubectl ivs")])
def test_no_command_at_all_prints_the_help_as_it_is(group: CommandLine, name: str) -> None:
    done = CliRunner().invoke(group, [], prog_name=name)
    asked = CliRunner().invoke(group, ["--help"], prog_name=name)
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    assert done.stderr == asked.stdout
    assert len(done.stderr.splitlines()) > 10


@pytest.mark.parametrize("name", [name for name in NAMES if name not in plugin.entries])
def test_the_plugin_says_where_the_other_commands_are(name: str) -> None:
    done = CliRunner().invoke(plugin, [name], prog_name="kubectl ivs")
    assert done.exit_code == ExitCode.USAGE
    assert done.stderr.startswith(f"kubectl ivs: {name} is a command of ivs-operator; run: ivs-operator {name}")


@pytest.mark.parametrize("arguments", [["run"], ["inventory"], ["import"]])
def test_an_address_of_aws_that_is_none_names_the_variable(run_here: RunHere, arguments: list[str]) -> None:
    environment = {"AWS_ENDPOINT_URL": "nonsense", "AWS_REGION": "us-west-2"}
    done = run_here(*arguments, environment=environment)
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    (line,) = done.err.splitlines()
    assert line.startswith("ivs-operator: AWS_ENDPOINT_URL is no address: 'nonsense'")


@pytest.mark.parametrize("arguments", [["run"], ["inventory"], ["import"]])
def test_an_address_that_is_none_in_a_profile_names_the_profile(
    run_here: RunHere, tmp_path: Path, arguments: list[str]
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile team]\nregion = us-west-2\nendpoint_url = localhost:4566\n")
    done = run_here(*arguments, environment={"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "team"})
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    (line,) = done.err.splitlines()
    assert line.startswith("ivs-operator: endpoint_url of AWS profile team is no address: 'localhost:4566'")


def test_a_default_region_that_is_none_ends_the_start(run_here: RunHere) -> None:
    done = run_here("run", environment={"AWS_REGION": "Oregon"})
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    (line,) = done.err.splitlines()
    assert line.startswith("ivs-operator: the default region is none: 'Oregon'; give the code of an AWS region")


@pytest.mark.parametrize("name", ["ivsrc/live/vod", "ivsrc/vod"])
def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path, name: str) -> None:
    """The library that reads the kubeconfig, also for its namespace, would log a line of its own."""
    missing = {"KUBECONFIG": str(tmp_path / "missing")}
    _, told = started("why", name, environment=missing, stdout=subprocess.PIPE).communicate(timeout=120)
    (line,) = told.decode().splitlines()
    assert line.startswith("ivs-operator: no cluster:")


def test_ctrl_c_ends_a_command_that_waits_for_a_cluster(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = tmp_path / "kubeconfig"
        config.write_text(
            f"{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: c}}}}], "
            f"clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{silent.getsockname()[1]}'}}}}]}}"
        )
        process = started("why", "ivsrc/live/vod", environment={"KUBECONFIG": str(config)}, stdout=subprocess.PIPE)
        silent.settimeout(60)
        with silent.accept()[0]:  # from now on it waits for an answer
            os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (ExitCode.INTERRUPTED, b"")
    assert err.decode().splitlines() == ["ivs-operator: interrupted"]


def test_bash_completes_commands_options_and_kinds(tmp_path: Path) -> None:
    program(tmp_path, "ivs-operator", "main")
    script = """
        source <(ivs-operator completion bash)
        ask() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _ivs_operator_completion ivs-operator
            echo "${COMPREPLY[@]}"
        }
        ask ivs-operator w; ask ivs-operator cleanup --or; ask ivs-operator why chat
    """
    environment = clean_environment({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "why",
        "--orphans",
        "chatloggingconfiguration/ chatloggingconfigurations/",
    ]


@pytest.mark.parametrize(("shell", "sign"), [("zsh", "#compdef ivs-operator"), ("fish", "--command ivs-operator")])
def test_other_shells_are_told_too(shell: str, sign: str) -> None:
    assert sign in CliRunner().invoke(cli, ["completion", shell], prog_name="ivs-operator").stdout


def program(folder: Path, name: str, function: str) -> Path:
    """A console script as pip makes it."""
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(SOURCES)!r})\n"
        f"from ivs_operator.__main__ import {function}\n{function}()\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], terminal: bool, expected: bool) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", stream)
    assert colours(environ) is expected


def test_notes_are_lines_in_a_pipe_and_one_line_on_a_terminal() -> None:
    now = [0.0]

    def told(*, terminal: bool, quiet: bool = False, **environ: str) -> str:
        now[0] = 0.0
        stream = io.StringIO()
        stream.isatty = lambda: terminal  # type: ignore[method-assign]
        notes = Notes(quiet=quiet, stream=stream, clock=lambda: now[0], environ=environ)
        notes.progress("too early")
        now[0] = 5.0
        notes.progress("half")
        notes.progress("too soon after it")
        notes.say("said")
        notes.warn("missing")
        return stream.getvalue()

    assert told(terminal=False) == "said\nmissing\n"
    assert told(terminal=False, quiet=True) == "missing\n", "what a result lacks is never silent"
    assert told(terminal=True) == "\r\x1b[Khalf\r\x1b[Ksaid\nmissing\n"
    blank = f"\r{' ' * 78}\r"
    assert told(terminal=True, NO_COLOR="1") == f"{blank}half{blank}said\nmissing\n", "text alone overwrites text"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """In a process that may write ten bytes to a file: the limit of a disk, without filling one."""
    kept = tmp_path / "kept.txt"
    kept.write_text("before")
    kept.chmod(0o640)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "from pathlib import Path; from ivs_operator.commands.output import write_file, write_folder\n"
        "for attempt in (lambda: write_file(Path('kept.txt'), 'x' * 100),\n"
        "                lambda: write_folder(Path('folder'), {'a': 'small', 'b': 'x' * 100})):\n"
        "    try: attempt()\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    environment = clean_environment({"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"})
    done = subprocess.run(
        [sys.executable, "-c", limited], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\nFile too large\n"
    assert kept.read_text() == "before"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "kept.txt"], "nothing half-written is left"

    write_file(kept, "after")
    write_folder(tmp_path / "folder", {"a": "1", "deep/b": "2"})
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("after", 0o640)
    assert (tmp_path / "folder" / "deep" / "b").read_text() == "2"


def test_the_plugin_has_what_people_need_beside_kubectl() -> None:
    assert set(plugin.entries) == {"why", "inventory", "import"}
    assert isinstance(plugin.get_command(click.Context(plugin), "why"), click.Command)
    assert plugin.get_command(click.Context(plugin), "run") is None
