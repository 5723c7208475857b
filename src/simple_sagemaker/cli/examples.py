"""The examples on the help pages, by command; command lines as a person types them."""

from __future__ import annotations

EXAMPLES = {
    "run": """\
examples:
  ssm run -p demo -t train -e train.py --lr 0.1 -o out
  ssm run -p demo -t train -s code -e train.py --it local -- --verbose a.txt
""",
    "tune": """\
examples:
  ssm tune -p demo -t search -e train.py --it local --md loss 'loss=(\\S+)' \\
    --hp_space lr 1e-5..1e-1@log --hp_space opt 'adam|sgd' --tune_for loss min
""",
    "shell": """\
examples:
  ssm shell -p demo -t look --cmd_line "cat /proc/cpuinfo" -o out
  ssm shell -p demo -t count --dir_files code --cmd_line "./count.sh" --top 5
""",
    "process": """\
examples:
  ssm process -p demo -t clean --code clean.py -i data -o out --download_output
  ssm process -p demo -t count --entrypoint bash --arguments=-c -- 'ls | wc -l'
""",
    "data": """\
examples:
  ssm data -p demo -t train -o out --download_model --download_state
  ssm data -p demo -t train -o failed --job train-2030-01-31-12-00-00-a1B2c3D4
  ssm data -p demo -t train --clean_state
""",
    "ls": """\
examples:
  ssm ls -p demo
  ssm ls -p demo -t train --failed --since 7d
  ssm ls --all_projects --running --watch
""",
    "status": """\
examples:
  ssm status -p demo -t train
  ssm status --job a1B2c3D4 --json
""",
    "logs": """\
examples:
  ssm logs -p demo -t train -f
  ssm logs --job a1B2c3D4 --host 2 --tail 100
  ssm logs -p demo -t train --since 10m --grep 'loss|error' --times
""",
    "attach": """\
examples:
  ssm attach -p demo -t train -o out --download_model
""",
    "exec": """\
examples:
  ssm exec -p demo -t train
  ssm exec --job a1B2c3D4 --host 2 -- nvidia-smi
  tar -c fix | ssm exec -p demo -t train -- tar -x
""",
    "stop": """\
examples:
  ssm stop -p demo -t train
  ssm stop --job a1B2c3D4 --wait
  ssm stop -p demo --all_tasks --yes
""",
    "built_ins": """\
examples:
  ssm built_ins
  ssm built_ins xgboost
  ssm built_ins xgboost --json
""",
    "explain": """\
examples:
  ssm explain capacity
  ssm explain 137
  ssm explain 'No space left on device'
""",
    "completion": """\
examples:
  ssm completion bash > ~/.local/share/bash-completion/completions/ssm
  ssm completion fish > ~/.config/fish/completions/ssm.fish
  source <(ssm completion zsh)
  ssm completion powershell | Out-String | Invoke-Expression
""",
    "config": """\
examples:
  ssm config -t train
  ssm config -t train --use_profile big --all
  ssm config --schema > ssm-schema.json
""",
    "metrics": """\
examples:
  ssm metrics -p demo -t train
  ssm metrics --job a1B2c3D4 --step_regex 'epoch (\\d+)' --csv
""",
    "compare": """\
examples:
  ssm compare -p demo -t train --sort loss
  ssm compare -p demo --since 7d --csv
""",
    "board": """\
examples:
  ssm board -p demo -t train
""",
    "why": """\
examples:
  ssm why run -p demo -t train -e train.py --lr 0.1
  ssm why --json process -p demo -t clean --code clean.py
""",
    "diff": """\
examples:
  ssm diff --job a1B2c3D4 --job e5F6g7H8
""",
    "replay": """\
examples:
  ssm replay --job a1B2c3D4 -o out
  ssm replay -p demo -t train --hp lr 0.01 --it ml.g5.xlarge --no_spot
""",
    "cost": """\
examples:
  ssm cost -p demo --since 30d --by day
  ssm cost --all_projects --by type
""",
    "rm": """\
examples:
  ssm rm --job a1B2c3D4
  ssm rm -p demo -t train --older 30d
  ssm rm -p demo -t train --state --input --yes
""",
    "home": """\
examples:
  ssm home
  ssm home --clean --older 30d
""",
    "mlflow": """\
examples:
  ssm run -p demo -t train -e train.py --it local --mlflow_to local
  ssm mlflow -p demo
""",
    "images": """\
examples:
  ssm images
  ssm images -f pytorch --it ml.g5.xlarge --aws_region eu-west-1
""",
    "emulator": """\
examples:
  ssm emulator --home emulated --env_file aws.env
  . ./aws.env && ssm run -p demo -t train -e train.py -o out
""",
}
