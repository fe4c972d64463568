#!/bin/sh
# unshare --net --mount --propagation private sh start.sh FOLDER IMAGE ANSWERER
# Exports an ext4 filesystem on IMAGE by a kernel nfsd of its own and mounts it as FOLDER/mnt with NFSv4.2, in a private
# network and mount namespace, so that an NFS service of this machine is not touched. The process that stays, the answerer,
# holds the namespaces; its id is in FOLDER/pid, and the mount is reached as /proc/PID/root/FOLDER/mnt.
set -eu
folder=$1 image=$2 answerer=$3 holder=
put() { printf '%s\n' "$2" >"$1"; } # these files take one line in one write
undo() {
  set +e
  umount -f -l "$folder/mnt"
  echo 0 >"$folder/nfsd/threads"
  umount "$folder/disk"
  [ -z "$holder" ] || kill "$holder"
}
trap '[ $? = 0 ] || undo 2>/dev/null' EXIT

# A mount that was copied into this namespace would keep its loop device busy after it is gone outside.
awk '$1 ~ "^/dev/loop" { print $2 }' /proc/self/mounts | while read -r point; do umount "$point"; done
ip link set lo up
mkdir -p "$folder/disk" "$folder/mnt" "$folder/pipes" "$folder/nfsd"
# nfsd finds rpcbind by a path, which no network namespace hides, and would register with the machine's own.
[ ! -e /run/rpcbind.sock ] || mount --bind /dev/null /run/rpcbind.sock
mount -t rpc_pipefs none "$folder/pipes"
mount -t nfsd none "$folder/nfsd"
perl "$answerer" "$folder/pipes/nfsd/cld" </dev/null >/dev/null 2>&1 &
holder=$!
put "$folder/pid" $holder
put "$folder/nfsd/versions" '-2 -3 +4 +4.1 +4.2'
put "$folder/nfsd/portlist" 'tcp 2049'
put "$folder/nfsd/threads" 2 &
starting=$!
# No journal and no lazy work: what lies on the image is only what the volumes write. 4 KiB blocks at any size.
mkfs.ext4 -q -F -b 4096 -m 0 -O ^has_journal -E nodiscard,root_owner=0:0,lazy_itable_init=1 "$image"
mount -o loop,noinit_itable "$image" "$folder/disk"
# What exportfs and rpc.mountd would write: nfsd(7). The export is the root of the NFSv4 tree (fsid=0), rw,
# no_root_squash, no_subtree_check, async, insecure; 2147483647 is the second at which it lapses.
channels=/proc/self/net/rpc never=2147483647
put $channels/auth.unix.ip/channel "nfsd 127.0.0.1 $never holeproof"
put $channels/nfsd.export/channel "holeproof $folder/disk $never $((0x2000 | 0x400 | 0x10 | 0x2)) 65534 65534 0"
put $channels/nfsd.fh/channel 'holeproof 1 \x00000000 '"$never $folder/disk"
wait $starting
# nfsd marks an expired client with the time 0, which is also that of a client in the first second after boot. It then refuses the
# session that the mount asks for again and again, until the guest has no memory left: seen with kernels 6.12 and 7.2.
until read -r uptime _ </proc/uptime && [ "${uptime%%.*}" -gt 0 ]; do sleep 0.05; done
mount -i -t nfs4 -o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1,sec=sys,hard,actimeo=0 127.0.0.1:/ "$folder/mnt"
