import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { poisonedLoop } from '../block/loop.ts'
import { parseLvs } from '../block/lvm.ts'
import type { Lab } from '../lab/lab.ts'
import { type RunOptions, runOrThrow } from '../machine/machine.ts'
import { assetPath } from '../paths.ts'
import { callOver } from '../protocol/json_rpc.ts'
import type { LvRow } from '../result/evidence.ts'
import { GiB, MiB } from '../units.ts'
import { Api } from './api.ts'
import { ETC } from './configuration.ts'
import { backendOf, KINDS, type Kind, SIDES, type Side } from './row.ts'

/** The storage of a backend that volumes come to lie on: one of them, with what LVM and ext4 need. It is poisoned at a destination. */
export const USED_BYTES = 1280 * MiB
/** Cinder's scheduler learns only once a minute that a volume is gone, so a thick backend must seem to have room for several. */
const THICK_BYTES = 6 * GiB
const MODULES = [
  ...['overlay', 'configfs', 'scsi_mod', 'sd_mod', 'target_core_mod', 'target_core_iblock', 'target_core_file'],
  ...['iscsi_target_mod', 'iscsi_tcp', 'dm-snapshot', 'ecb', 'cbc', 'xts', 'algif_skcipher', 'dm-crypt'],
]
const START_SECONDS = 300
const TENANT = 'tenant'

export interface Installation {
  /** Cinder with its Python, and the programs that it starts: unpacked packages of one suite. */
  readonly cinder: string
  readonly system: string
}

/** Cinder's API, scheduler and volume managers in the lab's guest, on six backends of poisoned storage. */
export class WholeCinder {
  readonly api: Api
  readonly lab: Lab
  private readonly folder: string
  private readonly pid: string

  private constructor(lab: Lab, folder: string, pid: string, api: Api) {
    this.lab = lab
    this.folder = folder
    this.pid = pid
    this.api = api
  }

  /** Nothing is released: all of it goes with the guest. */
  static async start(lab: Lab, { cinder, system }: Installation): Promise<WholeCinder> {
    await lab.machine.loadModules(MODULES)
    const folder = join(lab.folder, 'cinder')
    for (const [path, text] of Object.entries(ETC)) {
      await mkdir(dirname(join(folder, 'etc', path)), { recursive: true })
      await writeFile(join(folder, 'etc', path), text)
    }
    await copyFile(assetPath('harness/drivers/nfs/answerer.pl'), join(folder, 'answerer.pl'))
    const shares: string[] = []
    for (const side of SIDES)
      for (const kind of KINDS) {
        const backend = backendOf(side, kind)
        // What a source holds before its volume is written is nobody's business.
        const device = await poisonedLoop(lab, backend, kind === 'thick' ? THICK_BYTES : USED_BYTES, side === 'source' ? MiB : USED_BYTES)
        if (kind === 'nfs') shares.push(device)
        else
          await runOrThrow(lab, ['vgcreate', '--quiet', '--yes', backend, device], {
            env: { LVM_SYSTEM_DIR: join(folder, 'etc/lvm') },
          })
      }
    const adapter = assetPath('adapters/cinder')
    const start = ['sh', join(adapter, 'whole/start.sh'), folder, cinder, system, adapter, ...shares]
    await runOrThrow(lab, ['unshare', '--mount', '--propagation', 'private', ...start], { timeoutSeconds: START_SECONDS })
    const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim()
    const client = await lab.machine.start([...insideOf(pid), 'python3', '/adapter/whole/rest.py'])
    client.stderr.resume()
    const caller = callOver({ input: client.stdout, output: client.stdin })
    client.ended.then(
      () => caller.fail('the client of the REST API ended'),
      (error: Error) => caller.fail(error.message),
    )
    return new WholeCinder(lab, folder, pid, new Api(caller, lab.signal))
  }

  /** Runs a program in Cinder's root; it must exit with 0. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    return runOrThrow(this.lab, [...insideOf(this.pid), ...argv], options)
  }

  /** Where a volume lies, as the helper reaches it. */
  pathOf(backend: string, kind: Kind, id: string): string {
    return kind === 'nfs' ? `${this.share(backend)}/volume-${id}` : `/dev/${backend}/volume-${id}`
  }

