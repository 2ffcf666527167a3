# Here-documents and here-strings, whose text is many lines long.
read_all() {
    mark
    local line
    while read -r line; do
        mark
    done
    mark
}

feed() {
    mark
    read_all << END
one
$(mark; spawn; mark)
three
END
    mark
    read_all <<- 'END'
	one
	two
	END
    mark
    read_all <<< "one"
    mark; spawn << END
$(mark)
END
    mark
    {
        mark
        read_all
        mark
    } << END
$HOME

END
    mark
}

mark
feed
mark
read_all << END
one
two
END
mark
