"""How the API server is reached when its certificates are such as kubectl takes and Python, since 3.13, refuses."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes.aio import client as kubernetes

from ivs_operator.kube.connection import NoCluster, connect, kopf_login

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def signed(name: str, issuer: Pair | None = None, *extensions: x509.ExtensionType) -> Pair:
    """A certificate without subject and authority key identifiers."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    builder = builder.issuer_name(issuer[0].subject if issuer else subject).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def kept(folder: Path, name: str, pair: Pair) -> Path:
    """Certificate and key in one file."""
    path = folder / f"{name}.pem"
    key = pair[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pair[0].public_bytes(serialization.Encoding.PEM) + key)
    return path


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ssl.SSLContext]:
    """Contexts as every Python from 3.13 makes them, on whichever Python this is."""
    usual = ssl.create_default_context

    def create(*arguments: Any, **named: Any) -> ssl.SSLContext:
        context = usual(*arguments, **named)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)
    return create


async def version(_: web.Request) -> web.Response:
    return web.json_response({"gitVersion": "v1.36.3"})


@pytest.fixture
async def server(tmp_path: Path) -> Any:
    """`(address in its certificate) -> kubeconfig` of an API server whose authority is as old EKS clusters have it."""
    runners: list[web.AppRunner] = []
    authority = signed("kubernetes", None, x509.BasicConstraints(ca=True, path_length=None))
    ca = kept(tmp_path, "ca", authority)

    async def start(address: str = "127.0.0.1") -> Path:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        pair = kept(tmp_path, "server", signed("kube-apiserver", authority, names))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        application = web.Application()
        application.router.add_get("/version", version)
        runners.append(web.AppRunner(application))
        await runners[-1].setup()
        site = web.TCPSite(runners[-1], "127.0.0.1", 0, ssl_context=context)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [
                {"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(ca)}}
            ],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    yield start
    for runner in runners:
        await runner.cleanup()


async def our_call(kubeconfig: Path) -> int:
    """As `kube.client` reaches the API server."""
    configuration = await connect({"KUBECONFIG": str(kubeconfig)})
    async with kubernetes.ApiClient(configuration) as api:
        answer = await api.call_api("GET", f"{configuration.host}/version", {})
        return int(answer.status)


async def kopfs_watch(kubeconfig: Path) -> int:
    """As kopf makes its session from what we give it."""
    info = await kopf_login(await connect({"KUBECONFIG": str(kubeconfig)}))
    connector = aiohttp.TCPConnector(ssl=info.as_ssl_context())
    async with aiohttp.ClientSession(connector=connector) as session, session.get(f"{info.server}/version") as answer:
        return answer.status


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("reach", [our_call, kopfs_watch])
async def test_certificates_without_key_identifiers_are_taken(reach: Callable[..., Any], server: Any) -> None:
    assert await reach(await server()) == 200


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("reach", [our_call, kopfs_watch])
async def test_the_host_name_is_verified_nevertheless(reach: Callable[..., Any], server: Any) -> None:
    with pytest.raises((aiohttp.ClientConnectorCertificateError, kubernetes.ApiException), match=r"127\.0\.0\.1"):
        await reach(await server("127.0.0.2"))


async def test_python_would_refuse_them(strict: Callable[..., ssl.SSLContext], server: Any, tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    address = yaml.safe_load((await server()).read_text())["clusters"][0]["cluster"]["server"]
    connector = aiohttp.TCPConnector(ssl=strict(cafile=tmp_path / "ca.pem"))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match="Missing Authority Key Identifier"):
            await session.get(f"{address}/version")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "no cluster: KUBECONFIG names {path}, and there is no such file", id="missing"),
        pytest.param("root:x:0:0:root", "the kubeconfig ({path}) can't be read: it is no kubeconfig", id="any text"),
        pytest.param("", "the kubeconfig ({path}) can't be read: it is no kubeconfig", id="empty"),
        pytest.param("a: [", "the kubeconfig ({path}) can't be read: while parsing", id="no YAML"),
        pytest.param("a: 1", "no cluster: ", id="a key is missing"),
    ],
)
async def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NoCluster) as error:
        await connect({"KUBECONFIG": str(path)})
    assert str(error.value).startswith(says.format(path=path))
    assert "object does not" not in str(error.value), "nothing that Python says"
