import { expect, test } from 'vitest'
import { certified } from '../../tests/support/certified.ts'

/** Each is honest, and does what looks like a fault at first. */
const ODD = {
  // The halves of a mirror that was never synchronised hold different old bytes, so what nobody wrote reads differently each time.
  'lvm-raid1-nosync': ['extended-reads-zero', 'reused-reads-zero/extended'],
  // After an error its device reads no more, although all of it is still on its disks.
  'lvm-mirror-nosync': ['migrate-out-fails/unreadable-source'],
  // It keeps files to use them again, so that its storage fills at first.
  'file-reused': ['delete-frees'],
} as const satisfies Record<string, readonly string[]>

test('honest drivers that do what looks like a fault are upheld', { timeout: 300_000 }, async ({ signal }) => {
  const names = Object.keys(ODD) as (keyof typeof ODD)[]
  const checksOf = (name: string): readonly string[] => ODD[name as keyof typeof ODD]

  const certificates = await certified(names, { only: (id, { name }) => checksOf(name).includes(id), seed: 7, signal })

  for (const { driver, checks } of certificates) {
    const ran = checks.filter(({ id }) => checksOf(driver).includes(id))
    expect
      .soft(ran.map(({ id, verdict, text }) => [id, verdict === 'upheld' ? verdict : text]))
      .toEqual(checksOf(driver).map((id) => [id, 'upheld']))
  }
})
