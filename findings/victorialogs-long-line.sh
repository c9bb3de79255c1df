#!/usr/bin/env bash
# VictoriaLogs 1.52.1: of JSON lines one that is longer than -insert.maxLineSizeBytes is left out, and the server says so, "skipping it". With it go
# the lines behind it in the same request, eight here, and 2,500 were seen in one. The answer is 200, and the server counts one line that was
# too long.
. "$(dirname "$0")/lib.sh"
victorialogs -retentionPeriod=100y
line() { # line NAME LENGTH
	printf '{"_time":"2025-11-28T00:00:00Z","_msg":"%s","run":"r","fill":"%0*d"}\n' "$1" "$2" 0
}
requests() { # requests NAME LENGTH: ten, each of five lines, one of a length, and eight more
	local n
	{
		for n in {1..5}; do line "$1-before" 10; done
		line "$1" "$2"
		for n in {1..8}; do line "$1-behind" 10; done
	} >body
	for n in {1..10}; do
		curl -s -o answer -w '%{http_code}\n' -H 'Content-Type: application/stream+json' "$url/insert/jsonline" --data-binary @body
	done >codes
	echo "$1: answers $(sort -u codes)"
}
requests fits 250000
requests long 270000
stored 190
stored 191 # it waits for twenty seconds whether there are more
count() { grep -c "\"_msg\":\"$1\"" rows || true; }
echo "lines behind a long one that are stored: $(count long-behind) of 80"
same "fits: 50 before, 10, 80 behind
long: 50 before, 0, fewer than 80 behind
counted as too long: 10" "fits: $(count fits-before) before, $(count fits), $(count fits-behind) behind
long: $(count long-before) before, $(count long), $( (($(count long-behind) < 80)) && echo fewer than 80 || count long-behind) behind
counted as too long: $(curl -s "$url/metrics" | sed -n 's/^vl_too_long_lines_skipped_total //p')"
