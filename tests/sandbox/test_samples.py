"""Every sample is accepted as it is by a real API server, and says what it is for."""

from collections.abc import Callable

import pytest
import yaml

from ivs_sandbox.kubectl import KubectlResult
from ivs_sandbox.shipped import manifests
from ivs_sandbox.story import SAMPLES

_FILES = sorted(manifests("samples").glob("*.yaml"))


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_the_api_server_takes_it(file, kubectl: Callable[..., KubectlResult], namespace: str) -> None:
    applied = kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", namespace, "-f", file)
    assert applied.stderr == "", "no warning either"
    assert applied.stdout.count("serverside-applied (server dry run)") == len(list(_documents(file)))


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_it_teaches(file) -> None:
    """It begins with a comment, and fits a namespace of the reader's choice."""
    assert file.read_text().startswith("# ")
    assert all("namespace" not in document["metadata"] for document in _documents(file))


def test_one_field_in_a_sample_that_is_wrong_would_be_noticed(
    kubectl: Callable[..., KubectlResult], namespace: str
) -> None:
    broken = _FILES[0].read_text().replace("bucketName:", "bucket:")
    answer = kubectl(
        "apply", "--server-side", "--dry-run=server", "-n", namespace, "-f", "-", stdin=broken, check=False
    )
    assert answer.returncode == 1
    assert "bucket" in answer


def test_names_are_unique_so_that_all_samples_can_be_applied_together() -> None:
    names = [(item["kind"], item["metadata"]["name"]) for file in _FILES for item in _documents(file)]
    assert len(set(names)) == len(names)


def test_what_the_demo_applies_is_there() -> None:
    assert set(SAMPLES) <= {file.stem for file in _FILES}


def _documents(file):
    return yaml.safe_load_all(file.read_text())
