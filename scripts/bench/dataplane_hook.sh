#!/usr/bin/env bash
# Puts dist/iked into the data plane harness: HOOK=…/dataplane_hook.sh dataplane.sh hook ESP
# Called in the namespace of one side as: dataplane_hook.sh a|b RUNDIR [ESP]; carries 10.98.1.1 (a) <-> 10.98.2.1 (b).
set -euo pipefail
side=$1 run=$2 esp=${3:-aes256gcm16}
iked=${IKED_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/dist/iked}
case $esp in
aes256gcm16) child="enc aes-256-gcm" ;;
aes128gcm16) child="enc aes-128-gcm" ;;
chacha20poly1305) child="enc chacha20-poly1305" ;;
aes256-sha256) child="enc aes-256 auth hmac-sha2-256" ;;
*) echo "dataplane_hook.sh: unknown ESP suite $esp" >&2; exit 2 ;;
esac
if [ "$side" = a ]; then mode=active local=10.99.0.1 peer=10.99.0.2 in=10.98.1.1 out=10.98.2.1 ids="srcid a.bench dstid b.bench"
else mode=passive local=10.99.0.2 peer=10.99.0.1 in=10.98.2.1 out=10.98.1.1 ids="srcid b.bench dstid a.bench"; fi
ip addr add "$in/32" dev lo
umask 077
cat >"$run/iked-$side.conf" <<CONF
ikev2 "bench" $mode natt esp from $in to $out local $local peer $peer \\
  ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 childsa $child $ids \\
  psk "benchmark-secret-0123456789"
CONF
exec "$iked" -d -K userland -f "$run/iked-$side.conf" --socket "$run/iked-$side.sock"
