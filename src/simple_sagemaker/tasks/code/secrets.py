"""Files that look like secrets: keys, passwords and tokens that are in a folder of code by habit or by mistake.

They are credentials that programs store for one person, recognized by the names of their files and by how these begin.
A Python file that has a key in its text is code, and is not recognized.
"""

from __future__ import annotations

import re

from ...core.late_regex import compile_late

BEGINNING = 1 << 14  # bytes of a file that are examined

# Names in lower case, from the programs that make such files.
_NAMES = frozenset(
    """
    .env .envrc .netrc _netrc .pgpass .my.cnf .mylogin.cnf .htpasswd .git-credentials .dockercfg .s3cfg .boto
    .databrickscfg .vault-token .vault_pass .kaggle.json kaggle.json kubeconfig rclone.conf accesskeys.csv rootkey.csv
    .renviron sftp-config.json terraform.tfvars client_secret.json client_secrets.json
    .bash_history .zsh_history .python_history .psql_history .mysql_history .sqlite_history .node_repl_history
    .dockerconfigjson .passwd-s3fs .terraformrc .msmtprc .modal.toml application_default_credentials.json ngrok.yml
    id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk
    """.split()  # noqa: SIM905 - a list to be read
)
_ENDS = (
    *(".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx", ".keytab", "_accesskeys.csv"),
    *(".env", ".tfstate", ".tfstate.backup", ".tfvars", ".tfvars.json", ".ovpn"),
)
_STAGES = "prod|production|dev|development|staging|stage|test|local"
_SECRETS = compile_late(rf"\.?(?:[\w-]+[._-])?secrets?(?:[._-](?:{_STAGES}))?\.(?:ya?ml|json|toml|ini|txt|enc)")
_FOLDERS = frozenset({".ssh", ".gnupg", ".azure", ".oci", ".gcloud"})
_WAYS = (".aws/cli/cache/", ".aws/sso/cache/", ".config/gcloud/")  # folders by their way from the home
_PLACES = frozenset(
    {".aws/credentials", ".kube/config", ".docker/config.json", ".huggingface/token", ".streamlit/secrets.toml"}
    | {"huggingface/token", ".mlflow/credentials", ".gem/credentials", ".composer/auth.json", "composer/auth.json"}
    | {".config/hub", "pypoetry/auth.toml", ".snowflake/connections.toml", ".snowsql/config", ".dbt/profiles.yml"}
    | {".m2/settings.xml", ".gsutil/credstore"}
    | {".cargo/credentials.toml", ".cargo/credentials", "gh/hosts.yml", ".terraform.d/credentials.tfrc.json"}
)
_EXAMPLE_WORDS = frozenset({"example", "sample", "template", "dist", "defaults"})  # in a name: made to be shared

_KEY_LINE = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_KEY = compile_late(_KEY_LINE)
_KEYS_BEGINNING = compile_late(rb"\s*(?:\xef\xbb\xbf)?\s*" + _KEY_LINE + rb"|PuTTY-User-Key-File-|openssh-key-v1\0")
_AWS_TABLE = compile_late(
    rb"(?:\xef\xbb\xbf)?(?:User name,(?:Password,)?)?Access key ID,Secret access key", re.IGNORECASE
)
_AWS_KEY = compile_late(rb"^\s*aws_secret_access_key\s*=\s*\S", re.IGNORECASE | re.MULTILINE)
_GOOGLE_KEY = compile_late(rb'"(?:private_key|refresh_token)"\s*:\s*"[^"]')
# What sts and iam print of AWS's command line, kept in a file; and what Google's clients keep of a person's consent.
_AWS_ANSWER = compile_late(rb'"SecretAccessKey"\s*:\s*"[^"]')
_GOOGLE_CONSENT = compile_late(rb'"(?:client_secret|refresh_token)"\s*:\s*"[^"]')
_REGISTRY = compile_late(rb'"auths"\s*:\s*\{.*"auth"\s*:\s*"[^"]', re.DOTALL)  # what "docker login" keeps
_AZURE_ACCOUNT = compile_late(rb"\bAccountKey=[A-Za-z0-9+/]{40}")
_YARN = compile_late(rb"^\s*npmAuth(?:Token|Ident)\s*:\s*[^\s$]", re.MULTILINE)
_HTTP_BASIC = compile_late(rb"^\[http-basic\..*^\s*password\s*=\s*\S", re.MULTILINE | re.DOTALL)
_COOKIES = compile_late(rb"# (?:Netscape )?HTTP Cookie File")
# A file with nothing in it but one token of a service, by the tokens' documented beginnings.
_ONE_TOKEN = compile_late(
    rb"(?:\xef\xbb\xbf)?\s*[\"']?(?=\S*[0-9])(?:hf_|gh[pousr]_|github_pat_|glpat-|sk-|sk_live_|xox[abeprs]-|npm_|pypi-|dckr_pat_|dapi"
    rb"|AIza)[\w.-]{20,512}[\"']?\s*"
)
_LONGEST_TOKEN = 1024
# A variable with a key of AWS's form, in what is no program.
_AWS_VARIABLE = compile_late(
    rb"^\s*(?:export\s+)?aws_secret_access_key\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}\b", re.IGNORECASE | re.MULTILINE
)
# A whole key as a value within a text; in JSON its line ends are spelled.
_KEY_WITH_CONTENT = compile_late(_KEY_LINE + rb"(?:\s|\\r|\\n)*[A-Za-z0-9+/]{32}")
_PASSWORD = compile_late(rb"^\s*(?:password|//\S*:_authToken|_auth|_password)\s*[=:]\s*[^\s$]", re.MULTILINE)
_IN_ADDRESS = compile_late(rb"://[^/\s:@]*:[^/\s:@$]+@")
_KUBERNETES = compile_late(rb"^\s*(?:- )?(?:client-key-data|token|password)\s*:\s*\S", re.MULTILINE)

