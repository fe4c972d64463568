/**
 * Serves a driver module over the driver protocol. It is bundled together with the module and runs in the machine where the
 * driver's devices are.
 */
import { Console } from 'node:console'
import { JSONRPCServer } from 'json-rpc-2.0'
import type { MakeDriver } from './driver.ts'
import { serveOver } from './json_rpc.ts'
import { PROTOCOL, verbs } from './verbs.ts'
import { addVerbs } from './volume_service.ts'

// Whatever the module prints must not get between the answers, also while it is loaded: that comes after this, and before a call.
Object.assign(console, new Console(process.stderr))

export function hostModule(makeDriver: MakeDriver): void {
  const server = new JSONRPCServer({ errorListener: () => {} })
  server.addMethod('do_setup', async (params) => {
    const driver = await makeDriver(verbs.do_setup.params.parse(params))
    addVerbs(server, driver)
    if (driver.shutdown !== undefined) server.addMethod('shutdown', async () => (await driver.shutdown?.()) ?? {})
    return { ...driver.about, protocol: PROTOCOL }
  })
  serveOver(server, { input: process.stdin, output: process.stdout })
  process.stdin.on('end', () => process.exit(0))
}
