import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDir } from 'tmp-promise'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AdapterFault } from '../../errors.ts'
import type { Helper } from '../../helper/client.ts'
import { Lab } from '../../lab/lab.ts'
import { openNative } from '../../machine/native.ts'
import { type Line, makeLine, RemoteError, Unanswered } from '../../protocol/json_rpc.ts'
import { type DriverSetup, PROTOCOL } from '../../protocol/verbs.ts'
import { NotOffered } from '../../protocol/volume_service.ts'
import { DriverProcess, type Installation } from './driver_process.ts'
import { DriverFault, DriverGone } from './faults.ts'

const LIMITS = { askSeconds: 5, verbSeconds: 5 }
const METHOD_NOT_FOUND = -32601
const setup: DriverSetup = {
  protocol: PROTOCOL,
  prefix: 'holeproof_1',
  folder: '/lab/folder',
  machine: 'uml1',
  options: { pool: 'a' },
  device: { path: '/dev/loop1', size_bytes: 4096 },
}

type Reply = { result: unknown } | { error: { code: number; message: string; data?: object } } | 'silence' | 'ends'
type Script = Readonly<Record<string, Reply | ((params: unknown) => Reply)>>
const answering: Script = { do_setup: { result: { protocol: PROTOCOL, name: 'scripted' } }, create_volume: { result: null } }

afterEach(() => {
  vi.useRealTimers()
})

describe('a driver that is installed', () => {
  test('is asked to set up what it was given, and tells about itself', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      expect(driver.about).toEqual({ protocol: PROTOCOL, name: 'scripted' })
      expect(peer.asked).toEqual([['do_setup', setup]])
    })
  })

  test('is not set up when it needs no setup', async () => {
    const peer = new Peer({})
    await opened(
      peer,
      async (driver) => {
        expect(driver.about).toEqual({})
        expect(peer.asked).toEqual([])
      },
      { setup: undefined },
    )
  })

  test('answers what it is asked', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      await driver.call((service) => service.createVolume('v', 4096))

      expect(peer.asked.at(-1)).toEqual(['create_volume', { name: 'v', size_bytes: 4096 }])
      expect(driver.troubles).toEqual([])
    })
  })

  test('goes with its lab', async () => {
    const peer = new Peer(answering)
    await opened(peer, async () => {})

    expect(peer.stops).toBe(1)
  })

  test('goes with its lab also when it could not be set up', async () => {
    const peer = new Peer({ do_setup: { error: { code: 1, message: 'no device' } } })
    await opened(peer, async () => {}).catch(() => {})

    expect(peer.stops).toBe(1)
  })
})

describe('a driver does not come up', () => {
  test.each<[string, Reply, string]>([
    ['when its setup fails', { error: { code: 1, message: 'no such pool' } }, 'do_setup: no such pool'],
    ['when it has no setup', { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } }, 'do_setup: Method not found'],
    ['when it speaks another protocol', { result: { protocol: 'holeproof-driver-0' } }, PROTOCOL],
    ['when it does not say what it speaks', { result: {} }, PROTOCOL],
    ['when it ends instead', 'ends', 'do_setup: the other end closed the line; the driver exited with 7, saying "no licence"'],
  ])('%s: that is its fault, and says why', async (_, reply, why) => {
    const open = opened(new Peer({ do_setup: reply }), async () => {})

    await expect(open).rejects.toThrow(DriverFault)
    await expect(open).rejects.toThrow(why)
  })
})

