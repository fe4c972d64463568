/** The driver under test did what it must not do: a finding, never a broken lab. */
export class DriverFault extends Error {
  override name = 'DriverFault'
}

/** The driver is not asked any more. */
export class DriverGone extends DriverFault {
  override name = 'DriverGone'
}

/** A peer failed, which says nothing about the driver under test. */
export class PeerFailed extends Error {
  override name = 'PeerFailed'
}
