/** An lvm.conf for a machine without udev and LVM's daemons. It admits the paths that match one of these, and has `more` in `global`. */
export function lvmConf(admitted: readonly string[], more: readonly string[] = []): string {
  const filter = [...admitted.map((path) => `a|${path}|`), 'r|.*|'].map((rule) => JSON.stringify(rule))
  return `devices {
  global_filter=[${filter.join(', ')}]
  obtain_device_list_from_udev=0
  use_devicesfile=0
  hints="none"
  scan_lvs=0
  multipath_component_detection=0
  md_component_detection=0
}
global {
  ${['event_activation=0', 'use_lvmpolld=0', ...more].join('\n  ')}
}
activation {
  udev_sync=0
  udev_rules=0
  monitoring=0
  reserved_memory=64
  reserved_stack=64
  mlock_filter=["-"]
}
backup {
  backup=0
  archive=0
}
`
}
