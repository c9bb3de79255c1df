#!/usr/bin/env bash
# VictoriaLogs 1.52.1 takes Loki's protocol, whose times are always nanoseconds, and guesses their unit by the magnitude: a time near 1970 is stored
# decades later, and the answer is 204. (One of this century is stored exactly.)
. "$(dirname "$0")/lib.sh"
victorialogs -retentionPeriod=100y -futureRetention=100y
for nanoseconds in 1000000000 1764288000123456789; do
	curl -s -o answer -w '%{http_code}\n' -H 'Content-Type: application/json' "$url/insert/loki/api/v1/push?_msg_field=msg" \
		-d '{"streams":[{"stream":{"run":"r"},"values":[["'"$nanoseconds"'","sent as '"$nanoseconds"'"]]}]}' >>codes
done
stored 2
same "204
204
2001-09-09T01:46:40Z sent as 1000000000
2025-11-28T00:00:00.123456789Z sent as 1764288000123456789" "$(cat codes; python3 -c '
import json
for row in sorted((json.loads(line) for line in open("rows")), key=lambda row: row["_time"]):
    print(row["_time"], row["_msg"])
')"
