#!/usr/bin/env bash
# VictoriaLogs 1.52.1: a _bulk request that is answered by 400 for one document's time has stored the documents before it, and none behind it.
# Who sends all of it again has the first ones twice; who gives it up has lost the last.
. "$(dirname "$0")/lib.sh"
victorialogs -retentionPeriod=100y -futureRetention=100y
for n in {1..20}; do
	time=2025-11-28T00:00:00Z
	((n == 11)) && time=9999-12-31T23:59:59Z
	echo '{"create":{}}'
	echo '{"@timestamp":"'"$time"'","message":"document '"$n"'","run":"r"}'
done >body
code=$(curl -s -o answer -w '%{http_code}' -H 'Content-Type: application/x-ndjson' \
	"$url/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message" --data-binary @body)
stored 10
same "answer 400, stored 10 of 20" "answer $code, stored $(grep -c . rows) of 20"
