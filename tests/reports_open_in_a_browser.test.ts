import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type DirectoryResult, dir } from 'tmp-promise'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { htmlReport } from '../harness/report/html/html_report.ts'
import type { CellResult } from '../harness/result/cell.ts'
import type { Result } from '../harness/result/result.ts'
import { MiB } from '../harness/units.ts'
import { findBrowser } from '../scripts/lib/setup/browser.ts'
import { exampleCertificate, exampleCertification, exampleCheck, exampleCounterexample } from './support/example_certificate.ts'
import { exampleCell, exampleEvidence, exampleResult } from './support/example_result.ts'

const PAGE_BYTES = 4096
const CORRUPT = 'host/lvm-thin/lvm-thick/mixed'
const CONTROL = 'control/host/lvm-thin/lvm-thick/sparse-forced'
/** A slow machine that does other work beside it may take so long; the time is printed. */
const GENEROUS_SECONDS = 15
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let folder: DirectoryResult

beforeAll(async () => {
  const found = findBrowser()
  if (found === undefined) throw new Error('there is no browser here: scripts/test --only report brings one')
  folder = await dir({ prefix: 'holeproof-report-', unsafeCleanup: true })
  browser = await chromium.launch({ executablePath: found.path, env: { ...process.env, ...found.env } as Record<string, string> })
})

afterAll(async () => {
  await browser?.close()
  await folder?.cleanup()
})

/** A cell whose holes arrived stale: data in its first MiB, 15 MiB of poison behind it. */
function corruptCell(change: Partial<CellResult> = {}): CellResult {
  const evidence = exampleEvidence()
  const poison = Buffer.alloc(PAGE_BYTES, 'POISONED')
  return exampleCell({
    id: CORRUPT,
    destination: 'lvm-thick',
    verdict: 'refuted',
    findings: [{ check: 'bytes', ok: false, text: '15728640 of 16777216 bytes are wrong' }],
    extents: [{ offset: 0, length: MiB, write: 'data' }],
    evidence: {
      ...evidence,
      verification: {
        checkedBytes: 16 * MiB,
        wrongBytes: 15 * MiB,
        differences: [{ offset: MiB, length: 15 * MiB, wrong: 15 * MiB, expected: 'zero', found: { what: 'poison' } }],
        moreDifferences: 0,
        byteClasses: [
          { from: 0, to: MiB, value: 'data' },
          { from: MiB, to: 16 * MiB, value: 'stale' },
        ],
        firstWrongPage: { offset: MiB, found: poison.toString('base64') },
      },
    },
    ...change,
  })
}

const result = exampleResult([
  exampleCell(),
  corruptCell(),
  corruptCell({ id: CONTROL, control: true, verdict: 'upheld', forced: 'sparse' }),
  exampleCell({ id: 'host/lvm-thin/lvm-thin/all-zero', layout: 'all-zero', notes: [{ kind: 'thinness-lost', text: 'fat' }] }),
])

/** A page on the report of a result, written to disk and opened from there; fails the test with any error of the page. */
async function open(of: Result, hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const file = join(folder.path, `${Math.random()}.html`)
  writeFileSync(file, await htmlReport(of))
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  const errors: string[] = []
  context.on('weberror', (error) => errors.push(error.error().message))
  context.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) errors.push(`it asks for ${request.url()}`)
  })
  onTestFinished(async () => {
    await context.close()
    expect(errors).toEqual([])
  })
  const page = await context.newPage()
  await page.goto(`${pathToFileURL(file)}${hash}`)
  await page.waitForSelector('main')
  return page
}

const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')

