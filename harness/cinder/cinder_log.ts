/** A copy that Cinder ran, as its log shows the command. */
export interface LoggedCopy {
  readonly command: string
  readonly sparse: boolean
  /** `host`: between disks that os-brick attached, or files. `driver`: between volumes of one machine, by the driver itself. */
  readonly method: 'host' | 'driver'
}

/** The copies by dd in a part of Cinder's log. Those of no blocks try out direct I/O, and those to /dev/null whether a disk can be read. */
export function copiesIn(log: string): LoggedCopy[] {
  const commands = [...log.matchAll(/Running cmd \(subprocess\): (?:sudo \S+ \S+ )?((?:ionice \S+ \S+ )?dd [^\n]*?) execute /g)]
  return commands.flatMap(([, command = '']) => {
    const words = command.split(' ')
    if (words.includes('count=0') || words.includes('of=/dev/null')) return []
    const output = words.find((word) => word.startsWith('of=')) ?? ''
    const sparse = words.some((word) => /^conv=.*\bsparse\b/.test(word))
    return [{ command, sparse, method: /^of=\/dev\/(mapper\/)?destination-/.test(output) ? 'driver' : 'host' } as const]
  })
}

/** Why Cinder gave up, in one line: what a program printed that failed, or the first error that Cinder logged; undefined if there is none. */
export function errorIn(log: string): string | undefined {
  const printed = /^\S+ \S+ \d+ ERROR [^\n]*Stderr: ["'] *(\w[^\n]*?)(?:\\n[^\n]*|["'])$/m.exec(log)?.[1]
  if (printed !== undefined) return printed
  const errors = [...log.matchAll(/^\S+ \S+ \d+ ERROR \S+ (?:\[[^\]]*\] )?(\S[^\n]*)$/gm)]
  const told = errors
    .map(([, text = '']) => text)
    .filter((text) => !/^(Traceback|File "|Command:|Exit code:|Std(out|err):|[~^. ]+$)/.test(text))
  return told.find((text) => /\w+(Error|Exception)\b|fail/i.test(text))
}

/**
 * `sparse_copy_volume` as a service last reported it to the scheduler; undefined if it did not. Cinder logs what Python prints of it. Its
 * REST API would show it too, but fails with a transport inside one process.
 */
export function claimIn(log: string, serviceHost: string): boolean | string | undefined {
  const updates = log.split('\n').filter((line) => line.includes(' service update from ') && line.includes(` ${serviceHost}: {`))
  const value = /'sparse_copy_volume': ('[^']*'|[^,}]+)/.exec(updates.at(-1) ?? '')?.[1]
  return value === 'True' ? true : value === 'False' ? false : value
}
