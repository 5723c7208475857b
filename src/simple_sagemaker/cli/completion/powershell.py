"""The script of PowerShell. It was written from its documentation, and is not tested in a PowerShell."""

from __future__ import annotations

from .table import POSITIONAL, choices, help_of_commands, spellings

# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/register-argumentcompleter
_SCRIPT = r"""# Completion of ssm in PowerShell. Printed by: ssm completion powershell
# To use it in every shell, add to your profile: ssm completion powershell | Out-String | Invoke-Expression

$script:SsmCommands = [ordered]@{
@COMMANDS@
}
$script:SsmPositional = @{
@POSITIONAL@
}
$script:SsmChoices = @{
@CHOICES@
}
# By command and option, which differ by their case: how many values it takes, what they may be, and its help.
$script:SsmOptions = New-Object System.Collections.Specialized.OrderedDictionary ([StringComparer]::Ordinal)
@SPECS@

Register-ArgumentCompleter -Native -CommandName ssm -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or
            ($_.Extent.EndOffset -eq $cursorPosition -and $wordToComplete -eq '') } |
        ForEach-Object { $_.Extent.Text })
    $name = 'run'
    $flag = ''
    $position = 0
    $rest = $typed
    $found = @()
    $kind = ''
    if ($typed.Count -gt 0 -and -not $typed[0].StartsWith('-')) {
        $name = $typed[0]
        $rest = @($typed | Select-Object -Skip 1)
    }
    foreach ($word in $rest) {
        if ($word -ceq '--') { return }
        if ($word.StartsWith('-') -and $word.Length -gt 1) {
            $flag = $word
            $position = 0
        } else { $position += 1 }
    }
    if ($typed.Count -eq 0 -and -not $wordToComplete.StartsWith('-')) {
        $kind = '@commands'
    } elseif ($script:SsmPositional.ContainsKey($name) -and $flag -eq '' -and -not $wordToComplete.StartsWith('-')) {
        $kind = $script:SsmPositional[$name]
    } elseif ($flag -ne '') {
        $spec = $script:SsmOptions["$name $flag"]
        $kinds = if ($null -eq $spec) { @('1', '-') } else { @($spec[0].Split(' ')) }
        if (($kinds[0] -ceq 'M' -and ($position -eq 0 -or -not $wordToComplete.StartsWith('-'))) -or
            ($kinds[0] -cne 'M' -and $position -lt [int]$kinds[0])) {
            $kind = $kinds[[Math]::Min($position + 1, $kinds.Count - 1)]
        }
    }
    if ($kind -ceq 'files' -or $kind -ceq 'dirs' -or $kind -ceq '-') { return } # PowerShell completes files itself
    if ($kind.StartsWith('@')) {
        $found = $script:SsmChoices[$kind.Substring(1)]
    } elseif ($kind -ne '') {
        $found = @(& ssm --complete $kind @typed 2>$null | Where-Object { $_ -cmatch '^[A-Za-z0-9._][A-Za-z0-9._-]*$' })
    } else {
        $found = @($script:SsmOptions.Keys | Where-Object { $_.StartsWith("$name ") } |
            ForEach-Object { $_.Substring($name.Length + 1) })
    }
    $found | Where-Object { $_.StartsWith($wordToComplete) } | ForEach-Object {
        $help = $_
        if ($script:SsmOptions.Contains("$name $_")) { $help = $script:SsmOptions["$name $_"][1] }
        elseif ($kind -ceq '@commands') { $help = $script:SsmCommands[$_] }
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $help)
    }
}
"""


def script() -> str:
    """The whole script."""
    specs = [
        f"$script:SsmOptions['{one.command} {one.flag}'] = '{' '.join([one.value_count, *one.kinds])}', '{one.help}'"
        for one in spellings()
    ]
    lists = [f"    '{name}' = @({', '.join(map(_quoted, list_))})" for name, list_ in choices().items()]
    commands = [f"    '{name}' = {_quoted(text)}" for name, text in help_of_commands().items()]
    positional = [f"    '{name}' = '@{kind}'" for name, kind in POSITIONAL.items()]
    return (
        _SCRIPT.replace("@POSITIONAL@", "\n".join(positional))
        .replace("@COMMANDS@", "\n".join(commands))
        .replace("@CHOICES@", "\n".join(lists))
        .replace("@SPECS@", "\n".join(specs))
    )


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))