describe('a verb that fails', () => {
  test("is the driver's fault, in its own words", async () => {
    await opened(new Peer({ ...answering, create_volume: { error: { code: 5, message: 'no space left' } } }), async (driver) => {
      const call = driver.call((service) => service.createVolume('v', 4096))

      await expect(call).rejects.toThrow(DriverFault)
      await expect(call).rejects.toThrow(/^create_volume: no space left$/)
      await expect(call).rejects.not.toThrow(DriverGone)
    })
  })

  test('is no fault when the driver lacks it and may', async () => {
    const lacking: Reply = { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } }
    await opened(new Peer({ ...answering, extend_volume: lacking }), async (driver) => {
      const call = driver.call((service) => service.extendVolume('v', 8192))

      await expect(call).rejects.toThrow(NotOffered)
      await expect(call).rejects.not.toThrow(DriverFault)
    })
  })

  test('is a fault of its own kind also when an earlier one failed inside the call', async () => {
    const first = new DriverFault('attach_volume: not its own')
    await opened(new Peer(answering), async (driver) => {
      await expect(driver.call(() => Promise.reject(first))).rejects.toBe(first)
    })
  })

  test('however often it fails, the driver is asked on: it does answer', async () => {
    await opened(new Peer({ ...answering, create_volume: { error: { code: 5, message: 'no' } } }), async (driver) => {
      for (let time = 0; time < 5; time++)
        await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow('create_volume: no')
    })
  })
})

describe('a driver that ends by itself', () => {
  test('has its last words in the fault, and in its troubles', async () => {
    await opened(new Peer({ ...answering, create_volume: 'ends' }), async (driver) => {
      const call = driver.call((service) => service.createVolume('v', 4096))

      await expect(call).rejects.toThrow(DriverFault)
      await expect(call).rejects.toThrow('create_volume: the other end closed the line; the driver exited with 7, saying "no licence"')
      expect(driver.troubles).toEqual(['the driver ended by itself: exited with 7, saying "no licence"'])
    })
  })

  test('is trouble also while nobody asks it anything', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      peer.end()
      await expect.poll(() => driver.troubles, { interval: 1 }).toEqual(['the driver ended by itself: exited with 7, saying "no licence"'])
    })
  })

  test('is no trouble when it was stopped', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      await driver.stop()
      await sleep(2)

      expect(driver.troubles).toEqual([])
    })
  })

  test('is no trouble either when the machine died with it: that is told elsewhere', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      peer.die(new Error('the guest died'))
      await sleep(2)

      expect(driver.troubles).toEqual([])
    })
  })
})

describe('a driver that does not answer', () => {
  test('is asked three times and then no more', async () => {
    const peer = new Peer({ ...answering, create_volume: 'silence' })
    await opened(peer, async (driver) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const ask = async () => {
        const call = driver.call((service) => service.createVolume('v', 4096)).catch((error: unknown) => error)
        await vi.advanceTimersByTimeAsync(20_000)
        return call
      }
      const said = [await ask(), await ask(), await ask(), await ask()]

      expect(said.slice(0, 3)).toEqual(Array(3).fill(new DriverFault('create_volume: no answer within 5 s')))
      expect(said[3]).toEqual(new DriverGone('the driver left 3 calls unanswered and is not asked any more'))
      expect(said.map((error) => error instanceof DriverGone)).toEqual([false, false, false, true])
      expect(peer.asked.filter(([verb]) => verb === 'create_volume')).toHaveLength(3)
    })
  })

  test('is not asked on after a restart: each call would wait as long again', async () => {
    await opened(new Peer({ ...answering, create_volume: 'ends' }), async (driver) => {
      for (let time = 0; time < 3; time++) {
        await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow('closed the line')
        await driver.restart()
      }

      await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow(DriverGone)
    })
  })
})

describe('a restart', () => {
  test('ends the driver, starts it anew and sets it up again', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      await driver.restart()

      expect([peer.starts, peer.stops]).toEqual([2, 1])
      expect(peer.asked.map(([verb]) => verb)).toEqual(['do_setup', 'do_setup'])
      await driver.call((service) => service.createVolume('v', 4096))
      expect(driver.troubles).toEqual([])
    })
  })

  test('keeps what was wrong with the end', async () => {
    const peer = new Peer(answering, ['the driver still ran 5 s after its input was closed'])
    await opened(peer, async (driver) => {
      await driver.restart()

      expect(driver.troubles).toEqual(['the driver still ran 5 s after its input was closed'])
    })
  })

  test('that the driver does not survive is its fault', async () => {
    let times = 0
    const once = () => (++times === 1 ? { result: { protocol: PROTOCOL } } : { error: { code: 1, message: 'the volumes are gone' } })
    await opened(new Peer({ do_setup: once }), async (driver) => {
      await expect(driver.restart()).rejects.toThrow(new DriverFault('do_setup: the volumes are gone'))
    })
  })

  test('brings a driver back that ended by itself', async () => {
    const peer = new Peer(answering)
    await opened(peer, async (driver) => {
      peer.end()
      await sleep(2)
      await driver.restart()
      await driver.call((service) => service.createVolume('v', 4096))

      expect(driver.troubles).toHaveLength(1)
    })
  })
})