describe('a report in a browser', () => {
  test('begins with the verdict, and shows every cell in its grid', async () => {
    const page = await open(result)

    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/refuted/i)
    const size = await page.evaluate<string>("getComputedStyle(document.querySelector('h1')).fontSize")
    expect(Number.parseFloat(size)).toBeGreaterThan(90)
    for (const { id } of result.cells) expect(await page.locator(`a.tile[href="#cell=${id}"]`).count()).toBe(1)
  })

  test('opens a cell by its address, and goes down to its first wrong 4 KiB', async () => {
    const page = await open(result, `#cell=${CORRUPT}`)
    const [range, destination] = [page.locator('.range'), page.getByRole('img', { name: /^destination:/ }).first()]

    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain(CORRUPT)
    expect(await range.innerText()).toBe('16.00m from byte 0')
    expect(await destination.getAttribute('aria-label')).toBe('destination: 1.00m data, 15.00m stale bytes')
    expect(await destination.locator('path.kind-data').count()).toBe(1)
    await page.getByRole('button', { name: 'closer' }).click()
    expect(await range.innerText()).toBe('8.00m from byte 4194304')
    await page.getByRole('button', { name: 'first wrong 4 KiB' }).click()
    expect(await range.innerText()).toBe('4.00k from byte 1048576')
    expect(await destination.locator('path.kind-data').count()).toBe(0)
    expect(await page.getByText('What to do: After a sparse copy').isVisible()).toBe(true)
    expect(await page.locator('.hex').innerText()).toContain('00100000 50 4f 49 53 4f 4e 45 44')
    await page.keyboard.press('0')
    expect(await range.innerText()).toBe('16.00m from byte 0')
  })

  test.each([
    [undefined, 'JSON-RPC'],
    ['json-rpc', 'JSON-RPC'],
    ['rest', 'REST'],
  ] as const)('says of a cell of transport %s that its destination was asked over %s', async (transport, word) => {
    const id = 'rest/honest/lvm-thin/lvm-thin'
    const page = await open(exampleResult([exampleCell({ id, ...(transport && { transport }) })]), `#cell=${id}`)

    expect(await page.getByText(`host-assisted, asked over ${word};`).isVisible()).toBe(true)
    expect(await page.getByText(`answered over ${word}:`).isVisible()).toBe(true)
  })

  test.each(['#cell=host/nothing', '#cell=100%', '#%zz'])('says that it does not hold %s, and shows what it holds', async (hash) => {
    const page = await open(result, hash)

    expect(await page.getByText(`This result holds no ${hash.slice(1)}.`).isVisible()).toBe(true)
    expect(await page.locator('a.tile').count()).toBe(4)
  })

  test('filters by text, driver and verdict', async () => {
    const page = await open(result)
    const tiles = page.locator('a.tile')

    expect(await tiles.count()).toBe(4)
    await page.keyboard.press('/')
    await page.keyboard.type('wrong forced')
    await expect.poll(() => tiles.count()).toBe(1)
    await page.getByRole('button', { name: 'clear' }).click()
    await page.getByLabel('Driver').selectOption('lvm-thick')
    await expect.poll(() => tiles.count()).toBe(2)
    await page.getByLabel('Verdict').selectOption('refuted')
    await expect.poll(() => tiles.count()).toBe(1)
  })

  test('goes through the findings and back by keys', async () => {
    const page = await open(result)
    const address = () => decodeURIComponent(new URL(page.url()).hash)

    await page.keyboard.press('n')
    await expect.poll(address).toBe(`#cell=${CORRUPT}`)
    await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toContain(CORRUPT)
    await page.keyboard.press('j')
    await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toContain(CONTROL)
    await page.keyboard.press('p')
    await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toContain(CORRUPT)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('a.tile').count()).toBe(4)
    // Faster than a page is drawn.
    await page.evaluate("for (const key of ['n', 'n']) dispatchEvent(new KeyboardEvent('keydown', { key }))")
    await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toContain(CONTROL)
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    expect(await page.getByRole('dialog').innerText()).toContain('next finding')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })

  test('is dark where the system is, and by its switch', async () => {
    const page = await open(result, '', { colorScheme: 'dark' })

    const dark = await background(page)
    await page.keyboard.press('t')
    const light = await background(page)
    expect([dark, light]).toEqual(['rgb(15, 20, 25)', 'rgb(255, 255, 255)'])
    const reloaded = async () => {
      await page.reload()
      await page.waitForSelector('main')
      return background(page)
    }
    // A browser stores what a page keeps a moment later, so that a busy one may reload the page before.
    await expect.poll(reloaded).toBe(light)
  })

  test.each(['', `#cell=${CORRUPT}`])('fits a phone: %j', async (hash) => {
    const page = await open(result, hash, { viewport: { width: 360, height: 740 } })

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  })

  test('keeps the verdict and the buttons apart on a phone', async () => {
    const page = await open(result, '', { viewport: { width: 360, height: 740 } })
    const box = async (selector: string) => {
      const found = await page.locator(selector).first().boundingBox()
      if (found === null) throw new Error(`there is no ${selector}`)
      return found
    }
    const [verdict, button] = [await box('.banner-verdict'), await box('.tools button')]

    expect(verdict.y).toBeGreaterThanOrEqual(button.y + button.height)
  })

  test('prints the verdict and the cell without the means to go elsewhere', async () => {
    const page = await open(result, `#cell=${CORRUPT}`, { colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print' })

    expect(await background(page)).toBe('rgb(255, 255, 255)')
    expect(await page.getByText('refuted').first().isVisible()).toBe(true)
    expect(await page.locator('.map-row').first().isVisible()).toBe(true)
    expect(await page.locator('nav').isVisible()).toBe(false)
  })

  test('copies the command that repeats a cell', async () => {
    const page = await open(result, `#cell=${CORRUPT}`, { permissions: ['clipboard-read', 'clipboard-write'] })

    await page.locator('.command button').first().click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(result.cells[1]?.repeat)
  })
})

