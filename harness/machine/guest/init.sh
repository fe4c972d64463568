#!/bin/busybox sh
# Process 1 of a QEMU guest until the agent takes over: puts this machine's root, read-only, in the place of the initramfs.
for module in /modules/*; do busybox insmod "$module" || echo "holeproof: $module could not be loaded"; done
busybox mount -t proc proc /proc
for word in $(busybox cat /proc/cmdline); do
  case $word in holeproof.agent=*) agent=${word#*=} ;; esac
done
busybox umount /proc
busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose root /root || exec busybox poweroff -f
exec busybox switch_root /root "$agent"
