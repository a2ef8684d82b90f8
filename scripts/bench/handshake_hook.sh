#!/usr/bin/env bash
# Puts dist/iked into the handshake harness as the responder: RESPONDER=…/handshake_hook.sh handshake.sh psk-x25519
# Called in the responder's namespace as: handshake_hook.sh MIX RUNDIR NETNS; listens on 10.99.0.2.
set -euo pipefail
mix=$1 run=$2
iked=${IKED_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/dist/iked}
case $mix in
psk-x25519) group=curve25519 ;;
psk-ecp256) group=ecp256 ;;
psk-modp2048) group=modp2048 ;;
*) echo "handshake_hook.sh: no PSK mix: $mix" >&2; exit 2 ;;
esac
umask 077
cat >"$run/iked.conf" <<CONF
ikev2 "bench" passive esp from any to any local 10.99.0.2 peer any \\
  ikesa enc aes-256-gcm prf hmac-sha2-256 group $group childsa enc aes-256-gcm \\
  srcid srv.bench psk "benchmark-secret-0123456789"
CONF
exec "$iked" -d -K none -f "$run/iked.conf" --socket "$run/iked.sock"
