const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Does what must not be left half done: a signal that ends this process is held until then. */
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
