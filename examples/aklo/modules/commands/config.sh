# shellcheck shell=bash
# aklo config: one key, or all of them.

cmd_config() {
    case ${1:-} in
        get) config_get "${@:2}" ;;
        list) config_list ;;
        '') usage_error config 'get a key, or list them?' ;;
        *) usage_error config "unknown action '$1'" ;;
    esac
}

config_get() {
    (($# == 1)) || usage_error config 'get takes one key'
    get_named_config "$1" || fail 1 "no .aklo.conf has the key '$1'"
}

config_list() {
    local name
    list_config_names | while read -r name; do
        say "$name=$(get_named_config "$name")"
    done
}
