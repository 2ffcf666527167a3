# shellcheck shell=bash
# Where the caches live.

source "$AKLO_HOME/modules/core/config.sh"

open_cache() {
    CACHE_DIR=$(below_root "$AKLO_STATE_ROOT" "$(get_config cache_dir cache .aklo_cache)")
    METRICS_FILE=$CACHE_DIR/cache_metrics.json
    SCAN_CACHE_DIR=${AKLO_SCAN_CACHE_DIR:-$(get_config scan_dir cache /tmp/aklo_scan_cache)}
    # Somebody else's directory of that name is of no use.
    if [[ -e $SCAN_CACHE_DIR && ! -w $SCAN_CACHE_DIR ]]; then
        SCAN_CACHE_DIR+=.$UID
    fi
    if ! mkdir -p "$CACHE_DIR" 2>/dev/null; then
        warn "cannot make $CACHE_DIR; going on without a cache"
    fi
    if [[ $(get_config cleanup_on_start cache false) == true ]]; then
        drop_expired "$CACHE_DIR" "$(get_config ttl_days cache 7)"
    fi
}

# Everything that a cache writes goes through here; where it cannot, the work is done again.
# store_entry FILE TEXT
store_entry() {
    if [[ -w ${1%/*} ]]; then
        printf '%s\n' "$2" >"$1"
    fi
}
