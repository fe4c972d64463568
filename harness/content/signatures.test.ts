import { describe, expect, test } from 'vitest'
import { writePattern } from './pattern.ts'
import { signatureBytes, signatureNames, writeSignatures } from './signatures.ts'
import { Verifier } from './verify.ts'

const SIZE = 16 * 1024
const TAG = 7

describe.each(signatureNames)('the signature %s', (name) => {
  test('is put whole into a volume that is written piece by piece', () => {
    const offset = 1000
    const signatures = [{ offset, name }]
    const whole = Buffer.alloc(SIZE, 0xff)
    const pieces = Buffer.alloc(SIZE, 0xff)
    writeSignatures(whole, signatures, 0)
    for (let at = 0; at < SIZE; at += 512) writeSignatures(pieces.subarray(at, at + 512), signatures, at)

    expect(whole.subarray(offset, offset + signatureBytes(name).length)).toEqual(signatureBytes(name))
    expect(pieces).toEqual(whole)
    expect(whole.filter((byte) => byte === 0xff).length).toBeGreaterThanOrEqual(SIZE - signatureBytes(name).length)
  })

  test('is missed where the stamp was left as it was, and no byte of it may change', () => {
    const content = {
      sizeBytes: SIZE,
      tag: TAG,
      extents: [{ offset: 0, length: SIZE, write: 'data' as const }],
      signatures: [{ offset: 512, name }],
    }
    const bytes = Buffer.alloc(SIZE)
    writePattern(bytes, { kind: 'stamp', tag: TAG }, 0)
    const wrong = () => {
      const verifier = new Verifier(content)
      verifier.push(bytes)
      return verifier.end().wrongBytes
    }

    expect(wrong()).toBeGreaterThan(0)
    writeSignatures(bytes, content.signatures, 0)
    expect(wrong()).toBe(0)
    bytes.writeUInt8((bytes[512] ?? 0) ^ 1, 512)
    expect(wrong()).toBe(1)
  })
})
