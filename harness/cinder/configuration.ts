import { lvmConf } from '../block/lvm_conf.ts'
import { backendOf, KINDS, type Kind, SERVICE_HOST, SIDES } from './row.ts'

/** Cinder's key for every encrypted volume, which makes the passphrase too: os-brick takes the hexadecimal text. */
export const KEY = '5d1c0f4e8a7b6392a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778f'

/** How long a service waits for the answer of another. */
export const PATIENCE_SECONDS = 60

/** A cinder.conf with six backends: each kind of storage at each side. A share has the number of its device. */
export function cinderConf(): string {
  const backends = SIDES.flatMap((side) => KINDS.map((kind) => ({ name: backendOf(side, kind), kind, share: SIDES.indexOf(side) + 1 })))
  return `[DEFAULT]
host = ${SERVICE_HOST}
my_ip = 127.0.0.1
enabled_backends = ${backends.map(({ name }) => name).join(',')}
transport_url = fake:/
auth_strategy = noauth
debug = true
log_file = /holeproof/cinder.log
state_path = /var/lib/cinder
api_paste_config = /etc/cinder/api-paste.ini
rootwrap_config = /etc/cinder/rootwrap.conf
osapi_volume_listen = 127.0.0.1
scheduler_driver_init_wait_time = 1
# The JSON filter lets a request name the backend of a new volume.
scheduler_default_filters = AvailabilityZoneFilter,CapacityFilter,CapabilitiesFilter,JsonFilter
rpc_response_timeout = ${PATIENCE_SECONDS}
migration_create_volume_timeout_secs = ${PATIENCE_SECONDS}
# Services answer slowly on a busy machine.
service_down_time = 45

[database]
connection = sqlite:////var/lib/cinder/cinder.sqlite

[oslo_concurrency]
lock_path = /var/lib/cinder/locks

[coordination]
backend_url = file:///var/lib/cinder

[key_manager]
backend = cinder.keymgr.conf_key_mgr.ConfKeyManager
fixed_key = ${KEY}

${backends.map(({ name, kind, share }) => section(name, kind, share)).join('\n')}`
}

function section(name: string, kind: Kind, share: number): string {
  const head = `[${name}]\nvolume_backend_name = ${name}\n`
  if (kind === 'nfs')
    return `${head}volume_driver = cinder.volume.drivers.nfs.NfsDriver
nas_host = 127.0.0.1
nas_share_path = /share${share}
# The addresses are what mount.nfs would add; they let mount do without it.
nfs_mount_options = vers=4.2,sec=sys,addr=127.0.0.1,clientaddr=127.0.0.1
nfs_mount_point_base = /var/lib/cinder/mnt
nas_secure_file_operations = false
nas_secure_file_permissions = false
`
  return `${head}volume_driver = cinder.volume.drivers.lvm.LVMVolumeDriver
volume_group = ${name}
lvm_type = ${kind === 'thin' ? 'thin' : 'default'}
# A deleted volume leaves its bytes, as on storage that clears nothing.
volume_clear = none
target_helper = lioadm
target_protocol = iscsi
target_ip_address = 127.0.0.1
`
}

/** The files that are laid over /etc, by their paths in it. */
export const ETC: Readonly<Record<string, string>> = {
  'cinder/cinder.conf': cinderConf(),
  // The disks of iSCSI hold volumes.
  'lvm/lvm.conf': lvmConf(['^/dev/loop']),
  'iscsi/initiatorname.iscsi': 'InitiatorName=iqn.2005-03.org.holeproof:guest\n',
}
