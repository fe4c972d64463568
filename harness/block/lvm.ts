import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Lab } from '../lab/lab.ts'
import { type Machine, runOrThrow } from '../machine/machine.ts'
import { type LvRow, lvRowSchema } from '../result/evidence.ts'
import { lvmConf } from './lvm_conf.ts'
import { reportRows } from './lvm_report.ts'
import { LvmShell, SHELL_PROFILE } from './lvm_shell.ts'

const PROFILE = 'shell'

/**
 * LVM with a configuration of its own: it sees only the devices that were admitted, so this machine's own disks are
 * never scanned, and it waits for no udev. It locks no memory while devices are suspended: nothing of a machine is swapped to them, and
 * locking takes a third of the time of an lvcreate. (Every line of /proc/self/maps holds the "-" of the filter.)
 */
export class Lvm {
  private readonly folder: string
  private readonly machine: Machine
  private readonly devices = new Set<string>()
  private shell: LvmShell | undefined

  private constructor(lab: Lab) {
    this.folder = join(lab.folder, 'lvm')
    this.machine = lab.machine
  }

  static async open(lab: Lab): Promise<Lvm> {
    const lvm = new Lvm(lab)
    await lab.own(
      'the LVM configuration',
      async () => {
        await mkdir(join(lvm.folder, 'profile'), { recursive: true })
        await writeFile(join(lvm.folder, 'profile', `${PROFILE}.profile`), SHELL_PROFILE)
        await lvm.configure()
      },
      async () => {
        await lvm.closeShell()
        await rm(lvm.folder, { recursive: true, force: true })
      },
    )
    return lvm
  }

  /** The environment in which an LVM command uses this configuration. */
  get environment(): Record<string, string> {
    return { LVM_SYSTEM_DIR: this.folder, LVM_SUPPRESS_FD_WARNINGS: '1' }
  }

  async admit(device: string): Promise<void> {
    this.devices.add(device)
    await this.configure()
  }

  async dismiss(device: string): Promise<void> {
    this.devices.delete(device)
    await this.configure()
  }

  /** Runs an LVM command for a lab; it must exit with 0. The output of a report is JSON. */
  run(lab: Lab, argv: readonly string[]): Promise<string> {
    if (this.shell === undefined || this.shell.ended) this.shell = LvmShell.open(this.machine, this.environment, PROFILE)
    const { shell } = this
    const run = () => lab.recorded(argv, (signal) => shell.run(argv, signal))
    return runOrThrow({ run }, argv)
  }

  /** The volumes that `lvs` shows of these volume groups, with LVM's own sizes and Data%. */
  async volumes(lab: Lab, groups: readonly string[]): Promise<LvRow[]> {
    const columns = 'lv_name,vg_name,lv_attr,lv_size,pool_lv,origin,data_percent'
    return parseLvs(await this.run(lab, ['lvs', '--reportformat', 'json', '-o', columns, ...groups]))
  }

  /** The names of the volume groups that LVM sees. */
  async groups(lab: Lab): Promise<string[]> {
    const text = await this.run(lab, ['vgs', '--reportformat', 'json', '-o', 'vg_name'])
    return reportRows(text, 'vg', z.object({ vg_name: z.string() })).map(({ vg_name }) => vg_name)
  }

  private async closeShell(): Promise<void> {
    const { shell } = this
    this.shell = undefined
    await shell?.close()
  }

  /**
   * The next command gets a shell of its own: before LVM reads a configuration again it compares only the size and the second of
   * change (config_file_changed in lib/config/config.c).
   */
  private async configure(): Promise<void> {
    const devices = [...this.devices].map((device) => `^${device}$`)
    const text = lvmConf(devices, [`locking_dir="${this.folder}/lock"`, 'thin_check_executable=""'])
    const file = join(this.folder, 'lvm.conf')
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
    await this.closeShell()
  }
}

/** Reads the output of `lvs --reportformat json`. */
export function parseLvs(text: string): LvRow[] {
  return reportRows(text, 'lv', lvRowSchema)
}
