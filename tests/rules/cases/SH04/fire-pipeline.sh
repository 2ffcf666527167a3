#!/usr/bin/bash
# Several programs for one word.
for number in {1..20}; do
    word="  Entry $number  "
    slug=$(echo "$word" | sed 's/[^a-zA-Z0-9]//g' | tr '[:upper:]' '[:lower:]') # HERE
    slugs+=("$slug")
done
echo "${slugs[*]}"
