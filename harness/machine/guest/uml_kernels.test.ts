import { describe, expect, test } from 'vitest'
import { compareVersions } from '../versions.ts'
import { hasSeccompMode, selectKernel, type UmlKernel } from './uml_kernels.ts'

function kernel(version: string, ownDistribution = false): UmlKernel {
  return { version, ownDistribution, program: `/kernels/${version}/linux.uml`, modules: `/kernels/${version}/modules` }
}

const kernels = [kernel('7.2.7'), kernel('6.12.90'), kernel('6.1.176', true)]

describe('a kernel is selected', () => {
  test.each([
    ['newest', '7.2.7'],
    ['distribution', '6.1.176'],
    ['6.1', '6.1.176'],
    ['6.12', '6.12.90'],
    ['6.12.90', '6.12.90'],
    ['7.2', '7.2.7'],
  ])('%s is %s', (wanted, version) => {
    expect(selectKernel(wanted, kernels)?.version).toBe(version)
  })

  test.each(['6.2', '6.12.9', '7.20', '8.0'])('%s is not installed', (wanted) => {
    expect(selectKernel(wanted, kernels)).toBeUndefined()
  })

  test('and the distribution may have none', () => {
    expect(selectKernel('distribution', [kernel('7.2.7')])).toBeUndefined()
  })
})

test('versions are compared by their numbers', () => {
  expect(['6.1.176', '7.2.7', '6.12um1+b22', '6.16', '6.9'].toSorted(compareVersions)).toEqual([
    '6.1.176',
    '6.9',
    '6.12um1+b22',
    '6.16',
    '7.2.7',
  ])
})

test.each([
  ['6.1.176', false],
  ['6.12.90', false],
  ['6.16.0', true],
  ['7.2.7', true],
])('%s has the seccomp mode: %s', (version, expected) => {
  expect(hasSeccompMode({ version })).toBe(expected)
})
