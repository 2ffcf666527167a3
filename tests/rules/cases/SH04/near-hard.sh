#!/usr/bin/bash
# What no expansion does.
for number in {1..10}; do
    when=$(date -d "2024-01-$number" +%A)
    text=$(echo "b a $number" | sed -e '1{h;d}' -e 'G')
    days+=("$when$text")
done
echo "${#days[@]}"
