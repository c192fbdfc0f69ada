"""Sealed files: age v1 (https://age-encryption.org/v1) with ``mlkem768x25519`` recipients.

A compartment's key is an age recipient, so that any current ``age`` tool opens an export. Header
and body are made apart: a body is streamed to the store under a fresh file key before it is known
who may read it, and its header is made, or made anew, without touching the body. A file is the
header followed by the body.
"""

from sealing.age.armor import dearmor, enarmor
from sealing.age.body import CHUNK_BYTES, BodyOpener, BodySealer, sealed_size
from sealing.age.files import open_file, seal_file
from sealing.age.header import FILE_KEY_BYTES, MAX_HEADER_BYTES, header, new_file_key, open_header
from sealing.age.keys import identity_of, read_identity, read_recipient, recipient_of

__all__ = [
    "CHUNK_BYTES",
    "FILE_KEY_BYTES",
    "MAX_HEADER_BYTES",
    "BodyOpener",
    "BodySealer",
    "dearmor",
    "enarmor",
    "header",
    "identity_of",
    "new_file_key",
    "open_file",
    "open_header",
    "read_identity",
    "read_recipient",
    "recipient_of",
    "seal_file",
    "sealed_size",
]
