"""Serves moto on a free port of loopback and prints the port. Run by moto.go."""

import os
import socket
import sys
import threading

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

application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", port, application, threaded=True, fd=listener.fileno())
print(port, flush=True)
server.serve_forever()
