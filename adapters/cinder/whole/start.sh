#!/bin/sh
# unshare --mount --propagation private sh start.sh FOLDER CINDER SYSTEM ADAPTER NFS_DEVICE...
# Starts the whole Cinder in a root of its own: the unpacked packages of CINDER and SYSTEM, both of one Debian suite, and nothing of this
# machine's. FOLDER/etc is laid over its /etc. Each NFS_DEVICE becomes a share. Works in a guest of User-Mode Linux only, which is the
# run's own: nothing is undone. FOLDER/pid has the id of the services, and FOLDER/log what they print.
set -eu
folder=$1 cinder=$2 system=$3 adapter=$4
shift 4
put() { printf '%s\n' "$2" >"$1"; } # these files take one line in one write

over=$folder/over
mkdir -p "$over"
mount -t tmpfs none "$over"
mkdir "$over/cinder" "$over/system" "$over/upper" "$over/work" "$over/root" "$over/nfs"
# Mounts of their own: as paths below the root, which is hostfs too, overlayfs refuses them with ELOOP.
mount -t hostfs -o "ro,$cinder" none "$over/cinder"
mount -t hostfs -o "ro,$system" none "$over/system"
# Debian's folders of programs and libraries are links into /usr.
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$over/upper/$name"; done
mount -t overlay -o "lowerdir=$over/system:$over/cinder,upperdir=$over/upper,workdir=$over/work" none "$over/root"
root=$over/root
for name in bin lib lib64 sbin; do
  [ ! -d "$over/cinder/$name" ] || [ -L "$over/cinder/$name" ] || cp -a "$over/cinder/$name/." "$root/usr/$name/"
done
for name in dev proc sys run tmp root holeproof adapter; do mkdir -p "$root/$name"; done
mount --rbind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t configfs none "$root/sys/kernel/config"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
mount --bind "$folder" "$root/holeproof"
mount --bind "$adapter" "$root/adapter"
mkdir -p "$root/run/lock/iscsi" "$root/run/cryptsetup" "$root/var/lib/cinder" "$root/var/lib/iscsi" "$root/etc/target" "$root/etc/rtslib-fb-target"
cp -r "$folder/etc/." "$root/etc/"
cp "$root/usr/share/cinder-common/api-paste.ini" "$root/etc/cinder/"
for file in passwd group; do [ -e "$root/etc/$file" ] || echo "root:x:0:0::/root:/bin/sh" >"$root/etc/$file"; done
# What packages make when they are installed.
mkdir -p "$root/etc/ssl/certs"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
# The services are root already, and rootwrap takes a second to find that out.
printf '#!/bin/sh\nshift 2\nexec "$@"\n' >"$root/usr/bin/sudo"
# The guest's agent loads modules.
printf '#!/bin/sh\nexit 0\n' >"$root/usr/sbin/modprobe.new"
chmod 755 "$root/usr/bin/sudo" "$root/usr/sbin/modprobe.new"
cp "$adapter/whole/rtstool_client.pl" "$root/usr/bin/cinder-rtstool"
chmod 755 "$root/usr/bin/cinder-rtstool"
mv "$root/usr/sbin/modprobe.new" "$root/usr/sbin/modprobe"

if [ $# -gt 0 ]; then
  mkdir -p "$over/pipes" "$over/nfsd"
  mount -t rpc_pipefs none "$over/pipes"
  mount -t nfsd none "$over/nfsd"
  perl "$folder/answerer.pl" "$over/pipes/nfsd/cld" </dev/null >/dev/null 2>&1 &
  put "$over/nfsd/versions" '-2 -3 +4 +4.1 +4.2'
  put "$over/nfsd/portlist" 'tcp 2049'
  put "$over/nfsd/threads" 4 &
  starting=$!
  # What exportfs and rpc.mountd would write: nfsd(7). 2147483647 is the second at which it lapses.
  channels=/proc/self/net/rpc never=2147483647
  put $channels/auth.unix.ip/channel "nfsd 127.0.0.1 $never holeproof"
  share() { # FSID FOLDER: rw, no_root_squash, no_subtree_check, async, insecure
    put $channels/nfsd.export/channel "holeproof $2 $never $((0x2000 | 0x400 | 0x10 | 0x2)) 65534 65534 $1"
    put $channels/nfsd.fh/channel "holeproof 1 \\x0${1}000000 $never $2"
  }
  mount -t tmpfs none "$over/nfs"
  share 0 "$over/nfs"
  number=0
  for device; do
    number=$((number + 1))
    mkdir "$over/nfs/share$number"
    mkfs.ext4 -q -F -b 4096 -m 0 -O ^has_journal -E nodiscard,root_owner=0:0,lazy_itable_init=1 "$device"
    mount -o noinit_itable "$device" "$over/nfs/share$number"
    share "$number" "$over/nfs/share$number"
  done
  mkdir "$root/nfs"
  mount --rbind "$over/nfs" "$root/nfs"
  wait $starting
  until read -r uptime _ </proc/uptime && [ "${uptime%%.*}" -gt 0 ]; do sleep 0.05; done
fi

enter() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C HOME=/root DM_DISABLE_UDEV=1 PYTHONDONTWRITEBYTECODE=1 "$@"; }
enter python3 /adapter/whole/rtstool_server.py </dev/null >"$folder/rtstool.log" 2>&1 &
enter perl /adapter/whole/disk_links.pl </dev/null >/dev/null 2>&1 &
enter iscsid </dev/null >"$folder/iscsid.log" 2>&1
enter python3 /adapter/whole/services.py --config-file /etc/cinder/cinder.conf --pid-file /holeproof/pid --fault-file /holeproof/fault </dev/null >"$folder/log" 2>&1 &
daemon=$!
tries=0
until [ -e "$folder/pid" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 2400 ] || ! kill -0 $daemon; then
    cat "$folder/log" >&2
    exit 1
  fi
  sleep 0.1
done
