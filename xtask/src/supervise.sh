# Runs "$@" in this process group and stops the whole group when standard input ends, which
# is when whoever started us closes the pipe, or dies in whatever way, SIGKILL included.
# First SIGTERM; SIGKILL ten seconds later. The exit status is that of "$@".
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(
    trap '' TERM INT
    read -r _ <&3
    kill -TERM 0
    left=50
    while [ "$left" -gt 0 ]; do
        sleep 0.2
        left=$((left - 1))
    done
    kill -KILL 0
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
trap '' TERM INT
wait "$child" 2>/dev/null
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
