# shellcheck shell=bash
# A share, drawn.

# bar PERCENT: twenty characters
bar() {
    local filled=$(($1 / 5)) place text=''
    for ((place = 0; place < 20; place++)); do
        if ((place < filled)); then
            text+='#'
        else
            text+='.'
        fi
    done
    printf '%s' "$text"
}
