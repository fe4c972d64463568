import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../tests/support/example_certificate.ts'
import { exampleCell, exampleCopy, exampleResult } from '../../tests/support/example_result.ts'
import type { CellResult } from './cell.ts'
import { LEFT_OUT } from './certificate.ts'
import { type ChangeKind, COMPARISON_LIMITS, type Comparison, changeKinds, compareResults } from './compare.ts'
import { verdictSchema } from './finding.ts'
import type { Result } from './result.ts'

type Verdict = CellResult['verdict']

const of = (verdict: Verdict | undefined, seconds = 1) =>
  exampleResult([exampleCell({ id: 'other' }), ...(verdict === undefined ? [] : [exampleCell({ id: 'host/a', verdict, seconds })])])
const compare = (before: Result, after: Result, more = {}) => compareResults(before, after, { ...COMPARISON_LIMITS, ...more })
const changed = ({ changes }: Comparison) =>
  Object.fromEntries(changeKinds.flatMap((kind) => (changes[kind].length === 0 ? [] : [[kind, changes[kind].map(({ id }) => id)]])))

describe('a cell', () => {
  test.each<[Verdict | undefined, Verdict | undefined, ChangeKind | undefined, boolean]>([
    ['upheld', 'upheld', undefined, false],
    ['upheld', 'refuted', 'new-failure', true],
    ['upheld', 'broken', 'new-failure', true],
    ['upheld', 'not-shown', 'no-longer-shown', true],
    ['upheld', undefined, 'gone', false],
    ['refuted', 'upheld', 'fixed', false],
    ['refuted', 'refuted', 'still-failing', false],
    ['refuted', 'broken', 'still-failing', false],
    ['refuted', 'not-shown', 'failure-not-shown', false],
    ['broken', 'refuted', 'new-failure', true],
    ['broken', 'broken', 'still-failing', false],
    ['broken', 'upheld', 'fixed', false],
    ['not-shown', 'upheld', 'now-shown', false],
    ['not-shown', 'not-shown', undefined, false],
    ['not-shown', 'refuted', 'new-failure', true],
    [undefined, 'upheld', 'new', false],
    [undefined, 'refuted', 'new-failure', true],
    [undefined, 'not-shown', 'new', false],
  ])('that was %s and is %s is: %s; worse: %s', (before, after, kind, worse) => {
    const comparison = compare(of(before), of(after))

    expect(changed(comparison)).toEqual(kind === undefined ? {} : { [kind]: ['host/a'] })
    expect(comparison.worse).toBe(worse)
  })

  test('that is gone is worse where that was asked for', () => {
    expect(compare(of('upheld'), of(undefined), { goneIsWorse: true }).worse).toBe(true)
  })

  test('that failed tells what was seen and how to repeat it', () => {
    const findings = [{ check: 'bytes', ok: false, text: '4096 bytes are wrong' }]
    const after = exampleResult([exampleCell({ verdict: 'refuted', findings, repeat: 'scripts/verify --only it' })])
    const [change] = compare(exampleResult(), after).changes['new-failure']

    expect(change).toMatchObject({
      before: 'upheld',
      after: 'refuted',
      text: 'bytes: 4096 bytes are wrong',
      repeat: 'scripts/verify --only it',
    })
  })
})

