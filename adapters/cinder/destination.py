"""The volume service of a migration's destination, as far as the source's driver can ask for it over Cinder's message bus."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

import oslo_messaging
from cinder import rpc
from cinder.volume.rpcapi import VolumeAPI

HOST = "holeproof"
BACKEND = f"{HOST}@destination"


class Destination:
    """Answers for what the destination's own driver has answered holeproof."""

    target = oslo_messaging.Target(version=VolumeAPI.RPC_API_VERSION)

    def __init__(self, claims: bool) -> None:
        self._claims = claims

    def get_capabilities(self, ctxt: Any, discover: bool) -> dict[str, Any]:
        return {"sparse_copy_volume": self._claims}


@contextmanager
def answering(claims: bool) -> Iterator[None]:
    # As Cinder's services name their queues, from RPC 3.6 on.
    target = oslo_messaging.Target(topic=f"{VolumeAPI.TOPIC}.{BACKEND}", server=HOST)
    server = oslo_messaging.get_rpc_server(
        rpc.TRANSPORT, target, [Destination(claims)], executor="threading", serializer=rpc.RequestContextSerializer(None)
    )
    server.start()
    try:
        yield
    finally:
        server.stop()
        server.wait()
