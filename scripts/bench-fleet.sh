#!/usr/bin/env bash
# The queue under fire, and what it costs: bench-fleet.sh [JOBS]; needs Debian's postgresql. See benches/results/fleet.md.
#
# 1. JOBS small jobs (20,000) and three workers, killed with -9 and started again all the time, the database killed twice:
#    afterwards each job has ended, and each that is done has one result.
# 2. 50 jobs a second for a minute, one by one: processor time of worker and database.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-20000}
# Of the whole workspace, as it is built anyway.
cargo build --locked --release -q --workspace --example drill
drill=$(realpath "${CARGO_TARGET_DIR:-target}")/release/examples/drill
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
room=$(mktemp -d)
workers=()
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"; else "$@"; fi; }
# In place of the shell that starts it, so that its number is the server's.
postgres() {
    local server=("$programs/postgres" -D "$room/data" -k "$room" -c listen_addresses=)
    [ "$(id -u)" != 0 ] || server=(setpriv --reuid=postgres --regid=postgres --clear-groups -- "${server[@]}")
    (exec "${server[@]}") >>"$room/log" 2>&1 &
    database=$!
}
start_database() {
    postgres
    until psql -qtAX -h "$room" -U filigrane -d postgres -c 'SELECT 1' >/dev/null 2>&1; do
        kill -0 "$database" 2>/dev/null || { sleep 0.5; postgres; }
        sleep 0.2
    done
}
finish() {
    kill "${workers[@]}" 2>/dev/null || true
    kill -INT "$database" 2>/dev/null || true
    wait || true
    rm -rf "$room"
}
trap finish EXIT
mkdir "$room/data"
[ "$(id -u)" != 0 ] || chown -R postgres "$room"
as "$programs/initdb" --auth=trust --username=filigrane --encoding=UTF8 -D "$room/data" >/dev/null
start_database
psql() { command "$programs/psql" -qtAX -h "$room" -U filigrane "$@"; }
work() { "$drill" work "$1" 4 >>"$room/workers" 2>&1 & workers[$2]=$!; }
address() { psql -d postgres -c "CREATE DATABASE $1" >/dev/null; echo "postgres:///$1?host=$room&user=filigrane"; }

fire=$(address fire)
"$drill" migrate "$fire"
"$drill" submit "$fire" "$jobs" 0
for number in 0 1 2; do work "$fire" $number; done
"$drill" check "$fire" "$jobs" &
checking=$!
kills=0 falls=0 round=0
while kill -0 "$checking" 2>/dev/null; do
    sleep 2
    round=$((round + 1))
    victim=$((round % 3))
    # After a while they are left alone: somebody has to be there for the last ones.
    if [ "$round" -le 30 ]; then
        kill -9 "${workers[$victim]}" 2>/dev/null && kills=$((kills + 1))
        wait "${workers[$victim]}" 2>/dev/null || true
        work "$fire" "$victim"
    fi
    if [ "$round" = 5 ] || [ "$round" = 12 ]; then
        kill -9 "$database"; wait "$database" 2>/dev/null || true
        falls=$((falls + 1))
        start_database
        # Whoever checks was cut off, too.
        kill "$checking" 2>/dev/null || true; wait "$checking" 2>/dev/null || true
        "$drill" check "$fire" "$jobs" & checking=$!
    fi
done
wait "$checking"
echo "$kills workers and $falls databases killed with -9"
psql -d fire <<'SQL'
SELECT 'jobs '||count(*)||', states '||string_agg(DISTINCT state::text, ' ') FROM river_job;
SELECT 'results '||count(*)||', of '||count(DISTINCT key)||' tasks' FROM filigrane_result;
SELECT 'done without a result, or a result of one that is not done: '||count(*) FROM river_job j
    FULL JOIN filigrane_result r ON r.job_id = j.id WHERE (j.state = 'completed') IS DISTINCT FROM (r.job_id IS NOT NULL);
SELECT 'tried more than once: '||count(*) FROM river_job WHERE attempt > 1;
SQL
kill -9 "${workers[@]}" 2>/dev/null || true; wait "${workers[@]}" 2>/dev/null || true

spent() { awk '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) / 100 }' "/proc/$1/stat"; }
# The server's own children that live, and those that ended.
spent_database() {
    local sum; sum=$(spent "$database")
    for child in $(pgrep -P "$database"); do sum="$sum+$(spent "$child" 2>/dev/null || echo 0)"; done
    python3 -c "print($sum)"
}
calm=$(address calm)
"$drill" migrate "$calm"
work "$calm" 0
sleep 3
before=$(spent "${workers[0]}"); database_before=$(spent_database)
TIMEFORMAT='submitting: %U + %S s'
time "$drill" submit "$calm" 3000 50
"$drill" check "$calm" 3000
after=$(spent "${workers[0]}"); database_after=$(spent_database)
python3 - <<PYTHON
worker, database = $after - $before, $database_after - $database_before
print(f"50 jobs a second for 60 s: worker {worker:.1f} s, database {database:.1f} s of processor time: "
      f"{worker / 60:.1%} and {database / 60:.1%} of one core, {(worker + database) / 3000 * 1000:.2f} ms for a job")
PYTHON
