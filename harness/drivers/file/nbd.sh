#!/bin/sh
# nbd.sh attach|flush|detach FILE: makes a qcow2 file a block device by qemu-nbd and prints its path, flushes it, takes it away
# again. detach FOLDER/ does so for all files in a folder. Who serves a device is asked of the kernel and of the server's own
# command line, so nothing needs to be remembered; to attach twice or to detach nothing is no error.
set -eu
verb=$1 file=$2

# Prints "device pid" for each device that serves the file, or a file in the folder.
served() {
  for pid_file in /sys/block/nbd*/pid; do
    [ -e "$pid_file" ] || continue
    pid=$(cat "$pid_file" 2>/dev/null) || continue
    image=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | tail -n 1)
    device=${pid_file%/pid}
    case $image in
      "$file" | "${file%/}/"*) echo "/dev/${device##*/} $pid" ;;
    esac
  done
}

wait_until() { # the server and the kernel agree with a delay
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt 1000 ] || { echo "waited 10 s in vain: $*" >&2; exit 1; }
    sleep 0.01
  done
}
has_size() { [ "$(cat "/sys/block/${1##*/}/size")" != 0 ]; }
is_gone() { [ ! -e "/sys/block/${1##*/}/pid" ] && ! kill -0 "$2" 2>/dev/null; }

case $verb in
  attach)
    [ -e /sys/block/nbd0 ] || { echo 'no nbd devices: the module nbd is not loaded' >&2; exit 1; }
    # One at a time in this kernel: two servers that are put on the same device take it from each other.
    exec 9</sys/block/nbd0/size
    flock --timeout 30 9
    found=$(served)
    if [ -n "$found" ]; then
      echo "${found%% *}"
      exit 0
    fi
    for block in /sys/block/nbd*; do
      device=/dev/${block##*/}
      [ ! -e "$block/pid" ] || continue
      # The page cache of the file is passed by, so that what is read was stored.
      qemu-nbd --connect="$device" --format=qcow2 --cache=none --discard=unmap "$file" 9<&- || continue
      wait_until has_size "$device"
      echo "$device"
      exit 0
    done
    echo "no nbd device could be had for $file" >&2
    exit 1
    ;;
  flush) served | while read -r device _; do sync "$device"; done ;;
  detach)
    served | while read -r device pid; do
      qemu-nbd --disconnect "$device" >&2
      wait_until is_gone "$device" "$pid"
    done
    ;;
esac
