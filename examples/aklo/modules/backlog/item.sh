# shellcheck shell=bash
# Makes items.

# create_item KIND TITLE: prints the new file's name.
create_item() {
    local kind=$1 directory protocol structure id name file
    directory=$(kind_directory "$kind")
    mkdir -p "$directory"
    protocol=$(protocol_of "$kind")
    structure=$(cached_structure "$protocol" "$kind") ||
        fail 1 "$protocol has no block that starts with: \`\`\`item $kind"
    id=$(cached_next_id "$kind" "$directory")
    name=$(slug "$2")
    file=$directory/${KIND_PREFIX[$kind]}-$id${name:+-$name}.md
    write_item "$file" "$(fill_structure "$structure" \
        id "${KIND_PREFIX[$kind]}-$id" date "$(date +%Y-%m-%d)" title "$2")"
    remember_next_id "$kind" "$directory" "$((id + 1))"
    say "$file"
}

# write_item FILE TEXT: never over another.
write_item() {
    if ! (set -o noclobber && printf '%s\n' "$2" >"$1") 2>/dev/null; then
        fail 1 "cannot write $1: it is there already, or its directory is not writable"
    fi
}
