"""Values encrypted for the controller of Sealed Secrets, which alone can read them again.

The form is that of bitnami-labs/sealed-secrets v0.40.0, pkg/crypto/crypto.go (HybridEncrypt) and
pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go (EncryptionLabel): two bytes with the length of the session
key as RSA-OAEP encrypted it, the key, and the value under AES-256-GCM.
"""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from kgen.model.secrets import SCOPES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

STRICT, NAMESPACE_WIDE, CLUSTER_WIDE = SCOPES
_LEAST_KEY = 2048  # bits; a controller makes its own of 4096
_SESSION_KEY = 32  # bytes
_NONCE = bytes(12)  # a session key encrypts one value, so that one nonce does for all


def label(scope: str, namespace: str, name: str) -> bytes:
    """Say where a ciphertext can be decrypted: OAEP binds it to these bytes."""
    return {STRICT: f"{namespace}/{name}", NAMESPACE_WIDE: namespace, CLUSTER_WIDE: ""}[scope].encode()


def public_key(pem: bytes, now: datetime | None = None) -> RSAPublicKey:
    """Read the controller's certificate.

    Raises:
        click.ClickException: it is none, has expired, or has no strong RSA key; or the library is not installed.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - of an optional library
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    except ImportError as problem:
        raise click.ClickException(
            "sealing needs the library cryptography, which is not installed: pip install 'kgen[seal]'"
        ) from problem
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as problem:
        help_ = "it is what `kubeseal --fetch-cert` prints, and begins with -----BEGIN CERTIFICATE-----"
        raise click.ClickException(f"the file of --cert holds no certificate in PEM: {help_}") from problem
    if certificate.not_valid_after_utc < (now or datetime.now(UTC)):
        expired = certificate.not_valid_after_utc.date()
        raise click.ClickException(f"the certificate expired on {expired}: fetch the controller's present one")
    if not isinstance(key, RSAPublicKey):
        raise click.ClickException("the certificate has no RSA key: it is not of a Sealed Secrets controller")
    if key.key_size < _LEAST_KEY:
        raise click.ClickException(
            f"the certificate's key has {key.key_size} bits, and is no protection: take one of 4096"
        )
    return key


def encrypt(key: RSAPublicKey, value: bytes, bound_to: bytes) -> str:
    """Encrypt a value; equal values give other ciphertexts each time."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - of an optional library
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    session = os.urandom(_SESSION_KEY)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=bound_to)
    wrapped = key.encrypt(session, oaep)
    sealed = AESGCM(session).encrypt(_NONCE, value, None)
    return base64.b64encode(len(wrapped).to_bytes(2, "big") + wrapped + sealed).decode()
