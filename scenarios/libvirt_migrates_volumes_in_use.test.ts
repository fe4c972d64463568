import type { Content } from '../harness/content/content.ts'
import { PivotUnknown } from '../harness/errors.ts'
import { missingForLibvirt } from '../harness/machine/libvirt_root.ts'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { soundParts } from '../harness/migration/parts.ts'
import { Instance } from '../harness/movers/mirror/instance.ts'
import { Libvirt } from '../harness/movers/mirror/libvirt/libvirt.ts'
import type { LibvirtDisk } from '../harness/movers/mirror/libvirt/libvirt_disk.ts'
import { expect, MiB, type ScenarioContext, type ScenarioVolume, scenario, testBedOf } from '../harness/scenario.ts'
import type { Session } from '../harness/testbed/session.ts'
import { cellsOnRequest } from '../harness/verify/cell.ts'
import { runCells } from '../harness/verify/run_cells.ts'

const CELL = 'libvirt/lvm-thin/lvm-thin/mixed'
const onLibvirt = scenario.skipIf(selectedKind !== 'uml' || missingForLibvirt().length > 0)

onLibvirt('libvirt goes with its lab, and takes a domain along that nobody ended', async ({ context }) => {
  const running = async () => (await context.machine.run(['sh', '-c', 'cat /proc/[0-9]*/comm'])).stdout.toString().split('\n')
  const volume = await context.volumeOn('lvm-thin', 16 * MiB)
  const lab = await context.lab.child()
  await (await Libvirt.start(lab)).open(lab, await volume.path())
  expect(await running()).toEqual(expect.arrayContaining(['libvirtd', 'qemu-system-x86']))

  expect(await lab.release()).toEqual([])

  expect((await running()).filter((name) => /libvirt|qemu/.test(name))).toEqual([])
})

onLibvirt('the volume of a domain migrates by the rule, with all that was written meanwhile', async ({ session, signal }) => {
  const cells = cellsOnRequest.filter(({ id }) => id === CELL)
  const quietly = { repeat: () => '', onEvent: () => {} }

  const { results, leaks } = await runCells(cells, session.testBeds, { ...quietly, parts: soundParts, signal })

  expect(results.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual([[CELL, 'upheld', undefined]])
  expect(results[0]?.evidence?.mirror).toMatchObject({ libvirt: expect.stringMatching(/^\d+\.\d+/), options: {} })
  expect(leaks).toEqual([])
})

onLibvirt('writes that pass below the block job are missing on the destination', async ({ context, session }) => {
  const { destination, instance } = await startInstance(context, session, async (disk) => {
    await disk.addExport('libvirt-1-storage', 'below')
    Object.assign(disk, { export: { ...disk.export, exportName: 'below' } })
  })

  await instance.mirror({ to: await destination.path(), options: {} })
  await instance.goOn()
  const { content, lost } = await instance.stop()

  expect(lost).toBeUndefined()
  expect(await firstWrongOn(destination, content)).toMatchObject({ expected: 'data', found: { what: 'other-write' } })
})

onLibvirt('writes after a mirror that was ended instead of pivoted are missing on the destination', async ({ context, session }) => {
  const { source, destination, instance } = await startInstance(context, session, async (disk) => {
    Object.assign(disk, { pivot: () => disk.giveUp() })
  })

  await instance.mirror({ to: await destination.path(), options: {} })
  await instance.goOn()
  const { content, lost } = await instance.stop()

  expect(lost).toBeUndefined()
  await expect(source).toHold(content)
  expect(await firstWrongOn(destination, content)).toMatchObject({ expected: 'data', found: { what: 'other-write' } })
})

onLibvirt('a domain that dies while it is mirrored leaves the source whole', async ({ context, session }) => {
  let ownDisk: LibvirtDisk | undefined
  const { source, destination, instance } = await startInstance(context, session, async (disk) => {
    ownDisk = disk
  })

  const mirrored = instance.mirror({ to: await destination.path(), options: {}, onStage: async () => ownDisk?.close() })

  await expect(mirrored).rejects.not.toThrow(PivotUnknown)
  const { content, lost } = await instance.stop()
  expect(lost).toContain('the NBD server closed the connection')
  await expect(source).toHold(content)
})

async function firstWrongOn(volume: ScenarioVolume, content: Content) {
  return (await volume.verify(content)).differences[0]
}

/** An instance that writes to a domain's thin volume, and a thick one to migrate to. `tamper` breaks the disk before the first write. */
async function startInstance(context: ScenarioContext, session: Session, tamper: (disk: LibvirtDisk) => Promise<void>) {
  const source = await context.volumeOn('lvm-thin', 16 * MiB)
  const destination = await context.volumeOn('lvm-thick', 16 * MiB)
  const content = await source.stamp('mixed')
  const libvirt = await testBedOf(session).libvirt()
  const tampered = {
    version: libvirt.version,
    open: async (...order: Parameters<typeof libvirt.open>) => {
      const disk = await libvirt.open(...order)
      await tamper(disk)
      return disk
    },
  }
  const instance = await Instance.start(context.lab, tampered, { path: await source.path(), content, writer: 'overwrite' })
  return { source, destination, instance }
}
