import { BrokenLab } from '../../errors.ts'
import { describeEnding } from '../command_failed.ts'
import { type Machine, type MachineKind, runOrThrow, type StartOptions } from '../machine.ts'
import { startHere } from '../native.ts'
import { RUN_VARIABLE } from '../prefix.ts'
import { runToEnd } from '../run_to_end.ts'
import { toolsEnvironment } from '../tools.ts'
import { GuestConnection } from './connection.ts'
import { nearFirst } from './near_tools.ts'

/** The modules without which a guest is of no use. Its agent loads them. */
export const GUEST_MODULES = ['loop', 'ext4', 'dm-mod', 'dm-thin-pool', 'nfsd', 'nfsv4']
/** What storage may stand on, as far as the kernel has it. A guest loads no module by itself, so its agent loads these too. */
export const LAYER_MODULES = ['dm-snapshot', 'ecb', 'cbc', 'xts', 'algif_skcipher', 'dm-crypt', 'dm-mirror', 'raid1', 'dm-raid', 'nbd']
const CONSOLE_TAIL_BYTES = 8192

export interface GuestPlacement {
  /** The run's folder: shared with the guest, and where UML keeps its memory file (so not on a noexec mount). */
  readonly shared: string
  /** Pins the guest to this core. QEMU's threads share the cores instead. */
  readonly core?: number
  readonly memoryMiB: number
  /** The kernel of a UML guest: a version, `distribution` or `newest` (the default). */
  readonly kernel?: string
}

export interface GuestPlan {
  readonly kind: MachineKind
  readonly name: string
  readonly shared: string
  /** The emulator with its arguments; its stdin and stdout are the line to the agent, its stderr the guest's console. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The working directory of the emulator; default: this process's own. */
  readonly folder?: string
  readonly bootSeconds: number
  /** The agent's program and the folder of the guest's modules, with its modules.dep: the same paths here and in the guest. */
  readonly agent: string
  readonly modules: string
}

/** Boots a guest and waits for its agent. Throws BrokenLab with the console's tail when it does not answer in time. */
export async function bootGuest(plan: GuestPlan): Promise<Machine> {
  const emulator = startHere(plan.argv, { ...plan.env, [RUN_VARIABLE]: plan.shared }, plan.folder)
  const kill = () => emulator.kill()
  process.once('exit', kill)
  const console = new ConsoleTail()
  emulator.stderr.on('data', (data: Buffer) => console.push(data))
  const connection = new GuestConnection(emulator.stdin, emulator.stdout)
  const broken = (what: string) => new BrokenLab(`guest ${plan.name} ${what}\n${console.describe()}`)
  let closing = false
  const gone = emulator.exited.then(async () => {
    emulator.kill() // UML's helper processes outlive its main process, and hold its output open
    const ending = await emulator.ended
    process.removeListener('exit', kill)
    connection.fail(broken(closing ? 'is closed' : `died: ${plan.argv[0]} ${describeEnding(ending)}`))
  })
  const close = async () => {
    closing = true
    emulator.kill()
    await gone
  }
  const late = setTimeout(
    () => connection.fail(broken(`did not answer within ${plan.bootSeconds} s of its start`)),
    plan.bootSeconds * 1000,
  )
  try {
    const kernel = await connection.ready
    const start = async (argv: readonly string[], options: StartOptions = {}) =>
      connection.start(argv, nearFirst({ ...toolsEnvironment(), ...options.env }))
    const run: Machine['run'] = (argv, options) => runToEnd(argv, () => start(argv, options), options)
    const loaded = new Set([...GUEST_MODULES, ...LAYER_MODULES])
    return {
      kind: plan.kind,
      name: plan.name,
      kernel,
      shared: plan.shared,
      start,
      run,
      loadModules: async (names) => {
        const wanted = names.filter((name) => !loaded.has(name))
        if (wanted.length === 0) return
        await runOrThrow({ run }, [plan.agent, plan.modules, ...wanted])
        for (const name of wanted) loaded.add(name)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  } finally {
    clearTimeout(late)
  }
}

/** The addresses of a panic are of no use and push the reason out of sight. */
const STACK_LINE = /^\s*(\[<[0-9a-f]+>\]|[0-9a-f ]+$)/

class ConsoleTail {
  private text = ''

  push(data: Buffer): void {
    this.text = (this.text + data.toString('latin1')).slice(-CONSOLE_TAIL_BYTES)
  }

  describe(): string {
    const lines = this.text.split(/\r?\n/).filter((line) => line.trim() !== '' && !STACK_LINE.test(line))
    if (lines.length === 0) return 'its console is empty'
    return ['the end of its console:', ...lines.slice(-15).map((line) => `  ${line}`)].join('\n')
  }
}