test('certificates are a table of checks and drivers, and each driver has its page', async () => {
  const refuted = exampleCheck({ id: 'reused-reads-zero', verdict: 'refuted', counterexample: 0 })
  const liar = exampleCertificate({ driver: 'liar/x', checks: [exampleCheck(), refuted], counterexamples: [exampleCounterexample()] })
  const page = await open(exampleCertification([exampleCertificate(), liar]))

  expect(await page.locator('table.checks tbody tr').count()).toBe(2)
  await page
    .getByRole('columnheader', { name: /liar\/x/ })
    .getByRole('link')
    .click()
  await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toContain('liar/x')
  expect(await page.getByText('Shown by reused-reads-zero').count()).toBe(1)
  expect(await page.getByText('A new volume shows what a deleted one held.').count()).toBe(1)
  expect(await page.getByText(`run sh ${folder.path}/counterexamples/driver.py-1.sh`).count()).toBe(1)
  await page.getByText('driver.py-1.sh', { exact: true }).click()
  expect(await page.getByText('#!/bin/sh').isVisible()).toBe(true)
})

describe('axe finds nothing that keeps people out', () => {
  const certificates = exampleCertification([
    exampleCertificate(),
    exampleCertificate({
      driver: 'y',
      checks: [exampleCheck({ verdict: 'broken' }), exampleCheck({ id: 'delete-frees', verdict: 'refuted' })],
    }),
  ])
  const pages: [string, Result, string][] = [
    ['the overview', result, ''],
    ['a cell', result, `#cell=${CORRUPT}`],
    ['certificates', certificates, ''],
    ['a driver', certificates, '#driver=y'],
  ]
  test.each(pages.flatMap((page) => (['light', 'dark'] as const).map((scheme) => [...page, scheme] as const)))(
    'on %s',
    async (_, of, hash, colorScheme) => {
      const page = await open(of, hash, { colorScheme })
      await page.evaluate(axe)
      const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')

      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    },
  )
})

interface Violation {
  id: string
  nodes: { html: string }[]
}

test('2,000 cells open in a moment', async () => {
  const cells = Array.from({ length: 2000 }, (_, index) => {
    const commands = Array.from({ length: 20 }, (_, at) => ({
      argv: ['lvs', `volume-${index}-${at}`],
      ending: 'exited with 0',
      seconds: 0.1,
      output: `${index * at} `.repeat(100),
    }))
    const change = { layout: `layout-${index >> 4}`, commands }
    return index % 50 === 0
      ? corruptCell({ id: `${CORRUPT}-${index}`, ...change })
      : exampleCell({ id: `host/lvm-thin/nfs/${index}`, ...change })
  })
  const began = performance.now()
  const page = await open(exampleResult(cells))
  const written = performance.now()
  await page.reload()
  await page.locator('a.tile').first().waitFor()
  const seconds = (performance.now() - written) / 1000
  console.log(`2,000 cells: made and opened in ${((written - began) / 1000).toFixed(2)} s, opened again in ${seconds.toFixed(2)} s`)

  expect(seconds).toBeLessThan(GENEROUS_SECONDS)
  expect(await page.locator('.filter output').innerText()).toBe('2000 of 2000')
})
