#!/usr/bin/env bash
# For whoever has Docker: starts the whole composition with the demo in it, asks every part of it a question, and takes it down again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUTRIGGER_ADMIN_TOKEN=$(openssl rand -hex 16)
export OUTRIGGER_ADMIN_TOKEN OUTRIGGER_COMMAND=demo
compose=(docker compose --project-name outrigger-smoke --profile fleet)
trap '"${compose[@]}" logs --tail 40 >&2 || true; "${compose[@]}" down --volumes --timeout 15' EXIT

"${compose[@]}" config --quiet
"${compose[@]}" up --detach --build --wait --wait-timeout 180

# ask WHAT URL PATTERN [CURL ARGUMENTS]: tries for a minute and a half.
ask() {
  local what=$1 url=$2 pattern=$3 answer=
  shift 3
  for _ in $(seq 45); do
    answer=$(curl -fsS --max-time 5 "$@" "$url" 2>&1) && grep -q "$pattern" <<<"$answer" && { echo "fine: $what"; return; }
    sleep 2
  done
  echo "FAILED: $what: $url says: ${answer:0:500}" >&2
  return 1
}

ask 'the sidecar counts calls' http://127.0.0.1:4142/metrics '^outrigger_requests_total{.*} [1-9]'
ask 'the API takes the token' http://127.0.0.1:4142/api/agents '"coder' -H "authorization: Bearer $OUTRIGGER_ADMIN_TOKEN"
ask 'Prometheus scrapes it' 'http://127.0.0.1:9090/api/v1/query?query=up%7Bjob%3D%22outrigger%22%7D%20%3D%3D%201' '"value":\['
ask 'Prometheus has the rules' http://127.0.0.1:9090/api/v1/rules '"file":"/etc/prometheus/rules'
ask 'Grafana has the dashboards' 'http://127.0.0.1:3000/api/search?type=dash-db' 'outrigger-overview'
ask 'Grafana asks Prometheus' http://127.0.0.1:3000/api/ds/query '"values":\[\[' -H 'content-type: application/json' -d \
  '{"from":"now-5m","to":"now","queries":[{"refId":"A","datasource":{"uid":"prometheus"},"expr":"sum(outrigger_requests_total)","instant":true}]}'
ask 'Tempo has traces' 'http://127.0.0.1:3200/api/search?q=%7B%20resource.service.name%20%3D%20%22outrigger%22%20%7D' '"traceID"'
ask 'Mailpit is there' http://127.0.0.1:8025/api/v1/info '"Version"'

container=$("${compose[@]}" ps --quiet outrigger)
[[ $(docker exec "$container" node -p 'process.getuid()') == 1000 ]] && echo 'fine: it is not root'
if docker exec "$container" node -e 'require("node:fs").writeFileSync("/app/x", "")' 2>/dev/null; then
  echo 'FAILED: it can write to its own files' >&2
  exit 1
fi
echo 'fine: its files are read-only'
