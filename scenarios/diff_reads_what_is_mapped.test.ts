import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lengthOf, scaled, touched } from '../harness/content/ranges.ts'
import { runOrThrow } from '../harness/machine/machine.ts'
import type { Diff } from '../harness/result/diff.ts'
import { expect, MiB, type ScenarioContext, type ScenarioVolume, scenario } from '../harness/scenario.ts'

const CHUNK = 64 * 1024
const SIZE = 32 * MiB
const diff = fileURLToPath(new URL('../scripts/diff', import.meta.url))

/** Runs the command in the machine, as its operator does. Returns its exit code and what it wrote down. */
async function compared({ lab, machine, lvmEnvironment }: ScenarioContext, source: ScenarioVolume, destination: ScenarioVolume) {
  const json = join(lab.folder, 'diff.json')
  const [one, other] = [await source.path(), await destination.path()]
  const { ending, stdout, stderr } = await machine.run([diff, '--quiet', '--json', json, one, other], {
    env: { ...lvmEnvironment, TMPDIR: lab.folder, HOME: lab.folder },
  })
  expect(stderr.toString()).toBe('')
  const written: Diff = JSON.parse(await runOrThrow(lab, ['cat', json]))
  await runOrThrow(lab, ['rm', json])
  return { ending, stdout: stdout.toString(), written }
}

scenario('a thin volume and its copy on a thin pool are the same, and what is not mapped is not read', async ({ context }) => {
  const [source, destination] = [await context.volumeOn('lvm-thin', SIZE), await context.volumeOn('lvm-thin', SIZE)]
  const { extents } = await source.stamp('scattered-64k')
  await context.copy(source, destination, 'sparse')

  const { ending, stdout, written } = await compared(context, source, destination)

  expect({ ending, same: written.same, comparedBytes: written.comparedBytes }).toEqual({
    ending: { how: 'exit', code: 0 },
    same: true,
    comparedBytes: SIZE,
  })
  const data = extents.map(({ offset, length }) => ({ from: offset, to: offset + length, value: true as const }))
  expect(written.source).toMatchObject({
    kind: 'block device',
    holes: "told by its pool's metadata",
    readBytes: lengthOf(scaled(touched(data, CHUNK), CHUNK)),
  })
  expect(written.destination.readBytes).toBeLessThan(SIZE)
  expect(stdout).toContain('✓ SAME')
})

scenario('what a sparse copy left on a dirty thick volume differs, and a full copy does not', async ({ context }) => {
  const [source, destination] = [await context.volumeOn('lvm-thin', SIZE), await context.volumeOn('lvm-thick', SIZE)]
  await source.stamp('scattered-64k')

  await context.copy(source, destination, 'sparse')
  const sparse = await compared(context, source, destination)

  expect({ ending: sparse.ending, same: sparse.written.same }).toEqual({ ending: { how: 'exit', code: 1 }, same: false })
  expect(new Set(sparse.written.ranges.map(({ source, destination }) => `${destination} where ${source} belong`))).toEqual(
    new Set(['data where zeros belong']),
  )
  expect(sparse.written.destination).toMatchObject({ readBytes: SIZE, holes: 'not known: it is not a thin volume' })

  await context.copy(source, destination, 'full')
  const full = await compared(context, source, destination)

  expect({ ending: full.ending, same: full.written.same }).toEqual({ ending: { how: 'exit', code: 0 }, same: true })
})

/** Writes a page of noise at the end of a device, and keeps the device open: its last close would flush. Ends when it is killed. */
const WRITE_AND_STAY = `exec 9<>"$0"
dd if=/dev/urandom of="$0" bs=4096 count=1 seek="$1" conv=notrunc status=none
echo written
exec sleep 600`

// What a writer has not flushed is in the page cache, and the pool has nothing mapped for it yet.
scenario('what was written and not flushed is not taken for a hole', async ({ context }) => {
  const [source, destination] = [await context.volumeOn('lvm-thin', SIZE), await context.volumeOn('lvm-thin', SIZE)]
  const path = await destination.path()
  const writer = await context.machine.start(['sh', '-c', WRITE_AND_STAY, path, `${SIZE / 4096 - 1}`])
  try {
    await once(writer.stdout, 'data')

    const { ending, written } = await compared(context, source, destination)

    expect(ending).toEqual({ how: 'exit', code: 1 })
    expect(written.ranges).toEqual([{ offset: SIZE - 4096, length: 4096, source: 'zeros', destination: 'data' }])
  } finally {
    writer.kill()
    await writer.ended
  }
})
