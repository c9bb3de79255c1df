#!/usr/bin/env bash
# VictoriaLogs 1.52.1 says 204 to rows that it drops because of their time: by its defaults those older than seven days, or more than two ahead. A
# backlog that is delivered late is gone, and the answer is the same. Only the metric vl_rows_dropped_total counts them.
. "$(dirname "$0")/lib.sh"
victorialogs
now=$(date +%s)
for days in -30 -8 0 3; do
	curl -s -o answer -w '%{http_code} ' -H 'Content-Type: application/json' "$url/insert/loki/api/v1/push?_msg_field=msg" \
		-d '{"streams":[{"stream":{"run":"r"},"values":[["'"$((now + days * 86400))"'000000000","days '"$days"'"]]}]}' >>codes
done
stored 1
same "204 204 204 204 stored: days 0" "$(cat codes)stored: $(python3 -c '
import json
print(*(json.loads(line)["_msg"] for line in open("rows")))
')"
