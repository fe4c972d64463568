"""Asks Cinder's REST API: JSON-RPC on standard input and output, whose one method is a request."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import Any, Callable, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import json_rpc

PORT = 8776


class Api:
    ended = False

    def method(self, name: str) -> Optional[Callable[..., Any]]:
        return self.request if name == "request" else None

    def request(self, method: str, path: str, token: str, version: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        headers = {"Content-Type": "application/json", "X-Auth-Token": token, "OpenStack-API-Version": f"volume {version}"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        return {"status": answer.status, "body": json.loads(text) if text else None}


if __name__ == "__main__":
    json_rpc.serve(Api(), sys.stdin, sys.stdout)
