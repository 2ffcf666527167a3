# What shtab does not know, for fish: traces, and the command behind '--'.
function _aklo_trace_traces
  printf '%s\n' latest (aklo-trace list --format names 2>/dev/null)
  __fish_complete_directories (commandline -ct)
end

function _aklo_trace_is_behind
  contains -- -- (commandline -opc)
end

function _aklo_trace_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join ' ' (string escape -- $words) (commandline -ct))
end

functions --copy _shtab_aklo_trace_using _aklo_trace_using
function _shtab_aklo_trace_using
  not _aklo_trace_is_behind; and _aklo_trace_using $argv
end
complete -c aklo-trace -n _aklo_trace_is_behind -xa '(_aklo_trace_command)'
