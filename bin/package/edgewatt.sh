#!/bin/sh
# The program of one release, with the Node that it brings.
here=$(dirname "$(readlink -f "$0")")
# Bounds of memory as in bin/launch.mjs and bin/edgewatt.mjs.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
small=
[ "${1:-}" = run ] && small='--max-semi-space-size=4 --max-old-space-size=320'
exec "$here/node" --disable-warning=ExperimentalWarning $small "$here/app/gateway/main.js" "$@"
