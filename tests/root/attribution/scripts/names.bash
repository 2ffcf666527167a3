# Names that are odd for a function or a file.
a-b.c:d@e() {
    mark; spawn
    mark
}
1=2() {
    mark
    a-b.c:d@e
    mark
}
žluť() {
    mark; spawn
    mark
}
main() {
    mark; spawn
    žluť
    mark
}
source_() {
    mark
    main
    mark
}
environment() {
    mark; main
    mark
}
function source {
    mark; spawn
    mark
}
function [[] {
    mark
}
%() { mark; main; mark; }
mark
a-b.c:d@e; mark
'1=2'; mark
žluť; mark
main; mark
source_; mark
environment; mark
source; mark
'[[]'; mark
%; mark
unset -f source
. "${BASH_SOURCE[0]%/*}/lib/odd "$'\xff\n'" name.bash"
mark
