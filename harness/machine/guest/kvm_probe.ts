import { constants, existsSync } from 'node:fs'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { startHere } from '../native.ts'
import { runToEnd } from '../run_to_end.ts'
import { cacheFolder, toolsEnvironment } from '../tools.ts'

const PROBE_SECONDS = 5
/** A kernel that runs prints this when it finds no root. */
const SIGN_OF_LIFE = 'Unable to mount root fs'

const answerFile = join(cacheFolder, 'kvm.json')

/**
 * Tests whether stock kernels run under KVM here. An open /dev/kvm does not prove it: on some nested hosts they hang. So a kernel is
 * booted once, for 5 s at most, and the answer is remembered for this machine's kernel.
 */
export async function kvmWorks(qemu: readonly string[], kernel: string): Promise<boolean> {
  if (!(await opensKvm())) return false
  if (!['kvm_intel', 'kvm_amd'].some((module) => existsSync(join('/sys/module', module)))) return false
  const known = await knownAnswers()
  const remembered = known[release()]
  if (remembered !== undefined) return remembered
  const works = await bootsUnderKvm(qemu, kernel)
  await mkdir(cacheFolder, { recursive: true })
  await writeFile(answerFile, `${JSON.stringify({ ...known, [release()]: works })}\n`)
  return works
}

/** Returns what is known about KVM here without trying it. */
export async function knownOfKvm(): Promise<'works' | 'hangs' | 'untried' | 'absent'> {
  if (!(await opensKvm())) return 'absent'
  const answer = (await knownAnswers())[release()]
  return answer === undefined ? 'untried' : answer ? 'works' : 'hangs'
}

/** Boots a kernel without a root: a living one panics at once, and with `panic=-1` and `-no-reboot` QEMU ends then. */
async function bootsUnderKvm(qemu: readonly string[], kernel: string): Promise<boolean> {
  const argv = [
    ...[...qemu, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-M', 'q35', '-accel', 'kvm', '-cpu', 'max'],
    ...['-m', '256M', '-kernel', kernel, '-append', 'console=ttyS0 earlyprintk=ttyS0 panic=-1', '-serial', 'stdio'],
  ]
  const { stdout } = await runToEnd(argv, async () => startHere(argv, toolsEnvironment()), { timeoutSeconds: PROBE_SECONDS })
  return stdout.includes(SIGN_OF_LIFE)
}

async function opensKvm(): Promise<boolean> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function knownAnswers(): Promise<Record<string, boolean>> {
  const text = await readFile(answerFile, 'utf8').catch(() => '{}')
  try {
    const answers: unknown = JSON.parse(text)
    if (typeof answers !== 'object' || answers === null) return {}
    return Object.fromEntries(Object.entries(answers).filter((pair): pair is [string, boolean] => typeof pair[1] === 'boolean'))
  } catch {
    return {} // a file that was cut short is as good as none
  }
}
