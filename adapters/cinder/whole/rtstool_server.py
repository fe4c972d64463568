"""
Runs cinder-rtstool for rtstool_client.pl in one process. Cinder starts it a dozen times for each volume that it attaches, and in
User-Mode Linux its imports take seconds.
"""

# It comes first, as eventlet must patch what others import.
import cinder.cmd.rtstool

import contextlib
import io
import os
import socket
import sys
import traceback

ADDRESS = "/run/cinder-rtstool"


def main() -> None:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(ADDRESS)
    server.listen(8)
    while True:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as question:
            words = question.readline().decode().rstrip("\n").split("\0")
            connection.sendall(answer_to(words))


def answer_to(words: list[str]) -> bytes:
    """The exit code in a line, then the output."""
    sys.argv = ["cinder-rtstool", *words]
    output = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            code = int(cinder.cmd.rtstool.main() or 0)
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        except Exception:
            traceback.print_exc()
            code = 1
    return f"{code}\n{output.getvalue()}".encode()


if __name__ == "__main__":
    main()