describe('a comparison', () => {
  const cells = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...'abcdefgh'),
      verdict: fc.constantFrom(...verdictSchema.options),
      seconds: fc.double({ min: 0, max: 9, noNaN: true }),
    }),
    { selector: ({ id }) => id },
  )
  const runs = cells.map((some) => exampleResult(some.map(exampleCell)))

  test('of a run with itself finds nothing worse, and nothing slower', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const { worse, changes, timing } = compare(run, run, { goneIsWorse: true, slowerIsWorse: true })
        expect([worse, changes.new, changes.gone]).toEqual([false, [], []])
        if (timing.kind === 'compared') expect(timing.slower).toEqual([])
      }),
    )
  })

  test('counts every cell of either run once', () => {
    fc.assert(
      fc.property(runs, runs, (before, after) => {
        const { changes, unchanged } = compare(before, after)
        const told = changeKinds.flatMap((kind) => changes[kind].map(({ id }) => id))
        const ids = new Set([...before.cells, ...after.cells].map(({ id }) => id))
        expect(new Set(told).size).toBe(told.length)
        expect(told.length + unchanged).toBe(ids.size)
      }),
    )
  })

  test('the other way round has as new what was gone', () => {
    fc.assert(
      fc.property(runs, runs, (before, after) => {
        const gone = compare(before, after).changes.gone.map(({ id }) => id)
        const back = compare(after, before)
        const came = [...back.changes.new, ...back.changes['new-failure'].filter((change) => change.before === undefined)]
        expect(came.map(({ id }) => id).toSorted()).toEqual(gone.toSorted())
      }),
    )
  })

  test('finds worse what is newly left behind', () => {
    const leaking = (...leaks: string[]) => exampleResult([exampleCell()], { leaks })
    expect(compare(leaking('/dev/loop1'), leaking('/dev/loop1', '/dev/loop2'))).toMatchObject({ worse: true, newLeaks: ['/dev/loop2'] })
    expect(compare(leaking('/dev/loop1'), leaking('/dev/loop1')).worse).toBe(false)
  })

  test('names what has another version, and a kernel is no failure', () => {
    const on = (kernel: string, tools: Record<string, string>) =>
      exampleResult([exampleCell()], { machines: [{ name: 'uml1', kind: 'uml', kernel, tools }] })
    const before = on('6.1.176', { dd: 'dd (coreutils) 9.1', lvm: '2.03.16', cryptsetup: '2.6.1' })
    const after = on('7.2.7', { dd: 'dd (coreutils) 9.7', lvm: '2.03.16', losetup: '2.38' })

    const { versions, worse } = compare(before, after)

    expect(versions).toEqual([
      { program: 'cryptsetup', before: '2.6.1' },
      { program: 'dd', before: 'dd (coreutils) 9.1', after: 'dd (coreutils) 9.7' },
      { program: 'kernel', before: '6.1.176', after: '7.2.7' },
      { program: 'losetup', after: '2.38' },
    ])
    expect(worse).toBe(false)
  })

  test('knows a driver and its checks', () => {
    const certified = (verdict: 'upheld' | 'refuted') => exampleCertification([exampleCertificate({ checks: [exampleCheck({ verdict })] })])
    expect(changed(compare(certified('upheld'), certified('refuted')))).toEqual({ 'new-failure': ['lvm-thin new-reads-zero'] })
  })

  test('takes a check that was left out for one that is not there', () => {
    const checks = [exampleCheck(), exampleCheck({ id: 'delete-frees' })]
    const some = [exampleCheck(), exampleCheck({ id: 'delete-frees', verdict: 'not-shown', text: LEFT_OUT })]
    const certified = (of: typeof checks) => exampleCertification([exampleCertificate({ checks: of })])

    expect(changed(compare(certified(checks), certified(some)))).toEqual({ gone: ['lvm-thin delete-frees'] })
  })

  test('takes the checks of a driver that was not begun for not shown', () => {
    const before = exampleCertification()
    const after = exampleCertification([exampleCertificate({ checks: [], verdict: 'not-shown', reason: 'shard 2 of 2 is missing' })])

    expect(changed(compare(before, after))).toEqual({ 'no-longer-shown': ['lvm-thin new-reads-zero'] })
  })

  test('leaves out random copies of another seed, which are other copies, and copies of failed cells', () => {
    const withCopies = (seed: number, id: string) => exampleResult([], { seed, copies: [exampleCopy({ id })] })

    expect(changed(compare(withCopies(1, 'random/1'), withCopies(2, 'random/2')))).toEqual({})
    expect(changed(compare(withCopies(1, 'random/1'), withCopies(1, 'random/2')))).toEqual({ gone: ['random/1'], new: ['random/2'] })
    expect(changed(compare(withCopies(1, 'copy/a'), withCopies(1, 'copy/b')))).toEqual({})
  })
})

describe('times', () => {
  const run = (seconds: readonly number[], change: Partial<Result> = {}) =>
    exampleResult(
      seconds.map((some, index) => exampleCell({ id: `host/${index}`, seconds: some })),
      change,
    )
  const slowerOf = (before: Result, after: Result) => {
    const { timing } = compare(before, after)
    return timing.kind === 'compared' ? timing.slower.map(({ id }) => id) : timing.why
  }

  test('that doubled by more than the floor are slower', () => {
    expect(slowerOf(run([3, 3, 3, 3, 3, 3]), run([3, 3, 3, 3, 3, 6.1]))).toEqual(['host/5'])
    expect(slowerOf(run([3, 3, 3, 3, 3, 3]), run([3, 3, 3, 3, 3, 5.9]))).toEqual([])
  })

  test('that doubled within the floor are not', () => {
    expect(slowerOf(run([1, 1, 1, 1, 1, 1]), run([1, 1, 1, 1, 1, 2.9]))).toEqual([])
  })

  test('on a machine that is slower as a whole are not', () => {
    expect(slowerOf(run([3, 4, 5, 6, 7, 8]), run([30, 40, 50, 60, 70, 80]))).toEqual([])
    expect(slowerOf(run([3, 4, 5, 6, 7, 8]), run([30, 40, 50, 60, 70, 200]))).toEqual(['host/5'])
  })

  test('on a machine that is faster as a whole are, though no longer than before', () => {
    expect(slowerOf(run([30, 40, 50, 60, 70, 80]), run([3, 4, 5, 6, 7, 60]))).toEqual(['host/5'])
  })

  test('that scatter anyway are not, unless they scatter more', () => {
    const noisy = run([3, 8, 4, 9, 2, 11])
    expect(slowerOf(run([5, 5, 5, 5, 5, 5]), noisy)).toEqual([])
    expect(slowerOf(run([5, 5, 5, 5, 5, 5, 5]), run([3, 8, 4, 9, 2, 11, 500]))).toEqual(['host/6'])
  })

  test('of a few are held to the ratio alone', () => {
    expect(slowerOf(run([3, 3]), run([3, 9]))).toEqual(['host/1'])
    expect(compare(run([3, 3]), run([9, 9])).timing).not.toHaveProperty('overall')
  })

  test('are worse only where that was asked for', () => {
    expect(compare(run([3, 3]), run([3, 9])).worse).toBe(false)
    expect(compare(run([3, 3]), run([3, 9]), { slowerIsWorse: true }).worse).toBe(true)
  })

  test('of different kinds of machines are not compared', () => {
    const qemu = run([30], { machines: [{ name: 'qemu1', kind: 'qemu', kernel: '6.1.0' }] })
    expect(slowerOf(run([3]), qemu)).toBe('the machines are of different kinds: uml, then qemu')
  })

  test('of what failed are not compared', () => {
    expect(slowerOf(exampleResult([exampleCell({ verdict: 'refuted' })]), exampleResult())).toBe('nothing was upheld in both')
  })
})
