# What shtab does not know, for bash: traces, processes, users, and the command behind '--'.
# shellcheck shell=bash

# Names of traces come with a repository, and compgen -W would execute what stands in them. As they
# are put on the line as they are, those that would mean something else there are left out.
_aklo_trace_traces_and_dirs() {
  local name
  while IFS= read -r name; do
    [[ $name == "$1"* && $name != *[!A-Za-z0-9._-]* ]] && printf '%s\n' "$name"
  done < <(echo latest; aklo-trace list --format names 2>/dev/null)
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
