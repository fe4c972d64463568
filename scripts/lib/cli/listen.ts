import { BlockList, isIP } from 'node:net'
import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../../../harness/errors.ts'

export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** Cinder's own port, out of reach of other machines. */
const DEFAULT = '127.0.0.1:8776'
const MOST_PORT = 65535

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `--listen`, which takes `127.0.0.1:8776` or `[::1]:8776`. */
export function listenOption() {
  return new Option('--listen <address:port>', 'where clients ask; port 0 takes a free one')
    .argParser(parseListen)
    .default(parseListen(DEFAULT), DEFAULT)
}

/** Reads an IP address with a port. Throws UsageError if the text is anything else. */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (isIP(address) !== (bracketed === undefined ? 4 : 6) || port > MOST_PORT)
    throw new UsageError(`--listen must look like ${DEFAULT} or [::1]:8776, not '${text}'`)
  return { address, port }
}

/** Throws UsageError for an address that other machines may reach, unless they are to. */
export function refuseRemote({ address }: ListenAddress, allowed: true | undefined): void {
  if (allowed || loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return
  throw new UsageError(`--listen: other machines may reach ${address}, and there is no sign-in. Add --allow-remote to permit that.`)
}
