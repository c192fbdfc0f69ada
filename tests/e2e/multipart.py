"""A form with files, as an HTTP library sends it (no package of ours parses such forms)."""

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP


@dataclass(frozen=True)
class Upload:
    """A file of a form."""

    name: str
    data: bytes


def multipart(content_type: str, body: bytes) -> dict[str, str | Upload]:
    """The fields by name."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields: dict[str, str | Upload] = {}
    for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        file_name = part.get_filename()
        fields[name] = Upload(file_name, data) if file_name else data.decode()
    return fields
