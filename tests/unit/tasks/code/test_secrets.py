"""Secrets that lie among the code are seen; what only talks of secrets is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.tasks.code.files import CodeFiles

# Put together here, so that nobody who looks for keys finds this file.
KEY = "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3Bl\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n"
AWS = "aws_secret_access_key"
AWS_KEY = "a1B2" * 10
GOOGLE = "1-a.apps.googleusercontent.com"

SECRETS = {
    ".env": "A=1",
    "conf/.env.production": "A=1",
    ".ENV": "A=1",
    ".envrc": "export A=1",
    "deploy/id_rsa": "",
    ".ssh/config": "Host x",
    ".ssh/anything": "",
    "deploy key": KEY,
    "deploy/key.txt": "\n\n" + KEY,
    "server.pem": CERTIFICATE + "-----BEGIN " + "RSA PRIVATE KEY-----\n",
    "key.asc": "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\n",
    "putty": "PuTTY-User-Key-File-" + "3: ssh-ed25519\n",
    "store.p12": "",
    "release.keystore": "",
    ".aws/credentials": "",
    "my-credentials": f"[default]\n{AWS} = abc\n",
    "boto.cfg": f"[Credentials]\n{AWS} = abc\n",
    "rootkey.csv": "",
    "me_accessKeys.csv": "",
    "new user.csv": "User name,Password,Access key ID,Secret access key,Console login link\n",
    "google.json": '{"type": "service_account", "private_key": "x"}',
    "adc.json": '{\n  "type": "authorized_user",\n  "refresh_token": "x"\n}',
    "kaggle.json": "{}",
    ".netrc": "machine x login y password z",
    ".pypirc": "[pypi]\nusername = __token__\npassword = pypi-x\n",
    ".npmrc": "//registry.example/:_authToken=x\n",
    "pip.conf": "[global]\nindex-url = https://me:word@host/simple\n",
    ".git-credentials": "",
    ".docker/config.json": "{}",
    ".kube/config": "",
    "cluster.yaml": "apiVersion: v1\nkind: Config\nusers:\n- user:\n    client-key-data: x\n",
    ".streamlit/secrets.toml": "",
    "prod.env": "KEY=1",
    "deploy/staging.env": "KEY=1",
    "terraform.tfstate": "{}",
    "infra/terraform.tfstate.backup": "{}",
    "prod.auto.tfvars": "",
    "terraform.tfvars": "",
    "secrets.yaml": "a: b",
    "config/secret.yml": "a: b",
    "k8s/app-secrets.prod.json": "{}",
    ".secrets.toml": "",
    "client_secret.json": "{}",
    "office.ovpn": "",
    ".azure/accessTokens.json": "",
    "token.json": f'{{"refresh_token": "x", "client_id": "{GOOGLE}", "expiry": "2026"}}',
    "oauth.json": f'{{"installed": {{"client_id": "{GOOGLE}", "client_secret": "x"}}}}',
    "key.json": '{"AccessKey": {"AccessKeyId": "x", "SecretAccessKey": "x"}}',
    ".aws/cli/cache/1f.json": "{}",
    "home/.config/gcloud/credentials.db": "",
    ".config/gh/hosts.yml": "",
    ".cargo/credentials.toml": "",
    ".condarc": "channels:\n  - https://me:word@host/conda\n",
    ".env_prod": "A=1",
    "env.prod": f"{AWS.upper()}={AWS_KEY}\n",
    "settings": f"export {AWS.upper()}='{AWS_KEY}'\n",
    "aws.txt": f"[default]\n{AWS} = {AWS_KEY}\n",
    ".bash_history": "ls",
    "docker.json": '{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6d29yZA=="}}}',
    ".cache/huggingface/token": "",
    "hf_token.txt": "hf_" + "a1" * 17 + "\n",
    "token": "ghp_" + "a1" * 18,
    "openai_key": "sk-" + "proj-" + "a1" * 20,
    "cookies.txt": "# Netscape HTTP Cookie File\n",
    "chain.txt": CERTIFICATE + "-----BEGIN " + "PRIVATE KEY-----\n" + "M" * 64,
    "app.json": '{"key": "-----BEGIN ' + "PRIVATE KEY-----\\n" + "M" * 64 + '\\n"}',
    "values.yaml": "key: |\n  -----BEGIN " + "RSA PRIVATE KEY-----\n  " + "M" * 64,
    "local.settings.json": '{"A": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=' + "a" * 86 + '=="}',
    ".yarnrc.yml": "npmAuthToken: x\n",
    "pypoetry/auth.toml": "",
    "auth.toml": '[http-basic.inside]\nusername = "me"\npassword = "word"\n',
    "uv.toml": 'index-url = "https://me:word@host/simple"\n',
    ".gitmodules": "[submodule]\nurl = https://me:word@host/repository\n",
    "prod.tfvars": "",
    ".mlflow/credentials": "",
    ".m2/settings.xml": "",
}
HARMLESS = {
    ".env.example": "A=",
    ".env.template": "A=",
    "example.env": "A=",
    "secrets.example.yaml": "a: ",
    "secrets.py": "import secrets",
    "secret_santa.yaml": "a: b",
    "main.tf": "",
    "gcloud/deploy.py": "",
    "id_rsa.pub": "ssh-rsa x",
    "keys.py": f"KEY = '''{KEY}'''",
    "test_keys.py": "# -----BEGIN " + "RSA PRIVATE KEY-----",
    "server.crt": CERTIFICATE,
    "setup.cfg": f"# {AWS} is read from the environment\n",
    "config.yaml": "token: ${TOKEN}\n",
    "service.json": '{"type": "service_account"}',
    ".pypirc": "[distutils]\nindex-servers = pypi\n",
    ".npmrc": "registry=https://registry.example\n",
    "pip.conf": "[global]\nindex-url = https://host/simple\n",
    "aws/credentials.py": "",
    "deploy.yaml": "kind: Deployment\npassword: x\n",
    "data.csv": "Access,Secret\n",
    "environment.yml": "",
    "tokens.json": '{"refresh_token": "x"}',
    "client.json": f'{{"client_id": "{GOOGLE}"}}',
    "policy.json": '{"SecretAccessKey": ""}',
    ".condarc": "channels:\n  - conda-forge\n",
    "hosts.yml": "",
    "settings.xml": "",
    "env.yaml": f"# {AWS} is read from the environment\n",
    "notes.txt": "Keys begin with -----BEGIN " + "PRIVATE KEY----- and some lines follow.\n",
    "vocabulary.txt": "sk-learn-gradient-boosting-machine\n",
    "env.py": f"{AWS} = '{AWS_KEY}'\n",
    "labels.txt": "hf_token\nother\n",
    "tokenizer/token": "<s>",
    "example.tfvars": "",
    ".yarnrc.yml": "nodeLinker: node-modules\nnpmAuthToken: ${TOKEN}\n",
    ".gitmodules": "url = https://host/repository\n",
    "uv.toml": 'index-url = "https://host/simple"\n',
    "auths.json": '{"auths": {"host": {}}}',
    "launch.sh": f"export {AWS.upper()}=$SECRET\n",
    "aws/cli/cache/x.json": "{}",
}


def gathered(top: Path) -> CodeFiles:
    found = CodeFiles()
    found.add_folder(top, "", use_gitignore=False)
    return found


def write(top: Path, name: str, text: str) -> Path:
    path = top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_secret_stays_at_home_and_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, SECRETS[name])
    write(tmp_path, "worker.py", "")
    found = gathered(tmp_path)
    assert {*found.files} == {"worker.py"}
    assert found.secrets == [str(path)]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_sounds_like_a_secret_is_packed(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, HARMLESS[name])
    assert {*gathered(tmp_path).files} == {name}


@pytest.mark.parametrize("name", ["requirements.txt", "a/requirements-dev.txt", "pyproject.toml", "uv.lock", "Pipfile"])
def test_a_list_of_packages_with_a_password_is_packed_and_said(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "--index-url https://me:word@host/simple\n")
    found = gathered(tmp_path)
    assert {*found.files} == {name}
    (note,) = found.notes
    assert note.startswith(f"Warning: {name} has a password in an address")
    assert "word@" not in note


@pytest.mark.parametrize(
    "text", ["--index-url https://${USER}:${TOKEN}@host/simple", "a @ git+ssh://git@host/a", "a==1"]
)
def test_a_list_of_packages_without_a_password_is_packed_silently(tmp_path: Path, text: str) -> None:
    write(tmp_path, "requirements.txt", f"{text}\n")
    assert gathered(tmp_path).notes == []


@pytest.mark.parametrize("line", ["!.env", "!/conf/.env", "!conf/.env", "!.env*"])
def test_a_line_that_names_it_brings_a_secret_back(tmp_path: Path, line: str) -> None:
    write(tmp_path, "conf/.env", "A=1")
    write(tmp_path, "conf/key", KEY)
    write(tmp_path, ".ssmignore", line)
    found = gathered(tmp_path)
    assert {*found.files} == {"conf/.env"}
    assert found.secrets == [str(tmp_path / "conf/key")]


def test_a_link_to_a_secret_is_no_way_around(tmp_path: Path) -> None:
    secret = write(tmp_path, "home/.aws/credentials", "")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/settings").symlink_to(secret)
    assert gathered(tmp_path / "code").secrets == [str(tmp_path / "code/settings")]


def test_a_secret_that_was_named_itself_is_packed_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, ".env", "A=1")
    found = CodeFiles()
    found.add_file(path, ".env")
    assert {*found.files} == {".env"}
    assert found.exposed == [str(path)]