  /** Fills the storage of a destination with poison, as a tenant does whose volume is then deleted. */
  async poison(kind: Kind): Promise<void> {
    const backend = backendOf('destination', kind)
    const { helper } = this.lab
    if (kind === 'nfs') {
      await helper.repoisonFolder(this.share(backend), this.lab.tag())
      return
    }
    const size = kind === 'thin' ? ['-V', '1g', '-T', `${backend}/${backend}-pool`] : ['-L', '1216m', '-Zn', '-Wn', backend]
    await this.run(['lvcreate', '--quiet', '--yes', '-n', TENANT, ...size])
    await helper.repoison(`/dev/${backend}/${TENANT}`, 0, this.lab.tag())
    await this.evict(kind)
  }

  /** Leaves no room in a destination's volume group. */
  async fill(kind: Kind): Promise<void> {
    await this.run(['lvcreate', '--quiet', '--yes', '-n', TENANT, '-l', '100%FREE', '-Zn', '-Wn', backendOf('destination', kind)])
  }

  async evict(kind: Kind): Promise<void> {
    await this.run(['lvremove', '--quiet', '--yes', '-f', `${backendOf('destination', kind)}/${TENANT}`])
  }

  async volumesOfLvm(): Promise<LvRow[]> {
    const columns = 'lv_name,vg_name,lv_attr,lv_size,pool_lv,origin,data_percent'
    return parseLvs(await this.run(['lvs', '--reportformat', 'json', '-o', columns]))
  }

  /** The Data% of a backend's pool; undefined where there is none. */
  async dataPercentOf(side: Side, kind: Kind): Promise<string | undefined> {
    if (kind !== 'thin') return undefined
    const backend = backendOf(side, kind)
    return (await this.volumesOfLvm()).find(({ lv_name }) => lv_name === `${backend}-pool`)?.data_percent
  }

  /** All that is there of volumes: logical volumes, files and sessions of iSCSI. */
  async inventory(): Promise<string[]> {
    const lvs = (await this.volumesOfLvm()).filter(({ lv_name }) => lv_name.startsWith('volume-'))
    const files = await Promise.all(
      SIDES.map(async (side) => {
        const backend = backendOf(side, 'nfs')
        const names = await this.lab.helper.namesIn(this.share(backend))
        return names.filter((name) => name.startsWith('volume-')).map((name) => `file ${backend}/${name}`)
      }),
    )
    const sessions = await this.lab.run(['sh', '-c', 'ls /sys/class/iscsi_session 2>/dev/null'])
    return [
      ...lvs.map(({ vg_name, lv_name }) => `logical volume ${vg_name}/${lv_name}`),
      ...files.flat(),
      ...sessions.stdout
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((name) => `iSCSI ${name}`),
    ]
  }

  /** Breaks a service on purpose: see services.py. */
  async breakService(words: readonly string[]): Promise<void> {
    await writeFile(join(this.folder, 'fault'), words.join(' '))
    await this.run(['sh', '-c', 'while [ -e /holeproof/fault ]; do sleep 0.1; done'], { timeoutSeconds: 60 })
  }

  get logFile(): string {
    return join(this.folder, 'cinder.log')
  }

  async logBytes(): Promise<number> {
    return (await stat(this.logFile)).size
  }

  async logSince(bytes: number): Promise<string> {
    return (await readFile(this.logFile)).subarray(bytes).toString()
  }

  private share(backend: string): string {
    return `/proc/${this.pid}/root/nfs/share${backend === backendOf('source', 'nfs') ? 1 : 2}`
  }
}

function insideOf(pid: string): string[] {
  const environment = ['PATH=/usr/sbin:/usr/bin', 'LC_ALL=C', 'HOME=/root', 'DM_DISABLE_UDEV=1', 'PYTHONDONTWRITEBYTECODE=1']
  return ['nsenter', '-t', pid, '--mount', '--root', '--wd=/', 'env', '-i', ...environment]
}
