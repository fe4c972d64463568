import { availableParallelism, release, tmpdir, totalmem } from 'node:os'
import { messageOf } from '../../../harness/errors.ts'
import { temporaryFolders, whyUnusable } from '../../../harness/lab/run_folder.ts'
import { findRuns } from '../../../harness/lab/sweep.ts'
import { installedCinders } from '../../../harness/machine/cinder_releases.ts'
import { knownOfKvm } from '../../../harness/machine/guest/kvm_probe.ts'
import { hasSeccompMode, installedKernels, type UmlKernel } from '../../../harness/machine/guest/uml_kernels.ts'
import type { MachineKind } from '../../../harness/machine/machine.ts'
import { openNative } from '../../../harness/machine/native.ts'
import { lacksForNative } from '../../../harness/machine/probe_native.ts'
import { installedQemus, type Qemu } from '../../../harness/machine/qemu_versions.ts'
import { readToolVersions, type ToolVersions, whyNotGnuDd } from '../../../harness/machine/tool_versions.ts'
import { cacheFolder, findProgram } from '../../../harness/machine/tools.ts'
import { commandLine } from '../../../harness/paths.ts'
import { GiB } from '../../../harness/units.ts'
import { tryToWrite } from '../output/out.ts'
import { recall } from './remembered_machine.ts'
import { type GuestKind, guestsInOrder, PARTS, prefersNative, tryBoot } from './select_machine.ts'
import { lacksOf, type Part } from './setup.ts'

/** The space that a run of the matrix on two guests needs. */
const WANTED_BYTES = 4 * GiB

/** One thing that was examined. `help` gives the remedy if it is not well. */
export interface Observation {
  readonly what: string
  readonly state: 'well' | 'missing' | 'unwell'
  readonly text: string
  readonly help?: string
}

/** The state of a machine kind here: it works, it works once it is installed, or it cannot work. */
export interface KindObservation {
  readonly kind: MachineKind
  readonly state: 'works' | 'can-be-brought' | 'impossible'
  readonly text: string
}

export interface Examination {
  readonly observations: readonly Observation[]
  readonly kinds: readonly KindObservation[]
  /** The choice of `--machine auto`; absent if no machine kind is usable. */
  readonly auto?: { readonly kind: MachineKind; readonly why: string }
}

/** Everything that doctor examines. Tests replace it to describe another machine. */
export interface Probes {
  readonly nodeVersion: string
  readonly isRoot: boolean
  readonly hasProgram: (name: string) => boolean
  readonly lacksOf: typeof lacksOf
  /** The kernels that User-Mode Linux can boot. */
  readonly kernels: typeof installedKernels
  /** The QEMUs whose storage daemon is installed. */
  readonly qemus: typeof installedQemus
  /** The releases of Cinder whose drivers can be run. */
  readonly cinders: typeof installedCinders
  /** What the programs that a run uses say of their versions. */
  readonly toolVersions: () => Promise<ToolVersions>
  readonly lacksForNative: () => Promise<readonly string[]>
  /** The reason why a guest of this kind does not boot; undefined if it boots. */
  readonly refusesToBoot: (kind: MachineKind) => Promise<string | undefined>
  readonly kvm: typeof knownOfKvm
  readonly remembered: () => Promise<GuestKind | undefined>
  readonly prefersNative: () => boolean
  readonly folders: () => Promise<readonly { readonly folder: string; readonly refusal?: string }[]>
  readonly leftovers: () => Promise<number>
  readonly cores: number
  readonly memoryBytes: number
  readonly cacheFolder: string
  /** The reason why the cache folder is not writable; undefined if it is. */
  readonly cacheRefusal: () => string | undefined
}

