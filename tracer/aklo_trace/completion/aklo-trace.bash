# What shtab does not know, for bash: traces, processes, users, and the command behind '--'.
# shellcheck shell=bash

_aklo_trace_traces_and_dirs() {
  compgen -W "latest $(aklo-trace list --format names 2>/dev/null)" -- "$1"
  compgen -d -- "$1"
}

_aklo_trace_pids() {
  local directories=(/proc/[0-9]*)
  compgen -W "${directories[*]#/proc/}" -- "$1"
}

_aklo_trace_users() {
  compgen -u -- "$1"
}

# With the package bash-completion as that command would be completed by itself.
_aklo_trace_command() {
  local word=${COMP_WORDS[COMP_CWORD]}
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif [ "$COMP_CWORD" = "$1" ] && [[ $word != */* ]]; then
    mapfile -t COMPREPLY < <(compgen -c -- "$word" | sort -u)
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}

_aklo_trace() {
  local index
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [ "${COMP_WORDS[index]}" = -- ]; then
      _aklo_trace_command $((index + 1))
      return
    fi
  done
  _shtab_aklo_trace
}

complete -o bashdefault -F _aklo_trace aklo-trace