test('a driver that is killed is started anew, and its end is no trouble', async () => {
  const peer = new Peer(answering)
  await opened(peer, async (driver) => {
    await driver.killAndRestart()
    await driver.call((service) => service.createVolume('v', 4096))

    expect([peer.starts, peer.stops, peer.kills]).toEqual([2, 0, 1])
    expect(peer.asked.map(([verb]) => verb)).toEqual(['do_setup', 'do_setup', 'create_volume'])
    expect(driver.troubles).toEqual([])
  })
})

describe('the end of a driver', () => {
  test('is reported once', async () => {
    await opened(new Peer(answering, ['it hung']), async (driver) => {
      expect(await driver.stop()).toEqual(['it hung'])
      expect(await driver.stop()).toEqual([])
    })
  })

  test('leaves nobody to ask', async () => {
    await opened(new Peer(answering), async (driver) => {
      await driver.stop()

      await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow(new DriverGone('the driver is not running'))
      await expect(driver.shutdown()).rejects.toThrow(DriverGone)
    })
  })
})

describe('a shutdown', () => {
  test('that is offered is asked for', async () => {
    const peer = new Peer({ ...answering, shutdown: { result: {} } })
    await opened(peer, async (driver) => {
      expect(await driver.shutdown()).toBe(true)
      expect(peer.asked.at(-1)).toEqual(['shutdown', {}])
    })
  })

  test('that is not offered is no fault', async () => {
    await opened(
      new Peer({ ...answering, shutdown: { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } } }),
      async (driver) => {
        expect(await driver.shutdown()).toBe(false)
      },
    )
  })

  test('that fails is a fault', async () => {
    await opened(new Peer({ ...answering, shutdown: { error: { code: 1, message: 'still mounted' } } }), async (driver) => {
      await expect(driver.shutdown()).rejects.toThrow(new DriverFault('shutdown: still mounted'))
    })
  })

  test('that is not answered is a fault', async () => {
    await opened(new Peer({ ...answering, shutdown: 'ends' }), async (driver) => {
      await expect(driver.shutdown()).rejects.toThrow('shutdown: the other end closed the line; the driver exited with 7')
    })
  })

  test('lets the driver end, as it is meant to, before it is stopped', async () => {
    const peer: Peer = new Peer({
      ...answering,
      shutdown: () => {
        peer.endSoon()
        return { result: {} }
      },
    })
    await opened(peer, async (driver) => {
      await driver.shutdown()
      await sleep(2)
      await driver.stop()

      expect(driver.troubles).toEqual([])
    })
  })

  test('that is not offered does not excuse a driver that ends by itself', async () => {
    const peer = new Peer({ ...answering, shutdown: { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } } })
    await opened(peer, async (driver) => {
      await driver.shutdown()
      peer.end()
      await sleep(2)

      expect(driver.troubles).toHaveLength(1)
    })
  })
})

describe('what is asked in the raw', () => {
  test('reaches the driver as it is, and its answer comes back as it is', async () => {
    const peer = new Peer({ ...answering, create_volume: { result: 'whatever' } })
    await opened(peer, async (driver) => {
      expect(await driver.raw('create_volume', { name: '', size_bytes: -1 })).toBe('whatever')
      expect(peer.asked.at(-1)).toEqual(['create_volume', { name: '', size_bytes: -1 }])
    })
  })

  test('tells an error that was answered from no answer', async () => {
    await opened(
      new Peer({ ...answering, create_volume: { error: { code: 5, message: 'no' } }, delete_volume: 'ends' }),
      async (driver) => {
        await expect(driver.raw('create_volume', {})).rejects.toThrow(new RemoteError('no', 5))
        await expect(driver.raw('delete_volume', {})).rejects.toThrow(Unanswered)
      },
    )
  })
})

