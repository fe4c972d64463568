/** A copy that Cinder ran, as its log shows the command. */
export interface LoggedCopy {
  readonly command: string
  readonly sparse: boolean
  /** `host`: between disks that os-brick attached, or files. `driver`: between volumes of one machine, by the driver itself. */
  readonly method: 'host' | 'driver'
}

/** The copies by dd in a part of Cinder's log. Those of no blocks only try out direct I/O. */
export function copiesIn(log: string): LoggedCopy[] {
  const commands = [...log.matchAll(/Running cmd \(subprocess\): (?:sudo \S+ \S+ )?((?:ionice \S+ \S+ )?dd [^\n]*?) execute /g)]
  return commands.flatMap(([, command = '']) => {
    const words = command.split(' ')
    if (words.includes('count=0')) return []
    const output = words.find((word) => word.startsWith('of=')) ?? ''
    const sparse = words.some((word) => /^conv=.*\bsparse\b/.test(word))
    return [{ command, sparse, method: /^of=\/dev\/(mapper\/)?destination-/.test(output) ? 'driver' : 'host' } as const]
  })
}

/** The last error that Cinder logged, in one line; undefined if there is none. */
export function lastErrorIn(log: string): string | undefined {
  const errors = [...log.matchAll(/^\S+ \S+ \d+ ERROR \S+ (?:\[[^\]]*\] )?(\S[^\n]*)$/gm)]
  // A traceback ends with what was raised, and nested ones follow: the first line says what failed.
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
  const updates = log.split('\n').filter((line) => line.includes(`Received volume service update from  ${serviceHost}: {`))
  const value = /'sparse_copy_volume': ('[^']*'|[^,}]+)/.exec(updates.at(-1) ?? '')?.[1]
  return value === 'True' ? true : value === 'False' ? false : value
}
