/** The driver under test did what it must not do: a finding, never a broken lab. */
export class DriverFault extends Error {
  override name = 'DriverFault'
}

/** The driver is not asked any more. */
export class DriverGone extends DriverFault {
  override name = 'DriverGone'
}

/** The driver could not make what is more than its storage surely holds, which is no fault of it. */
export class StorageTooSmall extends DriverFault {
  override name = 'StorageTooSmall'
}

/** The storage that a check looks at could not be filled with old bytes first, which is no fault of the driver. */
export class NotMadeDirty extends Error {
  override name = 'NotMadeDirty'
}

/** A peer failed, which says nothing about the driver under test. */
export class PeerFailed extends Error {
  override name = 'PeerFailed'
}