_BY_NAME = {
    ".pypirc": (_PASSWORD,),
    ".npmrc": (_PASSWORD, _IN_ADDRESS),
    ".yarnrc": (_PASSWORD, _IN_ADDRESS),
    ".yarnrc.yml": (_YARN,),
    "auth.toml": (_HTTP_BASIC,),
    "uv.toml": (_IN_ADDRESS,),
    ".gitmodules": (_IN_ADDRESS,),
    "pip.conf": (_IN_ADDRESS,),
    "pip.ini": (_IN_ADDRESS,),
    ".condarc": (_IN_ADDRESS,),
}
# Where a private key may come after other things, such as certificates: these kinds of files are no programs.
_BY_END = {
    (".pem", ".key", ".crt", ".cer", ".asc", ".gpg"): (_KEY,),
    (".json",): (_GOOGLE_KEY, _GOOGLE_CONSENT, _AWS_ANSWER, _REGISTRY),
    (".json", ".txt", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".xml", ".properties"): (
        *(_KEY_WITH_CONTENT, _AZURE_ACCOUNT, _AWS_VARIABLE),
    ),
    (".ini", ".cfg", ".conf", ".toml", "credentials", "config"): (_AWS_KEY,),
    (".yaml", ".yml", ".conf", "config"): (_KUBERNETES,),
}
_ENVIRONMENT = compile_late(r"(?:^|[._-])env(?:[._-]|$)")
_LISTS_PACKAGES = compile_late(
    r"[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|pyproject\.toml|pipfile(?:\.lock)?|environment\.ya?ml|\w+\.lock"
)
_KUBERNETES_KIND = compile_late(rb"^kind:\s*Config\s*$", re.MULTILINE)
_GOOGLE_KIND = compile_late(rb'"type"\s*:\s*"(?:service_account|authorized_user)"')
_GOOGLE_CLIENT = compile_late(rb'"client_id"\s*:\s*"[^"]*\.apps\.googleusercontent\.com"')
_ONLY_WITH = {_KUBERNETES: _KUBERNETES_KIND, _GOOGLE_KEY: _GOOGLE_KIND, _GOOGLE_CONSENT: _GOOGLE_CLIENT}


def has_secret_name(path: str) -> bool:
    """Whether a file's name is one of a secret; ``path`` has "/" between its parts."""
    *above, name = path.lower().split("/")
    is_example = any(part in _EXAMPLE_WORDS for part in re.split(r"[._-]", name))
    if name in _NAMES or (name.endswith(_ENDS) and not is_example):
        return True
    if (name.startswith((".env.", ".env_", ".env-")) or _SECRETS.fullmatch(name)) and not is_example:
        return True
    if any(f"/{way}" in f"/{path.lower()}" for way in _WAYS):
        return True
    return bool(_FOLDERS & set(above)) or "/".join([*above[-1:], name]) in _PLACES


def has_secret_content(path: str, beginning: bytes) -> bool:
    """Whether the first bytes of a file are those of a secret, given the file's name."""
    if any(sign.match(beginning) for sign in (_KEYS_BEGINNING, _AWS_TABLE, _COOKIES)):
        return True
    if len(beginning) <= _LONGEST_TOKEN and _ONE_TOKEN.fullmatch(beginning):
        return True
    name = path.lower().rpartition("/")[2]
    signs = [sign for ends, some in _BY_END.items() if name.endswith(ends) for sign in some]
    signs += _BY_NAME.get(name, ())
    if "." not in name.lstrip(".") or (_ENVIRONMENT.search(name) and not name.endswith((".py", ".sh"))):
        signs += (_KEY_WITH_CONTENT, _AZURE_ACCOUNT, _AWS_VARIABLE)
    return any(_shows(sign, beginning) for sign in signs)


def has_password_in_address(path: str, beginning: bytes) -> bool:
    """Whether a file that lists packages, which the job needs, names an index or a package by an address with one."""
    return bool(_LISTS_PACKAGES.fullmatch(path.lower().rpartition("/")[2]) and _IN_ADDRESS.search(beginning))


def _shows(sign: re.Pattern[bytes], beginning: bytes) -> bool:
    needed = _ONLY_WITH.get(sign)
    return bool(sign.search(beginning)) and (needed is None or bool(needed.search(beginning)))
