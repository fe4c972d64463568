import { buildStorage } from '../../harness/explore/build_storage.ts'
import { traps } from '../../harness/explore/traps.ts'
import { runOrThrow } from '../../harness/machine/machine.ts'
import { expect, scenario } from '../../harness/scenario.ts'

scenario(
  'copies with the same source share it as long as it holds what was written, and not when a byte has changed',
  async ({ session }) => {
    const [testBed] = session.testBeds
    const [first, second] = traps
    if (testBed === undefined || first === undefined || second === undefined) throw new Error('there is no test bed, or there are no traps')
    const built = async ({ copyCase }: typeof first) => {
      const lab = await testBed.lab.child()
      try {
        return await buildStorage(testBed, lab, copyCase)
      } finally {
        expect(await lab.release()).toEqual([])
      }
    }

    const { source, content } = await built(first)
    expect(await built(second)).toMatchObject({ source, content })
    await runOrThrow(testBed.machine, ['dd', 'if=/dev/urandom', `of=${source.path}`, 'bs=512', 'count=1', 'oflag=direct', 'conv=notrunc'])
    await expect(built(second)).rejects.toThrow(/^5\d\d bytes of .* have changed, which was a source and only read$/)
    const anew = await built(second)
    expect(anew.content.tag).not.toBe(content.tag)
  },
)
