"""Key material on its way into a vault and out of it."""

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

OAEP = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=None)


def wrapped_for(public_pem, material):
    """As RSA_OAEP_SHA256 says."""
    return load_pem_public_key(public_pem.encode()).encrypt(material, OAEP)


class RsaKey:
    """A key of the caller's own."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        info = PublicFormat.SubjectPublicKeyInfo
        self.public_pem = self.key.public_key().public_bytes(Encoding.PEM, info).decode()

    def unwrap(self, wrapped, algorithm):
        """By the algorithm that the service says it has used."""
        if algorithm == "RSA_OAEP_SHA256":
            return self.key.decrypt(wrapped, OAEP)
        size = self.key.key_size // 8
        return aes_key_unwrap_with_padding(self.key.decrypt(wrapped[:size], OAEP), wrapped[size:])
