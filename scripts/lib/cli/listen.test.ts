import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { parseListen, refuseRemote } from './listen.ts'

describe('an address to listen on', () => {
  test.each([
    ['127.0.0.1:8776', { address: '127.0.0.1', port: 8776 }],
    ['127.0.0.1:0', { address: '127.0.0.1', port: 0 }],
    ['[::1]:65535', { address: '::1', port: 65535 }],
    ['0.0.0.0:80', { address: '0.0.0.0', port: 80 }],
  ])('is read from %s', (text, address) => {
    expect(parseListen(text)).toEqual(address)
  })

  test.each([
    '',
    '8776',
    ':8776',
    'localhost:8776',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:8776',
    '[127.0.0.1]:1',
    '[::1]',
    '1.2.3:4',
  ])('is not "%s"', (text) => {
    expect(() => parseListen(text)).toThrow(UsageError)
  })

  test.each(['127.0.0.1', '127.3.2.1', '::1'])('may be %s', (address) => {
    expect(() => refuseRemote({ address, port: 0 }, undefined)).not.toThrow()
  })

  test.each(['0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1'])('may be %s only if other machines may ask', (address) => {
    expect(() => refuseRemote({ address, port: 0 }, undefined)).toThrow(UsageError)
    expect(() => refuseRemote({ address, port: 0 }, true)).not.toThrow()
  })
})
