import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dmName, isThinPool, parseStatus, type ThinPoolStatus } from '../harness/block/status.ts'
import { readThinMaps } from '../harness/block/thin_map.ts'
import { type Range, scaled, touched } from '../harness/content/ranges.ts'
import { runOrThrow } from '../harness/machine/machine.ts'
import { exactly } from '../harness/model/amount.ts'
import { METADATA_BLOCK_BYTES, poolMetadata, takenByVolume } from '../harness/model/thin_metadata.ts'
import { forecastSchema } from '../harness/result/forecast.ts'
import { expect, MiB, type ScenarioContext, scenario } from '../harness/scenario.ts'
import { bytesOf } from '../harness/simulate/copies.ts'
import { readFleet } from '../harness/simulate/fleet.ts'
import type { FleetFile } from '../harness/simulate/fleet_file.ts'

const CHUNK = 64 * 1024
const simulate = fileURLToPath(new URL('../scripts/simulate', import.meta.url))

/** A thin pool with two volumes that were written to in different ways, and what was written, in whole chunks. */
async function place(context: ScenarioContext) {
  const backend = await context.backend('lvm-thin', 96 * MiB)
  const mixed = await context.volume(backend, 64 * MiB, 'volume-1')
  const scattered = await context.volume(backend, 32 * MiB, 'volume-2')
  const written = [await mixed.stamp('mixed'), await scattered.stamp('scattered-64k')].map(({ extents }) =>
    touched(
      extents.map(({ offset, length }): Range<true> => ({ from: offset, to: offset + length, value: true })),
      CHUNK,
    ),
  )
  return { written, group: backend.group ?? '', volumes: [mixed, scattered] }
}

