#!/usr/bin/env bash
# Puts the sidecar under load, in front of the simulated provider: load/run.sh NAME [--short], or `all` for all of them.
# Starts and stops all that it needs, on free ports of loopback. Exit codes: 0 fine, 1 a threshold was missed, 2 wrong usage or no k6.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
names=(smoke steady spike soak stream chaos)

usage() {
  echo "Usage: load/run.sh NAME [--short]; NAME is all, or one of: ${names[*]}" >&2
  exit 2
}

short=false
wanted=()
for argument in "$@"; do
  case $argument in
    --short) short=true ;;
    all) wanted+=("${names[@]}") ;;
    *)
      [[ " ${names[*]} " == *" $argument "* ]] || usage
      wanted+=("$argument")
      ;;
  esac
done
((${#wanted[@]} > 0)) || usage

k6=${K6:-}
for found in "$(command -v k6 || true)" "${XDG_CACHE_HOME:-$HOME/.cache}/outrigger/k6/k6" "$HOME/go/bin/k6"; do
  [[ -n $k6 || -z $found || ! -x $found ]] || k6=$found
done
if [[ -z $k6 || ! -x $k6 ]]; then
  echo "load/run.sh needs k6 and does not find it on PATH, in ~/go/bin or as \$K6. Get it by one of:" >&2
  echo "  .ci/install-k6                        builds the version that these scripts were written for" >&2
  echo "  go install go.k6.io/k6@latest         with Go (apt-get install golang); needs the network" >&2
  exit 2
fi

work=$(mktemp -d)
pids=()
end() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait "${pids[@]}" 2>/dev/null || true
  pids=()
}
trap 'end; rm -rf "$work"' EXIT
node=$root/node_modules/.bin/node

# await FILE PATTERN: the first match of the pattern's group in what a program writes there.
await() {
  local found
  for _ in $(seq 300); do
    found=$(sed -n "s|$2|\\1|p" "$1" | head -n 1)
    [[ -z $found ]] || { echo "$found"; return; }
    sleep 0.1
  done
  cat "$1" >&2
  return 1
}

# One run: a provider, a sidecar and k6, all of them new.
run() {
  local name=$1 provider proxy admin
  "$node" "$here/provider.ts" >"$work/provider" 2>&1 &
  pids+=($!)
  provider=$(await "$work/provider" '^\(http://.*\)$') || return 1
  LOAD_PROVIDER=$provider XDG_STATE_HOME=$work/state "$node" "$root/bin/outrigger.js" start \
    --config "$here/outrigger.yaml" --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$work/log" 2>"$work/sidecar" &
  pids+=($!)
  admin=$(await "$work/sidecar" '^Metrics, health and API: \(.*\)$') || return 1
  proxy=$(await "$work/sidecar" '^ *\(http://[0-9.:]*\)/steady .*$') || return 1
  echo "== $name"
  "$k6" run --quiet --no-usage-report --no-color --address '' \
    -e SIDECAR="$proxy" -e ADMIN="$admin" -e PROVIDER="$provider" -e SHORT="$short" "$here/$name.js" 2>&1 | tee "$work/k6" || return 1
  # A script that throws makes no measurements, and thresholds of nothing are met.
  ! grep -q 'level=error' "$work/k6"
}

missed=()
for name in "${wanted[@]}"; do
  run "$name" || missed+=("$name")
  end
done
((${#missed[@]} == 0)) || { echo "failed: ${missed[*]}" >&2; exit 1; }
echo "fine: ${wanted[*]}"
