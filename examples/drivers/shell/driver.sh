#!/bin/sh
# A volume driver for holeproof, to copy and change: volumes are sparse files in the folder that do_setup gives.
# Needs a POSIX sh and the usual tools. Replace the bodies marked below; the rest speaks the protocol of
# docs/protocol.md.
#
# The reader of JSON understands what holeproof sends: an object on one line, no spaces between its parts, `options` last.
# In such a line "key": can only be a key, as a quote within a text is written \". A text with a backslash in it (a quote,
# a control character) counts as missing. For other input use jq, or start from the Python template.
set -u
PROTOCOL=holeproof-driver-1
VERBS='do_setup shutdown get_capabilities create_volume delete_volume attach_volume detach_volume'
# These are optional: remove what your storage cannot do.
VERBS="$VERBS extend_volume update_migrated_volume"
folder=

# Each verb is a function. It prints the result as JSON, or nothing. `fail MESSAGE` makes the answer an error, and so does
# `try COMMAND...` when the command fails. A verb runs in a subshell, so its variables are gone after it.

do_setup() {
  text protocol
  [ "$value" = "$PROTOCOL" ] || fail "this driver speaks $PROTOCOL, not $value"
  # ---- replace: make what is not there yet; this runs after each start of the program ----
  [ -d "$folder" ] || fail "there is no folder $folder"
  printf '{"protocol":"%s","name":"sparse files template"}' "$PROTOCOL"
}

shutdown() {
  # ---- replace: take back what do_setup made, with all volumes ----
  try rm -f -- "$folder"/volume.*
}

get_capabilities() {
  # ---- replace: claim true only if every byte of a new volume that was never written reads as zero ----
  printf '{"volume_backend_name":"files","vendor_name":"holeproof","driver_version":"1.0","storage_protocol":"local"'
  printf ',"thin_provisioning_support":true,"sparse_copy_volume":true}'
}

create_volume() {
  new_file name
  size size_bytes
  # ---- replace: an error if the size does not fit; a larger volume is fine ----
  said=$(truncate -s "$size" -- "$file" 2>&1) || {
    rm -f -- "$file"
    fail "$said"
  }
}

delete_volume() {
  known_file name
  # ---- replace ----
  try rm -- "$file"
}

attach_volume() {
  known_file name
  # ---- replace: the path of the volume's block device or raw file on this machine ----
  printf '{"path":"%s"}' "$(escaped "$file")"
}

detach_volume() {
  known_file name
  # ---- replace: take the path away again, or do nothing if it may stay ----
}

extend_volume() {
  known_file name
  size new_size_bytes
  # ---- replace: the added part must read as zero too ----
  has=$(stat -c %s -- "$file") || fail "the size of $file cannot be told"
  [ "$size" -ge "$has" ] || fail "it has $has bytes already, $size are fewer"
  try truncate -s "$size" -- "$file"
}

update_migrated_volume() {
  known_file name
  old=$file
  new_file new_name
  # ---- replace: rename the volume ----
  try mv -- "$old" "$file"
}

# ---- replace: where volumes are kept ----

# Sets $file to the place of the volume that a key names.
file_of() {
  text "$1"
  case $value in
    '' | *[!A-Za-z0-9_.+-]*) fail "'$value' cannot name a volume: letters, digits and _ . + - only" ;;
  esac
  file=$folder/volume.$value
}

known_file() {
  file_of "$1"
  [ -f "$file" ] || fail "there is no volume $value"
}

new_file() {
  file_of "$1"
  [ ! -e "$file" ] || fail "there is a volume $value already"
}

# ----------------------------------------------------------------------------------------------------------------------
# The protocol: JSON-RPC 2.0, one message in each line, requests on standard input and answers on standard output.
# ----------------------------------------------------------------------------------------------------------------------

# When a verb exits with 1, its output is the message of the error.
fail() {
  printf '%s' "$1"
  exit 1
}

try() {
  said=$("$@" 2>&1) || fail "$said"
}

# Sets $value to the text of the first key of this name in $line; empty if there is none.
text() {
  value=
  case $line in *"\"$1\":\""*) ;; *) return 0 ;; esac
  value=${line#*"\"$1\":\""}
  value=${value%%\"*}
  case $value in *\\*) value= ;; esac
}

# Sets $value to the number of the first key of this name in $line, as it is written; empty if there is none.
number() {
  value=
  case $line in *"\"$1\":"*) ;; *) return 0 ;; esac
  value=${line#*"\"$1\":"}
  value=${value%%[,\}]*}
}

# Sets $size to the number of bytes that a key gives.
size() {
  number "$1"
  case $value in
    '' | 0* | *[!0-9]*) fail "$1 must be a whole number above 0, not '$value'" ;;
  esac
  size=$value
}

# A text as it may stand between the quotes of JSON.
escaped() {
  printf '%s' "$1" | tr -s '[:cntrl:]' ' ' | sed 's/[\\"]/\\&/g'
}

answer_error() {
  printf '%s: %s\n' "$method" "$2" >&2
  printf '{"jsonrpc":"2.0","id":%s,"error":{"code":%s,"message":"%s"}}\n' "$id" "$1" "$(escaped "$2")"
}

# Ends when standard input closes.
while IFS= read -r line; do
  text method
  method=$value
  number id
  id=${value:-null}
  case " $VERBS " in
    *" $method "*) ;;
    *)
      answer_error -32601 "there is no $method here"
      continue
      ;;
  esac
  if [ "$method" = do_setup ]; then
    text folder
    folder=$value
  elif [ -z "$folder" ]; then
    answer_error -32000 'do_setup comes first'
    continue
  fi
  if result=$("$method" </dev/null); then
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "${result:-{\}}"
  else
    answer_error -32000 "${result:-it failed}"
  fi
done
