"""Cinder's LVM driver, but for what it believes when it moves a volume itself: the destination, not its own configuration."""

from __future__ import annotations

import copy
from typing import Any, Optional

from cinder import context, interface, objects
from cinder.volume import rpcapi
from cinder.volume.drivers import lvm


@interface.volumedriver
class AskingLVMDriver(lvm.LVMVolumeDriver):
    def migrate_volume(
        self, ctxt: context.RequestContext, volume: objects.Volume, host: dict[str, Any], *more: Any, **named: Any
    ) -> tuple[bool, Optional[dict[str, Any]]]:
        # This driver may have other work at the same time, so only a copy of it copies as the destination allows.
        asking = copy.copy(self)
        asking._sparse_copy_volume = self._reads_zero(ctxt, host)
        return super(AskingLVMDriver, asking).migrate_volume(ctxt, volume, host, *more, **named)

    def _reads_zero(self, ctxt: context.RequestContext, host: dict[str, Any]) -> bool:
        """Whether the destination promises that its new volumes read as zeros, as Cinder's manager asks before it copies itself."""
        if "location_info" not in host["capabilities"]:
            return False  # not this driver's to move
        report = rpcapi.VolumeAPI().get_capabilities(ctxt, host["host"], False)
        return report.get("sparse_copy_volume") is True
