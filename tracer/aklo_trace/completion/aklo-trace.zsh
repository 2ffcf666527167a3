# What shtab does not know, for zsh: traces, and the command behind '--'.
# Names of traces come with a repository: compadd quotes them, where "(...)" would execute them.
_aklo_trace_traces() {
  local -a names
  names=(latest ${(f)"$(aklo-trace list --format names 2>/dev/null)"})
  _alternative 'traces:trace:compadd -a names' 'directories:directory:_files -/'
}

functions[_aklo_trace_verbs]=$functions[_shtab_aklo_trace]
_shtab_aklo_trace() {
  local -i end=${words[(i)--]}
  if (( end < CURRENT )); then
    shift $end words
    (( CURRENT -= end ))
    _normal
  else
    _aklo_trace_verbs "$@"
  fi
}
