# Answers the requests on standard input, one a line.
# shellcheck shell=sh
cat > "$tmp/requests" || full
observe "$tmp/requests" ''
