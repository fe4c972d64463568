import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { MiB } from '../units.ts'
import { WITHOUT_UDEV } from './without_udev.ts'

/** Where the data begins on a LUKS device: its header lies before. */
export const LUKS_HEADER_BYTES = 4 * MiB
/** dm-crypt needs cbc to load at all, cryptsetup needs the kernel's ciphers to open a key slot. */
const MODULES = ['ecb', 'cbc', 'xts', 'algif_skcipher', 'dm-crypt']
/** A key that lies next to the storage need not resist guessing. */
const FAST = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000']

/** Encrypted devices of one key and of names with one prefix; `prefix` carries the lab's. */
export class Crypt {
  private readonly lab: Lab
  private readonly prefix: string
  private readonly keyFile: string

  private constructor(lab: Lab, prefix: string, keyFile: string) {
    this.lab = lab
    this.prefix = prefix
    this.keyFile = keyFile
  }

  /** Makes a random key. The key and every device that is open then go with the lab. `name` carries the lab's prefix. */
  static async open(lab: Lab, name: string): Promise<Crypt> {
    const keyFile = join(lab.folder, `${name}.key`)
    const crypt = new Crypt(lab, `${name}-crypt-`, keyFile)
    await lab.machine.loadModules(MODULES)
    await lab.own(
      `the key ${keyFile}`,
      // A command of the machine, so that the script of a counterexample can repeat it.
      () => runOrThrow(lab, ['dd', 'if=/dev/urandom', `of=${keyFile}`, 'bs=32', 'count=1', 'status=none']),
      () => rm(keyFile, { force: true }),
    )
    await lab.own(
      `the encrypted devices of ${name}`,
      async () => {},
      () => crypt.closeAll(),
    )
    return crypt
  }

  /** Writes a LUKS2 header to a device. The bytes after the first 4 MiB stay as they are, and read as noise from now on. */
  async format(device: string): Promise<void> {
    const form = ['--type', 'luks2', ...FAST, '--cipher', 'aes-xts-plain64', '--offset', `${LUKS_HEADER_BYTES / 512}`]
    await this.cryptsetup(['luksFormat', '--batch-mode', ...form, '--key-file', this.keyFile, device])
  }

  /** Opens a device under a name, or finds it open. Returns the path where its content is plain. */
  async open(device: string, name: string): Promise<string> {
    const opened = this.prefix + name
    if (!(await this.opened()).includes(opened))
      await this.cryptsetup(['open', '--disable-keyring', '--key-file', this.keyFile, device, opened])
    return `/dev/mapper/${opened}`
  }

  async isOpen(name: string): Promise<boolean> {
    return (await this.opened()).includes(this.prefix + name)
  }

  /** Closes what was opened under a name; nothing happens when it is closed. */
  async close(name: string): Promise<void> {
    if (await this.isOpen(name)) await this.cryptsetup(['close', this.prefix + name])
  }

  private async closeAll(): Promise<void> {
    for (const opened of await this.opened()) await this.cryptsetup(['close', opened])
  }

  /** Brings what was written through an open device to the device below. */
  async flush(name: string): Promise<void> {
    if (await this.isOpen(name)) await runOrThrow(this.lab, ['sync', `/dev/mapper/${this.prefix}${name}`])
  }

  /** Makes an open device as large as the one below has become. */
  async resize(name: string): Promise<void> {
    if (await this.isOpen(name)) await this.cryptsetup(['resize', '--disable-keyring', '--key-file', this.keyFile, this.prefix + name])
  }

  private async opened(): Promise<string[]> {
    const { dmDevices } = await this.lab.helper.inventory(this.lab.prefix)
    return dmDevices.filter((device) => device.startsWith(this.prefix))
  }

  private async cryptsetup(words: readonly string[]): Promise<void> {
    await runOrThrow(this.lab, ['cryptsetup', ...words], WITHOUT_UDEV)
  }
}
