"""An honest driver of Cinder's kind, whose surroundings fail while a volume is extended: each time as the next word of its option says."""

import os
import sqlite3

from cinder import context, exception
from cinder.volume import driver, rpcapi
from oslo_config import cfg

OPTIONS = [cfg.StrOpt("volumes_folder", help="where the volumes lie"), cfg.StrOpt("fails", help="what fails")]


class FaultyDriver(driver.VolumeDriver):
    VERSION = "1"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTIONS)

    def do_setup(self, ctxt):
        os.makedirs(self.configuration.volumes_folder, exist_ok=True)

    def check_for_setup_error(self):
        pass

    def get_volume_stats(self, refresh=False):
        return {"volume_backend_name": "faulty", "sparse_copy_volume": True}

    def create_volume(self, volume):
        with open(self.file_of(volume), "xb") as file:
            file.truncate(volume.size << 30)

    def delete_volume(self, volume):
        os.remove(self.file_of(volume))

    def file_of(self, volume):
        return os.path.join(self.configuration.volumes_folder, volume.name)

    def local_path(self, volume):
        return self.file_of(volume)

    def create_export(self, ctxt, volume, connector):
        pass

    def remove_export(self, ctxt, volume):
        pass

    def extend_volume(self, volume, new_size):
        getattr(self, self.next_fault())(volume)
        os.truncate(self.file_of(volume), new_size << 30)

    def next_fault(self):
        # Counted in a file, as some faults end the process.
        with open(os.path.join(self.configuration.volumes_folder, "extensions"), "a+") as file:
            file.write(".")
            extensions = file.tell()
        faults = self.configuration.fails.split(",")
        return faults[min(extensions, len(faults)) - 1]

    def nothing(self, volume):
        pass

    def table(self, volume):
        file = cfg.CONF.database.connection.removeprefix("sqlite:///")
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE volumes")
        volume.refresh()

    def wrapped_table(self, volume):
        try:
            self.table(volume)
        except Exception:
            raise ValueError("the volume cannot be read")

    def module(self, volume):
        import a_module_that_nobody_has  # noqa: F401

    def option(self, volume):
        self.configuration.an_option_that_nobody_registered

    def bus(self, volume):
        rpcapi.VolumeAPI().get_capabilities(context.get_admin_context(), "nobody@nowhere", False)

    def program(self, volume):
        self._execute("a-program-that-nobody-has")

    def end(self, volume):
        os._exit(7)

    def own(self, volume):
        raise ValueError("the driver's own\nfault")

    def command(self, volume):
        self._execute("ls", "/no/such/folder")

    def unoffered(self, volume):
        raise NotImplementedError()

    def turned_off(self, volume):
        raise exception.VolumeDriverException(message="extensions are disabled in cinder.conf.")


class ConnectedDriver(FaultyDriver):
    """Its volumes are reached over os-brick alone, as those of an array are."""

    def local_path(self, volume):
        raise NotImplementedError()

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "local", "data": {"device_path": self.file_of(volume)}}

    def terminate_connection(self, volume, connector, **options):
        pass
