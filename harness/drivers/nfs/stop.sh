#!/bin/sh
# stop.sh FOLDER: undoes start.sh. FOLDER and the image stay, with nothing mounted in them. Does nothing the second time.
set -u
folder=$1
[ -e "$folder/pid" ] || exit 0
pid=$(cat "$folder/pid")
# A pid may be somebody else's by now.
if tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$folder/answerer.pl"; then
  # shellcheck disable=SC2016
  nsenter -t "$pid" --mount --net sh -c '
    umount "$1/mnt" || umount -f -l "$1/mnt"
    echo 0 >"$1/nfsd/threads" # drops the ports, the clients and the exports too; the answerer ends by itself
    umount "$1/disk"          # and its loop device
  ' sh "$folder"
  kill "$pid" 2>/dev/null # the last process in the namespaces: the mounts that are left go with them
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 500 ]; do
    sleep 0.01
    tries=$((tries + 1))
  done
fi
rm -f "$folder/pid"