test('what comes over the line and is no answer is trouble', async () => {
  const peer = new Peer(answering)
  await opened(peer, async (driver) => {
    peer.print('debugging\n')
    await expect.poll(() => driver.troubles, { interval: 1 }).toEqual(['not a JSON-RPC answer: "debugging"'])
  })
})

describe("an adapter's fault", () => {
  const failing: Reply = { error: { code: -32001, message: 'no such table: volumes', data: { traceback: 'line 1\nline 2' } } }
  const told = async (script: Script, use: (driver: DriverProcess, faults: readonly AdapterFault[]) => Promise<void>, isAdapter = true) => {
    const faults: AdapterFault[] = []
    await opened(
      new Peer(script),
      (driver) => use(driver, faults),
      { isAdapter },
      (fault) => faults.push(fault),
    )
  }

  test("is not the driver's, and comes with the adapter's own account of it", () =>
    told({ ...answering, create_volume: failing }, async (driver, faults) => {
      const call = driver.call((service) => service.createVolume('v', 4096))

      await expect(call).rejects.toThrow(new AdapterFault('create_volume: the adapter failed: no such table: volumes', 'line 1\nline 2'))
      await expect(call).rejects.not.toThrow(DriverFault)
      expect(faults).toEqual([new AdapterFault('the adapter failed: no such table: volumes', 'line 1\nline 2')])
    }))

  test('is one also where an error would be right, or an answer', () =>
    told({ ...answering, create_volume: failing, get_capabilities: failing, migrate_volume: failing }, async (driver, faults) => {
      await expect(driver.raw('create_volume', {})).rejects.toThrow(AdapterFault)
      await expect(driver.service.getCapabilities()).rejects.toThrow(AdapterFault)
      await expect(driver.service.migrateVolume('v', { locationInfo: 'a', copyMode: 'full', sizeBytes: 512 })).rejects.toThrow(AdapterFault)
      expect(faults).toHaveLength(3)
    }))

  test('is the end of its program too', () =>
    told({ ...answering, create_volume: 'ends' }, async (driver, faults) => {
      await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow(
        new AdapterFault('create_volume: the adapter ended by itself: it exited with 7, saying "no licence"'),
      )
      expect(driver.troubles).toEqual([])
      expect(faults[0]).toEqual(new AdapterFault('the adapter ended by itself: it exited with 7, saying "no licence"'))
    }))

  test('keeps a driver from coming up, and is not its fault', async () => {
    await expect(told({ do_setup: failing }, async () => {})).rejects.toThrow(AdapterFault)
    await expect(told({ do_setup: 'ends' }, async () => {})).rejects.toThrow(AdapterFault)
  })

  test('is its silence too, for which a slow lab is as good a reason', () =>
    told({ ...answering, create_volume: 'silence' }, async (driver, faults) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const call = driver.call((service) => service.createVolume('v', 4096)).catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(20_000)

      expect(await call).toEqual(new AdapterFault('create_volume: the adapter does not answer: no answer within 5 s'))
      expect(faults).toHaveLength(1)
    }))

  test('is none where it was asked to end', () =>
    told({ ...answering, create_volume: 'silence', shutdown: { result: {} } }, async (driver, faults) => {
      await driver.crashDuring((service) => service.createVolume('v', 4096), 1)
      await driver.killAndRestart()
      await driver.restart()
      await driver.shutdown()
      await driver.stop()
      await sleep(2)

      expect(faults).toEqual([])
    }))

  test('may be claimed by any driver, which is then not upheld', () =>
    told(
      { ...answering, create_volume: failing, delete_volume: 'ends' },
      async (driver, faults) => {
        await expect(driver.call((service) => service.createVolume('v', 4096))).rejects.toThrow(AdapterFault)
        // Its end is its own.
        await expect(driver.call((service) => service.deleteVolume('v'))).rejects.toThrow(DriverFault)
        expect(faults).toHaveLength(1)
      },
      false,
    ))
})

