import { expect, test } from 'vitest'
import { mirrorOfDebootstrap, selectPackage } from './debian.ts'
import { withLoaderBeside } from './uml_kernel.ts'

test.each([
  ['newest', '7.2um1'],
  ['6.1', '6.1um3+b1'],
  ['6.12', '6.12um1+b22'],
  ['6.12.90', '6.12um1+b22'],
])('the package of kernel %s is %s', (wanted, version) => {
  const packages = ['6.1um3+b1', '6.12um1+b22', '7.2um1'].map((version) => ({ version, suite: 'stable' }))

  expect(selectPackage(packages, wanted)?.version).toBe(version)
})

test('no package is taken for a kernel that Debian does not have', () => {
  expect(selectPackage([{ version: '6.12um1+b22' }], '6.2')).toBeUndefined()
})

test('a program takes the loader beside it, and keeps its length', () => {
  const program = Buffer.from('\x7fELF...\0/lib64/ld-linux-x86-64.so.2\0code')

  const changed = withLoaderBeside(program)

  expect(changed.toString('latin1')).toBe('\x7fELF...\0./ld-linux-x86-64.so.2\0\0\0\0\0\0code')
})

test('a program with another loader is refused', () => {
  expect(() => withLoaderBeside(Buffer.from('\x7fELF /lib/ld-musl-x86_64.so.1\0'))).toThrow(/does not name .*ld-linux-x86-64\.so\.2/)
})

test.each([
  ['newest', '1:11.1.2+ds-3'],
  ['7.2', '1:7.2+dfsg-7+deb12u18+b3'],
  ['10.0', '1:10.0.13+ds-0+deb13u1'],
  ['11.1', '1:11.1.2+ds-3'],
])('the package of QEMU %s is %s, whose version begins with an epoch', (wanted, version) => {
  const packages = ['1:7.2+dfsg-7+deb12u18+b3', '1:10.0.13+ds-0+deb13u1', '1:11.1.2+ds-3'].map((version) => ({ version }))

  expect(selectPackage(packages, wanted)?.version).toBe(version)
})

test("debootstrap's default mirror is read from its script", () => {
  expect(mirrorOfDebootstrap('# x\nDEF_MIRROR="http://mirror.example/debian"\nMIRRORS="$DEF_MIRROR"\n')).toBe(
    'http://mirror.example/debian',
  )
  expect(mirrorOfDebootstrap('MIRRORS="$DEF_MIRROR"\n')).toBeUndefined()
})
