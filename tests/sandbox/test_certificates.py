"""Our control plane's certificates, seen by the Pythons that are strict about their form."""

import ssl
import urllib.request
from pathlib import Path

from ivs_sandbox.certificates import Authority
from ivs_sandbox.cluster import Cluster


def test_strict_pythons_take_them(control_plane: Cluster) -> None:
    authority = Path(control_plane.directory) / "certificates" / "ca.crt"
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as from Python 3.13
    with urllib.request.urlopen(f"{control_plane.url}/version", context=context, timeout=30) as answer:
        assert answer.status == 200


def test_any_process_can_sign_with_what_lies_in_the_folder(tmp_path: Path) -> None:
    made = Authority.create(tmp_path)
    assert Authority.load(tmp_path).certificate == made.certificate
