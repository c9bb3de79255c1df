#!/usr/bin/env bash
# VictoriaLogs 1.52.1: JSON lines and _bulk requests with the content type of a form are answered by 200, the second with "errors":false, and
# nothing of them is stored, nor is there a word in the server's log. It is the type that curl --data-binary and Python's urllib.request send unless
# one is named. With text/plain, or none, they are stored.
. "$(dirname "$0")/lib.sh"
victorialogs -retentionPeriod=100y
time=2025-11-28T00:00:00Z
post() { # post TYPE PATH: with an empty TYPE none is sent
	curl -s -w ' %{http_code}\n' -H "Content-Type:${1:+ $1}" "$url/insert/$2" --data-binary @-
}
for type in application/x-www-form-urlencoded text/plain ""; do
	echo "[$type]"
	echo '{"_time":"'$time'","_msg":"line","type":"'"$type"'.","run":"r"}' | post "$type" jsonline
	printf '%s\n' '{"create":{}}' '{"@timestamp":"'$time'","message":"document","type":"'"$type"'.","run":"r"}' |
		post "$type" 'elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message' | sed -E 's/"took":[0-9]+/"took":0/'
done >answers
stored 4
stored 5 # there are four: it waits for twenty seconds whether there are more
same '[application/x-www-form-urlencoded]
 200
{"took":0,"errors":false,"items":[]} 200
[text/plain]
 200
{"took":0,"errors":false,"items":[{"create":{"status":201}}]} 200
[]
 200
{"took":0,"errors":false,"items":[{"create":{"status":201}}]} 200
stored: document .
stored: document text/plain.
stored: line .
stored: line text/plain.
warnings: 0' "$(cat answers; sed -E 's/.*"_msg":"([^"]*)".*"type":"([^"]*)".*/stored: \1 \2/' rows | sort; echo "warnings: $(grep -c warn log)")"
