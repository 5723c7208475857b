"""The script of bash. It works in version 3.2 as well, which macOS has."""

from __future__ import annotations

from collections.abc import Sequence

from .table import POSITIONAL, Spelling, choices, spellings

_SCRIPT = r"""# Completion of ssm in bash. Printed by: ssm completion bash
# To use it in every shell: ssm completion bash > ~/.local/share/bash-completion/completions/ssm

_ssm_flags() {
  case "$1" in
@FLAGS@
  esac
}

_ssm_spec() {
  case "$1 $2" in
@SPECS@
    *) REPLY='1 -' ;;
  esac
}

_ssm_choices() {
  case "$1" in
@CHOICES@
    *) REPLY='' ;;
  esac
}

# Nothing of what is completed is ever evaluated: words are compared and added one by one.
_ssm_add() {
  local word
  while IFS= read -r word; do
    if [[ -n "$word" && "$word" == "$2"* && "$word" =~ ^[A-Za-z0-9._@-]+$ ]]; then
      COMPREPLY[${#COMPREPLY[@]}]="$word"
    fi
  done <<< "$1"
}

_ssm_no_files() {
  compopt +o default +o bashdefault 2>/dev/null
}

_ssm_values() {
  case "$1" in
    files) ;;
    dirs) compopt -o dirnames +o default +o bashdefault 2>/dev/null ;;
    -) ;;
    @*) _ssm_choices "${1#@}"; _ssm_no_files; _ssm_add "${REPLY// /$'\n'}" "$2" ;;
    *) _ssm_no_files; _ssm_add "$(command ssm --complete "$1" "${@:3}" 2>/dev/null)" "$2" ;;
  esac
}

_ssm() {
  local cur="${COMP_WORDS[COMP_CWORD]}" command='run' flag='' position=0 i=1 end=$COMP_CWORD word REPLY
  local -a kinds
  COMPREPLY=()
  if [[ "$cur" == '=' ]]; then
    cur=''
  elif [[ $end -gt 1 && "${COMP_WORDS[end-1]}" == '=' ]]; then
    end=$((end - 1))
  fi
  case "${COMP_WORDS[1]}" in
    -*) ;;
    *)
      if [[ $COMP_CWORD -eq 1 ]]; then
        _ssm_values @commands "$cur"
        return
      fi
      command="${COMP_WORDS[1]}"
      i=2 ;;
  esac
  for (( ; i < end; i++ )); do
    word="${COMP_WORDS[i]}"
    case "$word" in
      --) return ;;
      =) ;;
      -?*) flag="$word"; position=0 ;;
      *) position=$((position + 1)) ;;
    esac
  done
  if [[ -z "$flag" && "$cur" != -* ]]; then
    case "$command" in
@POSITIONAL@
    esac
  fi
  if [[ -n "$flag" ]]; then
    _ssm_spec "$command" "$flag"
    read -r -a kinds <<< "$REPLY"
    if [[ "${kinds[0]}" == M && ( $position -eq 0 || "$cur" != -* ) ]] ||
      [[ "${kinds[0]}" != M && $position -lt ${kinds[0]} ]]; then
      word=$((position + 1))
      [[ $word -lt ${#kinds[@]} ]] || word=$((${#kinds[@]} - 1))
      _ssm_values "${kinds[word]}" "$cur" "${COMP_WORDS[@]:1:COMP_CWORD-1}"
      return
    fi
  fi
  _ssm_no_files
  _ssm_flags "$command"
  _ssm_add "${REPLY// /$'\n'}" "$cur"
}

complete -o bashdefault -o default -F _ssm ssm
"""


def script() -> str:
    """The whole script."""
    some = spellings()
    commands = dict.fromkeys(one.command for one in some)
    flags = [f"    {name}) REPLY='{' '.join(_flags(some, name))}' ;;" for name in commands]
    return (
        _SCRIPT.replace("@POSITIONAL@", "\n".join(_positional()))
        .replace("@FLAGS@", "\n".join([*flags, "    *) REPLY='' ;;"]))
        .replace("@SPECS@", "\n".join(spec_cases(some)))
        .replace(
            "@CHOICES@", "\n".join(f"    {name}) REPLY='{' '.join(list_)}' ;;" for name, list_ in choices().items())
        )
    )


def _positional() -> list[str]:
    return [f"""      {name}) _ssm_values @{kind} "$cur"; return ;;""" for name, kind in POSITIONAL.items()]


def spec_cases(some: Sequence[Spelling]) -> list[str]:
    """Cases of a shell's ``case "$command $flag"`` that say how many values an option takes, and which."""
    alike: dict[str, list[str]] = {}
    for one in some:
        alike.setdefault(" ".join([one.value_count, *one.kinds]), []).append(f"'{one.command} {one.flag}'")
    return [f"    {'|'.join(patterns)}) REPLY='{spec}' ;;" for spec, patterns in alike.items() if spec != "1 -"]


def _flags(some: Sequence[Spelling], command: str) -> list[str]:
    return [one.flag for one in some if one.command == command]
