"""Serves moto on a free port of loopback and prints the port. Run by moto.go."""

import io
import os
import socket
import sys
import threading
from urllib.parse import parse_qs

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(512)
port = listener.getsockname()[1]
os.environ["MOTO_PORT"] = str(port)


def end_with_parent():
    """Standard input ends when the parent is gone, however it went."""
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()

from moto.awslambda.models import LambdaStorage  # noqa: E402
from moto.core.config import default_user_config  # noqa: E402
from moto.s3.models import FakeKey, s3_backends  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

# Nothing is run in Docker.
default_user_config["lambda"]["use_docker"] = False


class Versions(list):
    """The versions of a function. Moto numbers a new one by their length, and would give the number of a deleted version
    again; Lambda never does, not even for a function that was deleted and made anew:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html."""

    def __init__(self, published):
        super().__init__()
        self.published = published

    def append(self, version):
        super().append(version)
        self.published += 1

    def __len__(self):
        return self.published

    def __bool__(self):
        return any(True for _ in self)


moto_put_function = LambdaStorage.put_function


def put_function(storage, function):
    name = function.function_name
    is_new = name not in storage._functions
    moto_put_function(storage, function)
    if is_new:
        seen = storage.__dict__.setdefault("versions_by_name", {})
        seen[name] = Versions(len(seen.get(name, ())))
        storage._functions[name]["versions"] = seen[name]


LambdaStorage.put_function = put_function



def copy_key(key, _memo):
    """A listing of versions copies every object of the bucket for every page, content and all; it needs only what is said of
    them."""
    key.etag  # worked out once, from the content
    twin = key.__class__.__new__(key.__class__)
    twin.__dict__.update(key.__dict__)
    twin._value_buffer = io.BytesIO()
    return twin


FakeKey.__deepcopy__ = copy_key


class Application(DomainDispatcherApplication):
    """Moto, and PUT /emulator-fill/ACCOUNT/BUCKET?prefix=P&count=N&body=B, which puts N objects into a bucket at once."""

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/emulator-fill/"):
            return super().__call__(environ, start_response)
        account, bucket = path.split("/")[2:4]
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        for i in range(int(query["count"][0])):
            s3_backends[account]["aws"].put_object(bucket, f"{query['prefix'][0]}{i:06d}", query["body"][0].encode())
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]


application = Application(create_backend_app)
server = make_server("127.0.0.1", port, application, threaded=True, fd=listener.fileno())
print(port, flush=True)
server.serve_forever()