export const realProbes: Probes = {
  nodeVersion: process.versions.node,
  isRoot: process.getuid?.() === 0,
  hasProgram: (name) => findProgram(name) !== undefined,
  lacksOf,
  kernels: () => installedKernels(),
  qemus: installedQemus,
  cinders: () => installedCinders(),
  toolVersions: () => readToolVersions(openNative('doctor', tmpdir())),
  lacksForNative: () => lacksForNative({ load: false }),
  refusesToBoot: async (kind) => {
    try {
      const kernel = kind === 'uml' ? (await recall())?.kernel : undefined
      await tryBoot({ kind, ...(kernel !== undefined && { kernel }) })
      return undefined
    } catch (error) {
      return messageOf(error).split('\n')[0] ?? ''
    }
  },
  kvm: knownOfKvm,
  remembered: async () => (await recall())?.kind,
  prefersNative,
  folders: () =>
    Promise.all(
      temporaryFolders.map(async (folder) => {
        const refusal = await whyUnusable(folder, WANTED_BYTES)
        return { folder, ...(refusal !== undefined && { refusal }) }
      }),
    ),
  leftovers: async () => {
    const { owners } = await findRuns()
    return [...owners.values()].filter((owner) => owner === 'dead').length
  },
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  cacheFolder,
  cacheRefusal: () => {
    try {
      tryToWrite(cacheFolder)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  },
}

/** Examines everything and changes nothing. Installed guests are booted for a moment. */
export async function examine(probes: Probes): Promise<Examination> {
  const kinds = await Promise.all((['native', 'uml', 'qemu'] as const).map((kind) => examineKind(kind, probes)))
  const auto = await chooseAuto(kinds, probes)
  return { observations: await observe(probes), kinds, ...(auto !== undefined && { auto }) }
}

async function examineKind(kind: MachineKind, probes: Probes): Promise<KindObservation> {
  const missing = (kind === 'uml' ? [...PARTS.uml, 'uml' as const] : PARTS[kind]).flatMap((part) => lacksOfPart(part, probes).missing)
  if (kind === 'native') {
    const lacks = await probes.lacksForNative()
    if (lacks.length > 0) return { kind, state: 'impossible', text: lacks.join('; ') }
  }
  if (missing.length > 0) {
    const text = `missing: ${missing.join(', ')}`
    const canBeBrought = probes.hasProgram('apt-get') && probes.cacheRefusal() === undefined
    return { kind, state: canBeBrought ? 'can-be-brought' : 'impossible', text }
  }
  if (kind === 'native') return { kind, state: 'works', text: 'this kernel has thin pools' }
  const refusal = await probes.refusesToBoot(kind)
  if (refusal !== undefined) return { kind, state: 'impossible', text: refusal }
  const kvm =
    kind === 'qemu'
      ? { works: ', with KVM', hangs: ', without KVM, which hangs on this machine', untried: '', absent: ', without KVM' }[
          await probes.kvm()
        ]
      : ''
  return { kind, state: 'works', text: `a guest has just booted${kvm}` }
}

/** Any kernel will do for User-Mode Linux. */
function lacksOfPart(part: Part, { lacksOf, kernels }: Probes): ReturnType<typeof lacksOf> {
  return part === 'uml' && kernels().length > 0 ? { missing: [], packages: [] } : lacksOf(part)
}

/** The kernels on one line each, the newest first. */
function describeKernels(kernels: readonly UmlKernel[]): string {
  const described = kernels.map((kernel) => {
    const traits = [
      ...(kernel.ownDistribution ? ["this distribution's"] : []),
      hasSeccompMode(kernel) ? 'with seccomp' : 'with ptrace, half as fast as with seccomp',
    ]
    return `kernel ${kernel.version}, ${traits.join(', ')}`
  })
  return described.join('\n')
}

async function chooseAuto(kinds: readonly KindObservation[], probes: Probes): Promise<Examination['auto']> {
  const stateOf = (kind: MachineKind) => kinds.find((some) => some.kind === kind)?.state
  const can = (kind: MachineKind) => stateOf(kind) === 'works' || stateOf(kind) === 'can-be-brought'
  if (probes.prefersNative() && can('native')) return { kind: 'native', why: 'CI as root, on a kernel with thin pools' }
  const remembered = await probes.remembered()
  const kind = guestsInOrder(remembered).find(can)
  if (kind === undefined) return undefined
  if (stateOf(kind) === 'can-be-brought') return { kind, why: 'the first guest that can be installed here' }
  return { kind, why: kind === remembered ? 'it has booted under this kernel before' : 'the first guest that boots here' }
}

const PART_TITLES: Record<Part, string> = {
  storage: 'LVM and storage',
  layers: 'layers (LUKS, qcow2)',
  uml: 'User-Mode Linux',
  qemu: 'QEMU',
  cinder: "Cinder's own drivers",
  libvirt: 'libvirt',
}
const SETUP: Record<Part, string> = {
  storage: 'setup',
  layers: 'setup',
  uml: 'setup --machine uml',
  qemu: 'setup --machine qemu',
  cinder: 'setup --cinder',
  libvirt: 'setup --libvirt',
}

async function observe(probes: Probes): Promise<Observation[]> {
  const major = Number(probes.nodeVersion.split('.')[0])
  const folders = await probes.folders()
  const roomy = folders.find(({ refusal }) => refusal === undefined)
  const cacheRefusal = probes.cacheRefusal()
  const leftovers = await probes.leftovers()
  return [
    {
      what: 'Node.js',
      state: major >= 20 ? 'well' : 'unwell',
      text: probes.nodeVersion,
      ...(major < 20 && { help: 'Node.js 20 or newer is needed' }),
    },
    program(probes, 'npm', 'apt-get install npm'),
    program(probes, 'apt-get', 'needed to install what is missing: use Debian 12 or 13, or Ubuntu'),
    { what: 'user', state: 'well', text: probes.isRoot ? 'root' : 'not root: guests work, native does not' },
    { what: 'kernel', state: 'well', text: `${release()}, ${probes.cores} cores, ${(probes.memoryBytes / GiB).toFixed(1)} GiB` },
    ...(Object.keys(PART_TITLES) as Part[]).map((part): Observation => {
      const { missing, packages } = lacksOfPart(part, probes)
      const what = PART_TITLES[part]
      return missing.length === 0
        ? { what, state: 'well', text: describePart(part, probes) }
        : {
            what,
            state: 'missing',
            text: missing.join(', '),
            help: `run ${commandLine(SETUP[part])}, or apt-get install ${packages.join(' ')}`,
          }
    }),
    describeQemus(probes.qemus()),
    describeTools(await probes.toolVersions()),
    roomy === undefined
      ? {
          what: 'temporary files',
          state: 'unwell',
          text: folders.map(({ folder, refusal = '' }) => `${folder}: ${refusal}`).join('; '),
          help: 'set TMPDIR to a folder with enough space, on a mount without noexec',
        }
      : { what: 'temporary files', state: 'well', text: roomy.folder },
    cacheRefusal === undefined
      ? { what: 'cache', state: 'well', text: probes.cacheFolder }
      : {
          what: 'cache',
          state: 'unwell',
          text: `${probes.cacheFolder} is not writable: ${cacheRefusal}`,
          help: 'set HOLEPROOF_CACHE to a writable folder',
        },
    leftovers === 0
      ? { what: 'killed runs', state: 'well', text: 'nothing was left behind' }
      : {
          what: 'killed runs',
          state: 'unwell',
          text: `${leftovers} left resources behind`,
          help: `run ${commandLine('sweep')}`,
        },
  ]
}

function describePart(part: Part, { kernels, cinders }: Probes): string {
  if (part === 'uml') return describeKernels(kernels())
  if (part === 'cinder')
    return cinders()
      .map(({ version }) => `Cinder ${version}`)
      .join('\n')
  return 'installed'
}

/** The storage daemons that live migrations pass through, the newest first. */
function describeQemus(qemus: readonly Qemu[]): Observation {
  const what = 'live migrations'
  if (qemus.length > 0) return { what, state: 'well', text: qemus.map(({ version }) => `QEMU ${version}`).join('\n') }
  return { what, state: 'missing', text: 'no QEMU storage daemon', help: `run ${commandLine('setup')}` }
}

/** The programs on one line each. */
function describeTools(versions: ToolVersions): Observation {
  const what = 'versions'
  const text = Object.entries(versions).map(([name, said]) => (said.startsWith(name) ? said : `${name}: ${said}`))
  const help = whyNotGnuDd(versions)
  return { what, state: help === undefined ? 'well' : 'unwell', text: text.join('\n'), ...(help !== undefined && { help }) }
}

function program({ hasProgram }: Probes, name: string, help: string): Observation {
  return hasProgram(name) ? { what: name, state: 'well', text: 'installed' } : { what: name, state: 'missing', text: 'not installed', help }
}
