# shellcheck shell=bash
# Empties the caches that live in files.

clear_project_caches() {
    rm -f "$CACHE_DIR"/*.parsed "$CACHE_DIR"/*.parsed.mtime "$METRICS_FILE"
}

# clear_scan_cache: only a directory of our own.
clear_scan_cache() {
    if [[ -O $SCAN_CACHE_DIR ]]; then
        rm -f "$SCAN_CACHE_DIR"/*.cache
    fi
}
