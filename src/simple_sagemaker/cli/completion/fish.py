"""The script of fish."""

from __future__ import annotations

from .table import POSITIONAL, Spelling, choices, help_of_commands, spellings

_SCRIPT = r"""# Completion of ssm in fish. Printed by: ssm completion fish
# To use it in every shell: ssm completion fish > ~/.config/fish/completions/ssm.fish

function __ssm_flags
    switch $argv[1]
@FLAGS@
    end
end

function __ssm_spec
    switch "$argv[1] $argv[2]"
@SPECS@
        case '*'
            printf '%s\n' 1 -
    end
end

function __ssm_choices
    switch $argv[1]
@CHOICES@
    end
end

# Nothing of what is completed is ever evaluated: words are printed as they are.
function __ssm_values
    set -l cur $argv[2]
    switch $argv[1]
        case files -
            __fish_complete_path $cur
        case dirs
            __fish_complete_directories $cur ''
        case '@*'
            __ssm_choices (string sub -s 2 -- $argv[1])
        case '*'
            command ssm --complete $argv[1] $argv[3..-1] 2>/dev/null | string match -r '^[A-Za-z0-9._][A-Za-z0-9._-]*$'
    end
end

function __ssm
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l cur (commandline -ct)
    set -l command run
    set -l flag ''
    set -l position 0
    if not string match -q -- '-*' "$tokens[1]$cur"
        if test (count $tokens) -eq 0
            printf '%s\n' @COMMANDS@
            return
        end
    end
    set -l rest $tokens
    if test (count $tokens) -gt 0; and not string match -q -- '-*' $tokens[1]
        set command $tokens[1]
        set -e rest[1]
    end
    for word in $rest
        if test "$word" = --
            __fish_complete_path $cur
            return
        else if string match -q -- '--*=*' $word
            set flag (string split -m 1 = -- $word)[1]
            set position 1
        else if string match -q -- '-?*' $word
            set flag $word
            set position 0
        else
            set position (math $position + 1)
        end
    end
    set -l attached ''
    if string match -q -- '--*=*' $cur
        set -l parts (string split -m 1 = -- $cur)
        set flag $parts[1]
        set attached "$flag="
        set cur $parts[2]
        set position 0
    else if test -z "$flag"; and not string match -q -- '-*' $cur
        switch $command
@POSITIONAL@
        end
    end
    if test -n "$flag"
        set -l kinds (__ssm_spec $command $flag)
        set -l is_value no
        if test "$kinds[1]" = M
            if test $position -eq 0; or not string match -q -- '-*' $cur
                set is_value yes
            end
        else if test $position -lt $kinds[1]
            set is_value yes
        end
        if test $is_value = yes
            set -l at (math $position + 2)
            if test $at -gt (count $kinds)
                set at (count $kinds)
            end
            for word in (__ssm_values $kinds[$at] "$cur" $tokens)
                printf '%s%s\n' $attached $word
            end
            return
        end
    end
    __ssm_flags $command
end

complete -c ssm -e
complete -c ssm -f -a '(__ssm)'
"""


def script() -> str:
    """The whole script."""
    some = spellings()
    positional = [
        f'            case {name}\n                __ssm_values @{kind} "$cur"\n                return'
        for name, kind in POSITIONAL.items()
    ]
    return (
        _SCRIPT.replace("@FLAGS@", "\n".join(_flags(some)))
        .replace("@POSITIONAL@", "\n".join(positional))
        .replace("@SPECS@", "\n".join(_specs(some)))
        .replace(
            "@CHOICES@",
            "\n".join(
                f"        case {name}\n            printf '%s\\n' {' '.join(list_)}"
                for name, list_ in choices().items()
            ),
        )
        .replace("@COMMANDS@", " ".join(f'{name}\\t"{text}"' for name, text in _commands().items()))
    )


def _flags(some: list[Spelling]) -> list[str]:
    lines: list[str] = []
    for command in dict.fromkeys(one.command for one in some):
        lines.append(f"        case {command}")
        lines += [
            f"            printf '%s\\t%s\\n' {one.flag} \"{one.help}\"" for one in some if one.command == command
        ]
    return lines


def _specs(some: list[Spelling]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for one in some:
        alike.setdefault(" ".join([one.value_count, *one.kinds]), []).append(f"'{one.command} {one.flag}'")
    return [
        f"        case {' '.join(patterns)}\n            printf '%s\\n' {spec}"
        for spec, patterns in alike.items()
        if spec != "1 -"
    ]


def _commands() -> dict[str, str]:
    return {name: text.replace("'", "") for name, text in help_of_commands().items()}
