#!/bin/sh
# stop.sh FOLDER: ends what start.sh started, and with the last process in its namespace the mounts. Does nothing the second time.
set -u
folder=$1
[ -e "$folder/pid" ] || exit 0
pid=$(cat "$folder/pid")
space=$(readlink "/proc/$pid/ns/mnt")
# Its domains too: libvirtd leaves them running. A pid may be somebody else's by now, who is not in a namespace of his own.
if [ -n "$space" ] && [ "$space" != "$(readlink /proc/self/ns/mnt)" ]; then
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/mnt" 2>/dev/null)" != "$space" ] || kill -KILL "${process#/proc/}"
  done
  tries=0
  while [ -e "/proc/$pid" ] && [ $tries -lt 500 ]; do
    sleep 0.01
    tries=$((tries + 1))
  done
fi
rm -rf "$folder"
