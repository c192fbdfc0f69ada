"""As much of S3 as a store of files asks for, on loopback: objects, parts, lists, bulk deletion."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

WRITTEN = "2026-11-24T00:00:00.000Z"


class _Bucket(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    parts: ClassVar[dict[str, dict[int, bytes]]] = {}

    def log_message(self, *_: object) -> None:
        """Silent."""

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        """An object, or a part of one."""
        url = urlsplit(self.path)
        query, body = parse_qs(url.query), self._read()
        if "uploadId" in query:
            self.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.objects[url.path] = body
        self._answer(200)

    def do_POST(self) -> None:
        """Begin or end an upload in parts; delete several objects."""
        url, body = urlsplit(self.path), self._read()
        if url.query.startswith("uploads"):
            upload = f"u{len(self.parts)}"
            self.parts[upload] = {}
            self._answer(
                200, _xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
            )
        elif url.query.startswith("delete"):
            keys = re.findall(r"<Key>(.*?)</Key>", body.decode())
            for key in keys:
                self.objects.pop(f"{url.path}/{key}", None)
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, _xml("DeleteResult", gone))
        else:
            parts = self.parts.pop(parse_qs(url.query)["uploadId"][0])
            self.objects[url.path] = b"".join(part for _, part in sorted(parts.items()))
            self._answer(200, _xml("CompleteMultipartUploadResult", "<ETag>e</ETag>"))

    def do_GET(self) -> None:
        """One object, or the list."""
        url = urlsplit(self.path)
        if "list-type" in url.query:
            rows = "".join(
                f"<Contents><Key>{path.split('/', 2)[2]}</Key>"
                f"<LastModified>{WRITTEN}</LastModified><Size>{len(raw)}</Size><ETag>e</ETag></Contents>"
                for path, raw in sorted(self.objects.items())
            )
            self._answer(200, _xml("ListBucketResult", f"<IsTruncated>false</IsTruncated>{rows}"))
        elif url.path in self.objects:
            self._answer(200, self.objects[url.path])
        else:
            self._answer(404, _xml("Error", "<Code>NoSuchKey</Code>"))

    def do_DELETE(self) -> None:
        """Give an upload in parts up."""
        self.parts.pop(parse_qs(urlsplit(self.path).query)["uploadId"][0], None)
        self._answer(204)


def _xml(name: str, inside: str) -> bytes:
    return f"<{name}>{inside}</{name}>".encode()


@contextmanager
def running_bucket() -> Iterator[tuple[dict[str, str], type[_Bucket]]]:
    """Environment variables that lead to it, and what it holds."""

    class Bucket(_Bucket):
        objects: ClassVar[dict[str, bytes]] = {}
        parts: ClassVar[dict[str, dict[int, bytes]]] = {}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield (
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
            },
            Bucket,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
