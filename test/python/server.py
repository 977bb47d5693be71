"""Runs scripts of this folder, each in a process forked from this one, which has imported what they import.

PyTorch and transformers take seconds to import: a suite of tests does it once. The argument is the path of a Unix socket.
A connection brings a line of JSON, {"script", "args"}, and is answered with {"status", "stdout", "stderr"}.
The server prints a line when it is ready, and ends when its standard input does, so that it never outlives the suite.
"""

import ast
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import traceback


def preload(script):
    """Imports what the script imports. An import that fails is reported by the script itself."""
    with open(script) as file:
        statements = ast.parse(file.read()).body
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            try:
                exec(compile(ast.Module([statement], []), script, "exec"), {})
            except Exception:
                pass


def answer(connection, script, args):
    """Runs the script in this process, and sends what it printed."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        os.dup2(stdout.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
        sys.argv = [script, *args]
        status = 0
        try:
            runpy.run_path(script, run_name="__main__")
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        send(connection, status, read(stdout), read(stderr))


def read(file):
    file.seek(0)
    return file.read().decode()


def send(connection, status, stdout, stderr):
    connection.sendall(json.dumps({"status": status, "stdout": stdout, "stderr": stderr}).encode())


def serve(connection):
    request = json.loads(connection.makefile().readline())
    try:
        preload(request["script"])
    except Exception as error:
        send(connection, 1, "", f"{error}\n")
        return
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            answer(connection, request["script"], request["args"])
        finally:
            os._exit(0)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)
print("ready", flush=True)
while True:
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    if sys.stdin in ready:
        break
    accepted, _ = listener.accept()
    with accepted:
        serve(accepted)
