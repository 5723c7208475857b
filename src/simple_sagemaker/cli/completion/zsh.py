"""The script of zsh: to be sourced, or put as ``_ssm`` into a folder of ``fpath``."""

from __future__ import annotations

from .bash import spec_cases
from .table import POSITIONAL, choices, help_of_commands, spellings

_SCRIPT = r"""#compdef ssm
# Completion of ssm in zsh. Printed by: ssm completion zsh
# To use it in every shell: ssm completion zsh > FOLDER/_ssm, where FOLDER is one of fpath.

_ssm_flags() {
  case "$1" in
@FLAGS@
    *) flags=() ;;
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

# Nothing of what is completed is ever evaluated: words are added as they are.
_ssm_values() {
  local REPLY
  local -a list
  case "$1" in
    files|-) _files ;;
    dirs) _files -/ ;;
    @*)
      _ssm_choices "${1#@}"
      list=(${(s: :)REPLY})
      compadd -a list ;;
    *)
      list=("${(@f)$(command ssm --complete "$1" "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
      list=("${(@M)list:#[A-Za-z0-9._]##}" "${(@M)list:#[A-Za-z0-9._][A-Za-z0-9._-]##}")
      compadd -a list ;;
  esac
}

_ssm() {
  emulate -L zsh
  setopt extended_glob
  local command=run flag='' position=0 i=2 word REPLY
  local -a flags kinds commands
  if [[ "$words[2]" != -* ]]; then
    if (( CURRENT == 2 )); then
      commands=(@COMMANDS@)
      _describe -t commands command commands
      return
    fi
    command="$words[2]"
    i=3
  fi
  for (( ; i < CURRENT; i++ )); do
    word="$words[i]"
    case "$word" in
      --) _files; return ;;
      --*=*) flag="${word%%=*}"; position=1 ;;
      -?*) flag="$word"; position=0 ;;
      *) (( position += 1 )) ;;
    esac
  done
  if [[ "$words[CURRENT]" == --*=* ]]; then
    flag="${words[CURRENT]%%\=*}"
    position=0
    compset -P '*='
  elif [[ -z "$flag" && "$words[CURRENT]" != -* ]]; then
    case "$command" in
@POSITIONAL@
    esac
  fi
  if [[ -n "$flag" ]]; then
    _ssm_spec "$command" "$flag"
    kinds=(${(s: :)REPLY})
    if [[ ( "$kinds[1]" == M && ( $position -eq 0 || "$PREFIX" != -* ) ) ||
          ( "$kinds[1]" != M && $position -lt "$kinds[1]" ) ]]; then
      (( i = position + 2 ))
      (( i <= $#kinds )) || i=$#kinds
      _ssm_values "$kinds[i]"
      return
    fi
  fi
  _ssm_flags "$command"
  _describe -o option flags
}

if [[ "$funcstack[1]" == _ssm ]]; then
  _ssm "$@"
elif (( $+functions[compdef] )); then
  compdef _ssm ssm
else
  autoload -Uz compinit && compinit && compdef _ssm ssm
fi
"""


def script() -> str:
    """The whole script."""
    some = spellings()
    flags: dict[str, list[str]] = {}
    for one in some:
        flags.setdefault(one.command, []).append(f"'{one.flag}:{one.help}'")
    positional = [f"      {name}) _ssm_values @{kind}; return ;;" for name, kind in POSITIONAL.items()]
    commands = [f"'{name}:{text}'" for name, text in _commands().items()]
    return (
        _SCRIPT.replace(
            "@FLAGS@", "\n".join(f"    {name}) flags=({' '.join(list_)}) ;;" for name, list_ in flags.items())
        )
        .replace("@SPECS@", "\n".join(spec_cases(some)))
        .replace(
            "@CHOICES@", "\n".join(f"    {name}) REPLY='{' '.join(list_)}' ;;" for name, list_ in choices().items())
        )
        .replace("@POSITIONAL@", "\n".join(positional))
        .replace("@COMMANDS@", " ".join(commands))
    )


def _commands() -> dict[str, str]:
    return {name: text.replace("'", "").replace(":", ",") for name, text in help_of_commands().items()}
