#!/bin/sh
# unshare --mount --propagation private sh start.sh FOLDER PACKAGES
# Lays PACKAGES, unpacked, over a guest's root in a private mount namespace and starts libvirtd in there. Its id is in FOLDER/pid: with
# its namespace and its root, programs reach it, and its log is FOLDER/log. Works in User-Mode Linux only: its hostfs.
set -eu
folder=$1 packages=$2 daemon=
trap '[ $? = 0 ] || [ -z "$daemon" ] || kill "$daemon"' EXIT

# A mount that was copied into this namespace would keep its device busy after it is gone outside.
awk '$1 ~ "^/dev/(loop|mapper|dm-)" { print $2 }' /proc/self/mounts | while read -r point; do umount "$point"; done
over=$folder/over
mkdir -p "$over"
mount -t tmpfs none "$over"
mkdir "$over/packages" "$over/upper" "$over/work" "$over/root"
# A mount of its own: as a path below the root, which is hostfs too, overlayfs refuses it with ELOOP.
mount -t hostfs -o "ro,$packages" none "$over/packages"
mount -t overlay -o "lowerdir=$over/packages:/,upperdir=$over/upper,workdir=$over/work" none "$over/root"
root=$over/root
mount --rbind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount --bind /sys "$root/sys"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"

# What the packages would do when they are installed, and no driver that reaches for a network or for udev.
for driver in interface network nodedev nwfilter secret storage; do
  rm -f "$root"/usr/lib/*/libvirt/connection-driver/libvirt_driver_$driver.so
done
grep -q ^libvirt-qemu: /etc/passwd || echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >>"$root/etc/passwd"
for group in libvirt-qemu:64055 kvm:64056; do
  grep -q "^${group%:*}:" /etc/group || echo "${group%:*}:x:${group#*:}:" >>"$root/etc/group"
done
mkdir -p "$root/run/libvirt" "$root/etc/libvirt"
for kind in lib log cache; do mkdir -p "$root/var/$kind/libvirt/qemu"; done
cat >"$root/etc/libvirt/libvirtd.conf" <<END
unix_sock_group = "root"
auth_unix_rw = "none"
log_outputs = "3:stderr"
END
# The guest has no cgroups and no udev, and belongs to this run alone.
cat >"$root/etc/libvirt/qemu.conf" <<END
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
security_default_confined = 0
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
END

# The libraries of the guest's own near programs are not for these.
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C /usr/sbin/libvirtd </dev/null >"$folder/log" 2>&1 &
daemon=$!
echo $daemon >"$folder/pid"
tries=0
until [ -S "$root/run/libvirt/libvirt-sock" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 $daemon; then
    cat "$folder/log" >&2
    exit 1
  fi
  sleep 0.1
done
