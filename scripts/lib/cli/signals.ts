const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Gives a controller that SIGINT and SIGTERM abort. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController()
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      console.error(`${signal}: cleaning up`)
      stop.abort()
    })
  }
  return stop
}

/** Finishes work that must not be left half done: a signal that would end this process is held until then. */
export async function holdingSignals<Done>(work: () => Promise<Done>): Promise<Done> {
  const held: NodeJS.Signals[] = []
  const hold = (signal: NodeJS.Signals) => void held.push(signal)
  for (const signal of SIGNALS) process.on(signal, hold)
  try {
    return await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, hold)
    const [first] = held
    if (first !== undefined) process.kill(process.pid, first)
  }
}
