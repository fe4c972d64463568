/** The kinds of storage that Cinder has a backend of at each side: `source-thin`, `destination-thin` and so on. */
export const KINDS = ['thin', 'thick', 'nfs'] as const
export type Kind = (typeof KINDS)[number]

export const SIDES = ['source', 'destination'] as const
export type Side = (typeof SIDES)[number]

/** The types of volumes that a retype goes between. Encrypted ones at the two sides differ in the length of their keys. */
export type Secrecy = 'plain' | 'encrypted'

interface Ends {
  readonly id: string
  readonly from: Kind
  readonly to: Kind
}

/** A migration or a retype that is asked for over REST, or by Cinder's command-line client. */
export type Row =
  | (Ends & { readonly what: 'migrate'; readonly force: boolean; readonly client?: true })
  | (Ends & { readonly what: 'retype'; readonly types: readonly [Secrecy, Secrecy]; readonly client?: true })
  | (Ends & { readonly what: 'fault'; readonly fault: Fault })
  | (Ends & { readonly what: 'capabilities'; readonly client: true })

/** `no-room`: a full destination. `down`: its service has stopped. `late`: it answers about its capabilities after Cinder's patience. */
export type Fault = 'no-room' | 'down' | 'late'

const isLvm = (kind: Kind) => kind !== 'nfs'

/** All rows, in the order in which they run: a service that was stopped stays so. */
export const ROWS: readonly Row[] = [
  ...pairs().map(({ from, to }): Row => ({ id: `host/${from}/${to}`, what: 'migrate', from, to, force: true })),
  // Cinder's NFS driver offers no migration of its own.
  ...pairs()
    .filter(({ from, to }) => isLvm(from) && isLvm(to))
    .map(({ from, to }): Row => ({ id: `driver/${from}/${to}`, what: 'migrate', from, to, force: false })),
  retype('plain', 'plain', 'thin', 'thin'),
  retype('plain', 'plain', 'thin', 'thick'),
  retype('plain', 'encrypted', 'thin', 'thin'),
  retype('plain', 'encrypted', 'thin', 'thick'),
  retype('encrypted', 'plain', 'thin', 'thin'),
  retype('encrypted', 'encrypted', 'thin', 'thin'),
  retype('encrypted', 'encrypted', 'thin', 'thick'),
  { id: 'client/get-capabilities', what: 'capabilities', from: 'thin', to: 'thin', client: true },
  { id: 'client/migrate', what: 'migrate', from: 'thin', to: 'thick', force: true, client: true },
  { ...retype('plain', 'plain', 'thin', 'thin'), id: 'client/retype', client: true },
  { id: 'fault/no-room', what: 'fault', from: 'thin', to: 'thick', fault: 'no-room' },
  { id: 'fault/late', what: 'fault', from: 'thick', to: 'thin', fault: 'late' },
  { id: 'fault/down', what: 'fault', from: 'thin', to: 'nfs', fault: 'down' },
]

function pairs(): { from: Kind; to: Kind }[] {
  return KINDS.flatMap((from) => KINDS.map((to) => ({ from, to })))
}

function retype(before: Secrecy, after: Secrecy, from: Kind, to: Kind): Row & { what: 'retype' } {
  return { id: `retype/${before}/${after}/${from}/${to}`, what: 'retype', from, to, types: [before, after] }
}

/** The name of a backend, of its volume group and of its section in cinder.conf. */
export function backendOf(side: Side, kind: Kind): string {
  return `${side}-${kind}`
}

/** A backend's only pool, as Cinder names it. */
export function hostOf(backend: string): string {
  return `${SERVICE_HOST}@${backend}#${backend}`
}

export const SERVICE_HOST = 'holeproof'
