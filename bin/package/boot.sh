#!/bin/sh
# Starts the release that `current` names. Part of no release, so that a broken one can be left.
#
#   boot.sh check   as root: counts the starts of a release on trial, keeps a healthy one, and goes
#                   back to the one before, with the reason, when it was started too often or did
#                   not prove healthy in time
#   boot.sh install as root: installs the bundle that the gateway has fetched, which is judged by the
#                   current release as any other, and takes it away
#   boot.sh run     as the gateway's user: runs the current release, and ends it when its trial
#                   lasts too long; the next check goes back
#
# STATE belongs to root. MARKS belongs to the gateway's user and is only read here: what stands in
# it is compared, never executed. gateway/adapters/update/releases.ts reads and writes the same.
set -u
ROOT=${EDGEWATT_ROOT:-/opt/edgewatt}
STATE=${EDGEWATT_UPDATE:-/var/lib/edgewatt-update}
MARKS=${EDGEWATT_MARKS:-/var/lib/edgewatt/update}
KEYS=${EDGEWATT_KEYS:-/etc/edgewatt/release-keys.json}
BOOTS_MAX=3
HEALTHY_S=${EDGEWATT_HEALTHY_S:-600}

# Writes a file so that a cut leaves the old one or the new one.
keep() {
  printf '%s\n' "$2" > "$STATE/$1.new" && sync "$STATE/$1.new" && mv "$STATE/$1.new" "$STATE/$1" &&
    sync "$STATE"
}

# First word of a file, nothing where there is none; the last line may lack its end.
word() {
  first=''
  [ -f "$1" ] && { read -r first rest < "$1" || true; }
  printf '%s' "$first"
}

end_trial() {
  rm -f "$STATE/trial" "$STATE/boots" && sync "$STATE"
}

go_back() {
  echo "edgewatt: release $version is rolled back to $previous: $1" >&2
  old=$(cat "$STATE/failed" 2> /dev/null)
  keep failed "${old:+$old
}$version $1"
  rm -f "$ROOT/current.new"
  ln -s "releases/$previous" "$ROOT/current.new" && mv -T "$ROOT/current.new" "$ROOT/current" &&
    sync "$ROOT" && end_trial
}

check() {
  [ -f "$STATE/trial" ] || return 0
  read -r version previous < "$STATE/trial"
  boots=$(word "$STATE/boots")
  boots=$((${boots:-0} + 1))
  if [ "$(readlink "$ROOT/current")" != "releases/$version" ]; then
    end_trial # its installation was cut
  elif [ "$(word "$MARKS/healthy")" = "\"$version\"" ]; then
    keep minimum "$version" && end_trial
  elif [ ! -d "$ROOT/releases/$previous" ]; then
    echo "edgewatt: release $version is on trial, and $previous is gone: it stays" >&2
    end_trial
  elif [ "$(word "$MARKS/late")" = "$version" ]; then
    go_back "not healthy after $HEALTHY_S s"
  elif [ "$boots" -gt "$BOOTS_MAX" ]; then
    go_back "not healthy after $BOOTS_MAX starts"
  else
    keep boots "$boots"
  fi
}

install_offered() {
  [ -f "$MARKS/offered.ewb" ] || return 0
  rm -f "$STATE/refused"
  if ! said=$("$ROOT/current/edgewatt" update install "$MARKS/offered.ewb" \
    --root "$ROOT" --state "$STATE" --marks "$MARKS" --keys "$KEYS" 2>&1); then
    keep refused "$(printf '%s' "$said" | head -n 1)"
  fi
  printf '%s\n' "$said"
  rm -f "$MARKS/offered.ewb" # now the gateway looks what became of it
}

# Beside the release while it is on trial, as a child that survives its exec.
watch() {
  sleep "$HEALTHY_S"
  [ "$(word "$MARKS/healthy")" = "\"$version\"" ] && exit 0
  # The same process still, not another one with its number.
  [ "$(cut -d ' ' -f 22 "/proc/$main/stat" 2> /dev/null)" = "$started" ] || exit 0
  echo "$version" > "$MARKS/late"
  kill -TERM "$main"
  sleep 20
  [ "$(cut -d ' ' -f 22 "/proc/$main/stat" 2> /dev/null)" = "$started" ] && kill -KILL "$main"
}

case ${1:-} in
  check)
    check
    ;;
  install)
    install_offered
    ;;
  run)
    shift
    export EDGEWATT_ROOT="$ROOT" EDGEWATT_UPDATE="$STATE" EDGEWATT_MARKS="$MARKS"
    version=$(word "$STATE/trial")
    if [ -n "$version" ]; then
      main=$$
      started=$(cut -d ' ' -f 22 "/proc/$main/stat")
      mkdir -p "$MARKS"
    (watch) < /dev/null > /dev/null 2>&1 &
      export EDGEWATT_TRIAL="$version"
    fi
    exec "$ROOT/current/edgewatt" "$@"
    ;;
  *)
    echo 'boot.sh check, boot.sh install, or boot.sh run ARGUMENTS' >&2
    exit 2
    ;;
esac
