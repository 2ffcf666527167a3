#!/usr/bin/bash
# Names out of paths.
name_of() {
    name=$(basename "$1" .md) # HERE
}
for number in {1..20}; do
    name_of "/srv/notes/$number.md"
    names+=("$name")
done
echo "${names[*]}"
