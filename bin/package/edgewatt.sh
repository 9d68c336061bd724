#!/bin/sh
# The program of one release, with the Node that it brings.
here=$(dirname "$(readlink -f "$0")")
# Bounds of memory as in bin/launch.mjs and bin/edgewatt.mjs.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
young=
[ "${1:-}" = run ] && young=--max-semi-space-size=2
exec "$here/node" --disable-warning=ExperimentalWarning $young "$here/app/gateway/main.js" "$@"
