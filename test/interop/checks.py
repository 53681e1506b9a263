"""Runs the checks of a file: every function whose name starts with check_, sync or async, in the order they stand.

Says one line of JSON for each on stdout: its name, and what went wrong or null.
Arguments: the file, the gRPC address, the REST address.
"""

import asyncio
import importlib.util
import inspect
import json
import sys
import traceback


class Server:
    """Where the server is; handed to every check."""

    def __init__(self, grpc, http):
        self.grpc = grpc
        self.http = http


def load(path):
    spec = importlib.util.spec_from_file_location("checks_of_a_client", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(check, server):
    try:
        outcome = check(server)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
    except Exception:
        return traceback.format_exc()
    return None


def main():
    path, grpc, http = sys.argv[1:4]
    server = Server(grpc, http)
    for name, check in list(vars(load(path)).items()):
        if name.startswith("check_"):
            print(json.dumps({"check": name, "error": run(check, server)}), flush=True)


main()
