"""Seals: who wrote something that lies where others can write, by Ed25519 (RFC 8032)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FORM = b"pavior shared cache 1"
_SIGNATURE = 64


class NotAKey(Exception):
    """A key is missing, or is none; the reason follows what it is said of."""


class NotSealed(Exception):
    """Something was not sealed under this name by who has the private key, or is not whole."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Whom to believe, and, where this machine is believed itself, with what it signs."""

    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None

    def sealed(self, name: str, payload: bytes) -> bytes:
        """The payload behind the signature of it and its name."""
        assert self.private is not None, "only who has the private key seals"
        return self.private.sign(_signed(name, payload)) + payload

    def opened(self, name: str, content: bytes) -> bytes:
        """The payload of what was sealed under this name. Raises NotSealed."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (see read_keys)

        payload = content[_SIGNATURE:]
        try:
            self.public.verify(content[:_SIGNATURE], _signed(name, payload))
        except InvalidSignature:
            raise NotSealed("it is not whole, or the trusted key didn't sign it") from None
        return payload


def read_keys(public: str | None, private: str | None) -> Keys:
    """The keys in these texts, which are PEM. The public one may be left out where the private one is there. Raises NotAKey."""
    if not public and not private:
        raise NotAKey("no key says who is trusted")
    try:
        # A run without a shared place needs none of it.
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key  # noqa: PLC0415
    except ImportError:
        raise NotAKey("`pavior[shared]` is not installed") from None
    try:
        signing = load_pem_private_key(private.encode(), None) if private else None
        trusted = load_pem_public_key(public.encode()) if public else None
    except (ValueError, TypeError):  # a key with a password
        raise NotAKey("what should be a key is none") from None
    if signing is not None and not isinstance(signing, ed25519.Ed25519PrivateKey):
        raise NotAKey("the private key is not an Ed25519 key")
    if signing is not None and trusted is None:
        trusted = signing.public_key()
    if not isinstance(trusted, ed25519.Ed25519PublicKey):
        raise NotAKey("the public key is not an Ed25519 key")
    if signing is not None and signing.public_key().public_bytes_raw() != trusted.public_bytes_raw():
        raise NotAKey("the private key is not that of the public one")
    return Keys(trusted, signing)


def _signed(name: str, payload: bytes) -> bytes:
    return b"\0".join((_FORM, name.encode(), payload))
