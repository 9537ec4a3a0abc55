"""Throw-away certificates: one authority per control plane, clients whose name is their Kubernetes user."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ivs_sandbox.files import write_private

# Long enough for a demo that is kept, and back-dated for clocks that are set while it runs.
_VALID = timedelta(days=365)
_BACKDATED = timedelta(hours=1)
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
# The first address of --service-cluster-ip-range is the API server's own service.
_SERVER_ADDRESSES = ("127.0.0.1", "::1", "10.0.0.1")
_SIGNING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs with a key that lies in the control plane's folder, so that any process of a test run can make users."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.folder = folder
        self._key = key
        self._certificate = certificate
        self.certificate_file = folder / "ca.crt"
        self.key_file = folder / "ca.key"

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new authority, and the RSA key that signs service account tokens (`service-accounts.key`)."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ivs-operator sandbox")])
        certificate = (
            _builder(name, name, key.public_key(), key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNING, critical=True)
            .sign(key, hashes.SHA256())
        )
        authority = cls(folder, key, certificate)
        write_private(authority.certificate_file, _pem(certificate))
        write_private(authority.key_file, _pem_key(key))
        write_private(folder / "service-accounts.key", _pem_key(rsa.generate_private_key(65537, 2048)))
        return authority

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The authority that `create` left in the folder."""
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'ca.key'} is not a key of ours")
        return cls(folder, key, x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes()))

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return _pem(self._certificate)

    def client(self, user: str, groups: Iterable[str] = ()) -> tuple[bytes, bytes]:
        """Certificate and key, PEM, of a Kubernetes user: common name = user, organisations = groups."""
        names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        return self._sign(subject, ExtendedKeyUsageOID.CLIENT_AUTH)

    def server(self, name: str) -> tuple[Path, Path]:
        """Files with certificate and key of a server on loopback."""
        alternatives = x509.SubjectAlternativeName(
            [
                *map(x509.DNSName, _SERVER_NAMES),
                *(x509.IPAddress(ipaddress.ip_address(address)) for address in _SERVER_ADDRESSES),
            ]
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, key = self._sign(subject, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)
        return self.keep(name, certificate, key)

    def keep(self, name: str, certificate: bytes, key: bytes) -> tuple[Path, Path]:
        """Write a pair to files for programs that want paths."""
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        write_private(paths[0], certificate)
        write_private(paths[1], key)
        return paths

    def _sign(
        self, subject: x509.Name, purpose: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None = None
    ) -> tuple[bytes, bytes]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self._certificate.subject, key.public_key(), self._key.public_key()).add_extension(
            x509.ExtendedKeyUsage([purpose]), critical=False
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return _pem(builder.sign(self._key, hashes.SHA256())), _pem_key(key)


def signing_request(user: str, groups: Iterable[str]) -> tuple[bytes, bytes]:
    """A request (PEM) for a user's certificate, for clusters whose authority is not ours, and its key (PEM)."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM), _pem_key(key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """With the identifiers of both keys, which Python 3.13 wants of every certificate."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
