import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { CommandFailed } from '../machine/command_failed.ts'
import { forecastPage } from '../report/html/forecast_page.ts'
import { forecastReport } from '../report/terminal/forecast.ts'
import { forecastSchema } from '../result/forecast.ts'
import { readFleet } from './fleet.ts'
import { forecastOf, permit, readLvm, withPlan, withReserve } from './plan.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const read = (name: string) => forecastOf(readFleet(JSON.parse(readFileSync(`${examples}${name}`, 'utf8')), name), 'test')

describe('the rule of a pool', () => {
  test.each([true, false, 'True', 'true', 1, null, {}, [true], undefined])('permits sparse copies on true only, not on %j', (claims) => {
    expect(permit(claims).sparse).toBe(claims === true)
    expect(permit(claims).reason).not.toBe('')
  })
})

describe('the examples', () => {
  test.each(readdirSync(examples).filter((name) => name.endsWith('.fleet.json')))(
    '%s is forecast in the published shape, and can be shown',
    (name) => {
      const forecast = read(name)

      expect(forecastSchema.parse(JSON.parse(JSON.stringify(forecast)))).toEqual(forecast)
      expect(forecastReport(forecast, false)).toContain('copied as the rule permits')
      expect(forecastPage(forecast)).toContain('</html>')
    },
  )

  test('the one that overfills is refused at the volume that does it, with the rule in the way', () => {
    const forecast = read('overfilling.fleet.json')

    expect(forecast.verdict).toBe('overfills')
    expect(forecast.outcomes.map(({ firstCertain }) => `${firstCertain?.pool} ${firstCertain?.volume}`)).toEqual([
      'nfs mail',
      'archive logs',
      'archive logs',
    ])
    expect(forecast.forbidden).toMatchObject([{ pool: 'archive', migrations: 2, reason: 'sparse_copy_volume is "True", not a boolean' }])
  })

  test('the document shows what the spec says of its own', () => {
    const document = readFileSync(fileURLToPath(new URL('../../docs/forecast.md', import.meta.url)), 'utf8')

    for (const table of forecastReport(read('spec.fleet.json'), false).split('\n\n').slice(0, 4)) expect(document).toContain(table)
  })
})

describe('a plan over what LVM shows', () => {
  const shown = {
    pools: [
      { name: 'vg/one', kind: 'thin' as const, size: 2 ** 30, used: 0 },
      { name: 'vg/two', kind: 'thin' as const, size: 2 ** 30, used: 0 },
    ],
    volumes: [{ name: 'vg/v', pool: 'vg/one', size: 2 ** 20, mapped: 0 }],
  }

  test('adds claims and migrations to it, and pools that LVM does not know', () => {
    const nfs = { name: 'nfs', kind: 'file', size: '1GiB' }
    const plan = { pools: [nfs, { name: 'vg/two', claims: true }], migrations: [{ volume: 'vg/v', to: 'vg/two' }], blockSize: '64k' }

    expect(withPlan(shown, plan)).toEqual({
      pools: [nfs, { ...shown.pools[1], claims: true }, shown.pools[0]],
      volumes: shown.volumes,
      migrations: plan.migrations,
      blockSize: '64k',
    })
  })

  test('reports faults at their places in the plan', () => {
    const plan = { pools: [{ name: 'vg/tow', claims: true }], migrations: [{ volume: 'vg/v', to: 'vg/three' }] }

    expect(() => readFleet(withPlan(shown, plan), 'plan.json')).toThrow(/pools\[0\]\.kind: it is missing/)
    expect(() => readFleet(withPlan(shown, { migrations: plan.migrations }), 'plan.json')).toThrow(
      /migrations\[0\]\.to: no pool is called "vg\/three"/,
    )
  })

  test.each([null, [], 'text', { pools: {} }, { volumes: 5 }])('that is %j is refused as such', (plan) => {
    expect(() => readFleet(withPlan(shown, plan), 'plan.json')).toThrow(UsageError)
  })
})

test('a reserve that is asked for takes the place of the default of the plan', () => {
  expect(withReserve({ pools: [], reserve: '1%' }, '20%')).toEqual({ pools: [], reserve: '20%' })
  expect(withReserve({ pools: [], reserve: '1%' }, undefined)).toEqual({ pools: [], reserve: '1%' })
})

describe('a volume group that does not exist', () => {
  const finished = (argv: readonly string[], code: number, stdout: string) => ({
    argv,
    seconds: 0,
    ending: { how: 'exit' as const, code },
    stdout: Buffer.from(stdout),
    stderr: Buffer.from(code === 0 ? '' : 'Cannot process volume group'),
  })
  const runner = (there: string) => ({
    run: async (argv: readonly string[]) => (argv[0] === 'vgs' && argv.length === 4 ? finished(argv, 0, there) : finished(argv, 5, '')),
  })
  const read = (there: string, ...groups: string[]) => readLvm(runner(there), groups, { maps: false, signal: new AbortController().signal })

  test('is bad usage, and the groups that exist are listed', async () => {
    await expect(read('  vga\n  vgb\n', 'vgx', 'vgb')).rejects.toThrow(
      new UsageError('--from-lvm: there is no volume group vgx on this machine. LVM shows vga, vgb.'),
    )
    await expect(read('', 'vgx')).rejects.toThrow(/LVM shows no volume group at all/)
  })

  test('is not blamed for another failure of LVM', async () => {
    await expect(read('  vga\n', 'vga')).rejects.toThrow(CommandFailed)
  })
})
