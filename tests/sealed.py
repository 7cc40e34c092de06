"""A controller of Sealed Secrets for tests: its key and certificate, and what it reads out of a ciphertext."""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID


class Controller(NamedTuple):
    """A key, and its certificate as `kubeseal --fetch-cert` prints it."""

    key: rsa.RSAPrivateKey
    certificate: bytes

    @property
    def pem(self) -> str:
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self.key.private_bytes(*form).decode()

    def unseal(self, ciphertext: str, label: bytes) -> bytes:
        """Decrypt, as the controller would for an object with that label."""
        raw = base64.b64decode(ciphertext, validate=True)
        end = 2 + int.from_bytes(raw[:2], "big")
        oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label)
        session = self.key.decrypt(raw[2:end], oaep)
        assert len(session) == 32
        return AESGCM(session).decrypt(bytes(12), raw[end:], None)


@functools.cache
def controller() -> Controller:
    """Make one; it takes a moment, so that tests share it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Controller(key, certificate(key))


def certificate(key: Any, days: int = 30) -> bytes:
    """Sign a certificate of a key that is valid for some days from now on, or was until some days ago."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secret")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def elliptic() -> bytes:
    """Give a certificate of a key that is not RSA."""
    return certificate(ec.generate_private_key(ec.SECP256R1()))


def short() -> bytes:
    """Give a certificate of a key that can be factored."""
    return certificate(rsa.generate_private_key(public_exponent=65537, key_size=1024))