/** A driver's program that answers each verb as its script says. */
class Peer {
  readonly asked: [verb: string, params: unknown][] = []
  starts = 0
  stops = 0
  kills = 0
  private readonly script: Script
  private readonly faults: readonly string[]
  private line: Line | undefined
  private settle: { resolve: (how: string) => void; reject: (error: Error) => void } | undefined

  constructor(script: Script, faults: readonly string[] = []) {
    this.script = script
    this.faults = faults
  }

  installation(change: Change): Installation {
    return {
      ...('setup' in change ? {} : { setup }),
      ...(change.isAdapter && { isAdapter: true }),
      storageBytes: 4096,
      start: async () => this.start(),
      whyForeign: async () => undefined,
      ownStorageBytes: async () => 0,
      takenBytes: async () => 0,
      clearLeftovers: async () => [],
    }
  }

  private start(): Awaited<ReturnType<Installation['start']>> {
    this.starts++
    const [there, here] = makeLine()
    this.line = there
    const ended = new Promise<string>((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    there.input.on('data', (data: Buffer) => {
      for (const text of data.toString().trimEnd().split('\n')) this.answer(JSON.parse(text))
    })
    const stop = async () => {
      this.stops++
      this.end()
      return [...this.faults]
    }
    const kill = async () => {
      this.kills++
      this.end()
    }
    return { line: here, ended, stop, kill, crash: kill }
  }

  private answer({ id, method, params }: { id: number; method: string; params: unknown }): void {
    this.asked.push([method, params])
    const scripted = this.script[method] ?? 'silence'
    const reply = typeof scripted === 'function' ? scripted(params) : scripted
    if (reply === 'ends') this.end()
    else if (reply !== 'silence') this.print(`${JSON.stringify({ jsonrpc: '2.0', id, ...reply })}\n`)
  }

  print(text: string): void {
    this.line?.output.write(text)
  }

  end(): void {
    this.line?.output.end()
    this.endSoon()
  }

  /** Its end is known before the last that it wrote has been read. */
  endSoon(): void {
    this.settle?.resolve('exited with 7, saying "no licence"')
  }

  die(error: Error): void {
    this.settle?.reject(error)
  }
}

interface Change {
  readonly setup?: undefined
  readonly isAdapter?: boolean
}

async function opened(
  peer: Peer,
  use: (driver: DriverProcess) => Promise<void>,
  change: Change = {},
  onAdapterFault?: (fault: AdapterFault) => void,
): Promise<void> {
  await withDir(
    async ({ path }) => {
      const lab = await Lab.open({
        machine: openNative('here', path),
        helper: helper,
        prefix: 'holeproof_1',
        folder: join(path, 'lab'),
        seed: 1,
      })
      try {
        await use(await DriverProcess.open(lab, peer.installation(change), LIMITS, onAdapterFault))
      } finally {
        vi.useRealTimers()
        expect(await lab.release()).toEqual([])
      }
    },
    { unsafeCleanup: true },
  )
}

const unused = async () => {
  throw new Error('nothing of this is in a machine')
}
/** A lab's look for leaks, where there is nothing that could leak. */
const helper: Helper = {
  ping: unused,
  stamp: unused,
  verify: unused,
  repoison: unused,
  firstUnpoisoned: unused,
  findStamp: unused,
  killAlone: unused,
  countMarked: unused,
  takenOnFilesystem: unused,
  measure: unused,
  surroundings: unused,
  inspectPath: unused,
  bytesElsewhere: unused,
  stackedOn: unused,
  killMarked: unused,
  sharingInput: unused,
  transferred: unused,
  repoisonFolder: unused,
  namesIn: unused,
  takesDirect: unused,
  startWriter: unused,
  perform: unused,
  inventory: async () => ({ dmDevices: [], deviceFolders: [], loops: [], mounts: [] }),
  close: async () => {},
}
