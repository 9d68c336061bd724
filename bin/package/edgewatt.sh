#!/bin/sh
# The program of one release, with the Node that it brings.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" --disable-warning=ExperimentalWarning "$here/app/gateway/main.js" "$@"
