/** Without udev, cryptsetup and dmsetup must make the devices' nodes themselves and wait for nothing. */
export const WITHOUT_UDEV = { env: { DM_DISABLE_UDEV: '1' } }