/** Runs the command in the machine, on the scenario's own devices. */
async function run({ lab, machine, lvmEnvironment }: ScenarioContext, argv: readonly string[]) {
  const { ending, stdout, stderr } = await machine.run([simulate, ...argv], {
    env: { ...lvmEnvironment, TMPDIR: lab.folder, HOME: lab.folder },
  })
  return { ending, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** The status of a backend's pool. The kernel commits its metadata first. */
async function poolStatus({ lab }: ScenarioContext, group: string): Promise<ThinPoolStatus> {
  const device = `${dmName(group, `${group}-pool`)}-tpool`
  const status = parseStatus(await runOrThrow(lab, ['dmsetup', 'status', device]), device).get(device)
  if (!isThinPool(status)) throw new Error(`${device} is not a thin pool`)
  return status
}

scenario('the maps of a pool are what was written to its volumes, and the snapshot of its metadata is given back', async ({ context }) => {
  const { group, written } = await place(context)
  const pool = dmName(group, `${group}-pool`)

  for (const _ of ['once', 'again']) {
    const maps = [...(await readThinMaps(context.lab, pool)).values()]

    expect(maps.map((map) => touched(map, 1))).toEqual(written)
  }
})

scenario('a fleet file of a real pool holds what was written, with maps exactly and without them by Data%', async ({ context }) => {
  const { group, written } = await place(context)
  const read = async (...more: string[]) => {
    const { stdout, stderr, ending } = await run(context, ['--from-lvm', group, ...more])
    expect(stderr).toBe('')
    expect(ending).toEqual({ how: 'exit', code: 0 })
    return readFleet(JSON.parse(stdout), 'the fleet file')
  }
  const [withMaps, without] = [await read('--maps'), await read()]
  const status = await runOrThrow(context.lab, ['dmsetup', 'status', `${dmName(group, `${group}-pool`)}-tpool`])
  const used = Number(/ (\d+)\/\d+ - /.exec(status)?.[1]) * CHUNK

  expect(withMaps.volumes.map(({ content }) => content)).toEqual(
    written.map((chunks) => ({ kind: 'mapped', unitBytes: CHUNK, ranges: scaled(chunks, CHUNK) })),
  )
  expect(withMaps.pools[0]?.used).toEqual({ least: used, most: used })
  for (const [index, { content }] of without.volumes.entries()) {
    const exact = bytesOf(withMaps.volumes[index]?.content ?? content)
    expect(bytesOf(content).least).toBeLessThanOrEqual(exact.least)
    expect(bytesOf(content).most).toBeGreaterThanOrEqual(exact.most)
  }
  expect(without.pools[0]?.used.most).toBeGreaterThanOrEqual(used)
})

// The other volume has zeros written to it, which are allocated and not copied: of it the forecast is more than is taken.
scenario('a forecast of a migration is what the migration then takes', async ({ context }) => {
  const { group, volumes } = await place(context)
  const target = await context.backend('lvm-thin', 96 * MiB)
  const pool = (name: string) => `${name}/${name}-pool`
  const plan: Pick<FleetFile, 'migrations'> & { pools: object[] } = {
    pools: [{ name: pool(target.group ?? ''), claims: true }],
    migrations: [{ volume: `${group}/volume-2`, to: pool(target.group ?? '') }],
  }
  const file = join(context.lab.folder, 'plan.json')
  const out = join(context.lab.folder, 'forecast')
  await context.lab.own(
    'the plan and its forecast',
    () => writeFile(file, JSON.stringify(plan)),
    async () => void (await context.machine.run(['rm', '-rf', file, out])),
  )
  // Meta% that lvs shows includes what is not committed yet, so commit it.
  const [source, destination] = [group, target.group ?? '']
  await poolStatus(context, source)
  const forecast = await run(context, ['--from-lvm', '--maps', '--plan', file, '--out', out])
  expect(forecast.stderr).toBe('')
  const written = forecastSchema.parse(JSON.parse((await runOrThrow(context.lab, ['cat', join(out, 'forecast.json')])).toString()))

  const [, volume] = volumes
  if (volume === undefined) throw new Error('there are two volumes')
  await context.migrate(volume, target, 'host')
  const { mappedBytes, dataPercent } = await context.spaceOf(target, 'volume-2')

  const sparse = written.moved[0]?.after.find(({ strategy }) => strategy === 'sparse')?.share
  expect(sparse).toEqual({ bytes: { least: mappedBytes, most: mappedBytes }, dataPercent: { least: dataPercent, most: dataPercent } })
  expect(forecast.stdout).toMatch(/^✓ fits, copied as the rule permits: 1 migration/m)
  const outcome = written.outcomes.find(({ strategy }) => strategy === 'sparse')
  for (const one of [source, destination]) {
    const { usedDataBlocks, usedMetadataBlocks } = await poolStatus(context, one)
    const { final, metadata } = outcome?.pools.find(({ pool: name }) => name === pool(one)) ?? {}
    const metadataBytes = usedMetadataBlocks * METADATA_BLOCK_BYTES
    expect(final?.bytes).toEqual(exactly(usedDataBlocks * CHUNK))
    expect(metadata?.final.bytes.least).toBeLessThanOrEqual(metadataBytes)
    expect(metadata?.final.bytes.most).toBeGreaterThanOrEqual(metadataBytes)
  }
})

// 1 to 252 chunks take one node and 253 take three: no order of the writes changes that.
scenario('the metadata of a real pool grows as the model says', async ({ context }) => {
  const backend = await context.backend('lvm-thin', 96 * MiB)
  const group = backend.group ?? ''
  const empty = await poolStatus(context, group)
  const { emptyBlocks, blocks } = poolMetadata(empty.totalMetadataBlocks * METADATA_BLOCK_BYTES, empty.totalDataBlocks)
  expect(empty).toMatchObject({ usedMetadataBlocks: emptyBlocks, totalMetadataBlocks: blocks })

  let before = empty.usedMetadataBlocks
  for (const [index, chunks] of [0, 1, 252, 253, 700].entries()) {
    const volume = await context.volume(backend, 44 * MiB, `volume-${index}`)
    if (chunks > 0)
      await runOrThrow(context.lab, [
        ...['dd', 'if=/dev/urandom', `of=${await volume.path()}`, `bs=${CHUNK}`, `count=${chunks}`],
        ...['iflag=fullblock', 'oflag=direct', 'status=none'],
      ])
    const { usedMetadataBlocks } = await poolStatus(context, group)
    const { least, most } = takenByVolume(exactly(chunks), index + 1)

    expect(usedMetadataBlocks - before, `${chunks} chunks`).toBeGreaterThanOrEqual(least)
    expect(usedMetadataBlocks - before, `${chunks} chunks`).toBeLessThanOrEqual(most)
    if (chunks <= 253) expect(least).toBe(most)
    before = usedMetadataBlocks
  }
})

// Volumes that only the kernel knows fill the metadata: each has a root of its own. LVM takes low ids.
scenario('LVM creates volumes until the metadata of a pool reaches the limit of the model', async ({ context }) => {
  const backend = await context.backend('lvm-thin', 96 * MiB)
  const group = backend.group ?? ''
  await context.volume(backend, MiB, 'volume-0')
  const device = `${dmName(group, `${group}-pool`)}-tpool`
  const { totalMetadataBlocks, totalDataBlocks, usedMetadataBlocks } = await poolStatus(context, group)
  const { refusedFrom } = poolMetadata(totalMetadataBlocks * METADATA_BLOCK_BYTES, totalDataBlocks)
  let id = 1000
  for (let used = usedMetadataBlocks; used < refusedFrom - 1; used = (await poolStatus(context, group)).usedMetadataBlocks) {
    // From 126 volumes on, some take a second block.
    const more = Math.max(1, Math.floor((refusedFrom - 1 - used) * 0.9))
    const fill = `for id in $(seq ${id} ${id + more - 1}); do dmsetup message ${device} 0 "create_thin $id" || exit; done`
    await runOrThrow(context.lab, ['sh', '-c', fill])
    id += more
  }

  await context.volume(backend, MiB, 'volume-1')
  expect((await poolStatus(context, group)).usedMetadataBlocks).toBe(refusedFrom)
  await expect(context.volume(backend, MiB, 'volume-2')).rejects.toThrow(/threshold/)
})
