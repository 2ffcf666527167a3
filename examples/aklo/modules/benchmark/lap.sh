# shellcheck shell=bash
# The stopwatch.

# lap ROUNDS CACHE FUNCTION: sets LAP_US
lap() {
    local started_us ended_us round
    now_us started_us
    for ((round = 0; round < $1; round++)); do
        "round_$2" "$3"
    done
    now_us ended_us
    LAP_US=$((ended_us - started_us))
}
