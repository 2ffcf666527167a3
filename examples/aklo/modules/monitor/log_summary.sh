# shellcheck shell=bash
# What the session log says about each command.

# summarise_sessions FILE THRESHOLD_MS
summarise_sessions() {
    awk -F'|' -v threshold="$2" '
        NF == 6 {
            runs[$3]++
            total[$3] += $4
            if ($4 > longest[$3]) longest[$3] = $4
            if ($5 != 0) failed[$3]++
            if ($4 > threshold) slow[$3]++
        }
        END {
            for (name in runs)
                printf "  %-10s %6d %9d %9d %7d %6d\n", name, runs[name],
                    total[name] / runs[name], longest[name], failed[name], slow[name]
        }' "$1" | sort
}
