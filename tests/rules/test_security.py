"""KG90x, a row a case, and what counts as a credential. Every one here is made up, and put together at run time."""

from __future__ import annotations

import base64
import json
from types import NoneType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subjects import run, subject

from kgen.rules import credentials, security
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

S = security
ALNUM = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z"
TC = "spec.trialTemplate.trialSpec.spec.template.spec.containers[0]"
AUTHS = json.dumps({"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNzd29yZA=="}}})
JWT = ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in (b'{"alg":"HS256"}', b'{"sub":"12345"}')) + (
    "." + ALNUM
)
TOKENS = {
    "AKIA" + "Q3EGUWXYZ2345678": "an AWS access key",
    "gh" + "p_" + (ALNUM * 2)[:36]: "a GitHub token",
    "github_" + "pat_" + ALNUM * 2: "a GitHub token",
    "glpat" + "-" + ALNUM[:20]: "a GitLab token",
    "hf" + "_" + ALNUM[:34]: "a Hugging Face token",
    "xoxb" + "-123456789012-" + ALNUM[:12]: "a Slack token",
    "AIza" + ALNUM[:35]: "a Google API key",
    "sk" + "-proj-" + ALNUM: "an API key (sk-...)",
    "npm" + "_" + ALNUM[:36]: "an npm token",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE": "a private key",
    JWT: "a JSON Web Token",
    "postgres://ml:" + "correct-horse@db:5432/mlflow": "a URL with a password",
    AUTHS: "the login to a registry",
    AUTHS.replace('"', '\\"'): "the login to a registry",
}
NO_TOKENS = (
    "",
    "python3 train.py --lr=0.01",
    "AKIAIOSFODNN7" + "EXAMPLE",
    "https://user@example.com/path:8080/@",
    "https://registry.example.com:5000/a@sha256:" + "0" * 64,
    "redis://default:$(REDIS_PASSWORD)@redis:6379",
    "redis://default:${trialParameters.password}@redis:6379",
    "postgres://USER:<password>@host/db",
    "hf_hub_download",
    "task-mask-disk-sk-learn-a-very-long-name-without-any-number",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    '{"auths": {}}',
    '{"auths": {"r": {"auth": "{{ .password | b64enc }}"}}}',
    "eyJhbGciOi",
    "ghp_short",
)


@pytest.mark.parametrize(("value", "what"), TOKENS.items(), ids=[f"{i} {w}" for i, w in enumerate(TOKENS.values())])
def test_a_token_is_known_and_never_repeated(value: str, what: str) -> None:
    assert credentials.token(f"before {value} after") == what
    for on in (
        subject({"tc.env": [{"name": "X", "value": value}]}),
        subject({"tc.args": ["--x", f"--y={value}"]}),
        subject({"metadata.annotations": {"note": f"see {value}"}}),
    ):
        (finding,) = S.no_credential_in_text.check(on)
        assert value[:12] not in f"{finding.message}{finding.help}"
        assert finding.message.endswith(f" holds {what} in plain text")


@pytest.mark.parametrize("value", NO_TOKENS)
def test_what_is_no_token(value: str) -> None:
    assert credentials.token(value) is None


@given(st.text(max_size=200))
def test_the_quick_look_misses_nothing(value: str) -> None:
    assert credentials.token(value) is None or credentials.may_hold_token(value)


@pytest.mark.parametrize(
    "piece", ["eyJ-", "sk-", "a:b@://", "://", '"auths":{"auth":"', "--build-arg ", "A=' ", "--a "]
)
def test_no_text_takes_long(piece: str) -> None:
    long = piece * 20_000
    for look in (credentials.token, credentials.secret_argument, credentials.baked_argument, credentials.baked_file):
        assert isinstance(look("FROM \n" + long), (str, NoneType))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_PASSWORD", "correct-horse", True),
        ("PASSWORD", "pw12345!", True),
        ("db-password", "x9", True),
        ("mypassword", "correct", True),
        ("HF_TOKEN", "abcdef123", True),
        ("API_KEY", "abc", True),
        ("apiKey", "abc", True),
        ("AWS_SECRET_ACCESS_KEY", "abc/def", True),
        ("CLIENT_SECRET", "s3cr3t", True),
        ("CLIENT_SECRET", "my-oauth-secret", False),  # the name of a Secret
        ("PASSWORD", "$(DB_PASSWORD)", False),
        ("PASSWORD", "${trialParameters.password}", False),
        ("PASSWORD", "/run/secrets/password", False),
        ("PASSWORD", "changeme", False),
        ("PASSWORD", "<your password>", False),
        ("PASSWORD", "", False),
        ("PASSWORD", None, False),
        ("USE_TOKEN", "true", False),
        ("TOKEN", "123456", False),
        ("PASSWORD_FILE", "abc", False),
        ("TOKENIZER", "bert-base", False),
        ("MAX_TOKENS", "512", False),
        ("PAD_TOKEN", "[PAD]", False),
        ("EOS_TOKEN", "endoftext", False),
        ("MASK_TOKEN", "mask", False),
        ("KEY", "abc", False),
        ("SECRET_NAME", "abc", False),
        ("PWD", "/work", False),
    ],
)
def test_a_secret_by_its_name(name: str, value: object, *, expected: bool) -> None:
    assert credentials.is_secret(name, value) is expected
    assert not expected or credentials.may_name_secret(name)


@pytest.mark.parametrize(
    ("argument", "after", "name"),
    [
        ("--password=abc", None, "password"),
        ("--api-key", "abc", "api-key"),
        ("--api-key", "--next", None),
        ("--api-key", None, None),
        ("--api-key", "$(KEY)", None),
        ("export HF_TOKEN=abc123 && python3 t.py", None, "HF_TOKEN"),
        ("python3 t.py --token abc123 --lr 1", None, "token"),
        ("python3 t.py --token $TOKEN", None, None),
        ('curl -H "X-Api-Key=abc"', None, "X-Api-Key"),
        ("--lr=${trialParameters.lr}", None, None),
        ("--pad-token=<pad>", None, None),
        ("--tokens=512", None, None),
    ],
)
def test_a_secret_on_the_command_line(argument: str, after: str | None, name: str | None) -> None:
    assert credentials.secret_argument(argument, after) == name


@pytest.mark.parametrize(
    ("dockerfile", "baked"),
    [
        ("FROM python:3.11\nARG GIT_TOKEN\n", "GIT_TOKEN"),
        ("FROM python:3.11\nENV API_KEY=abc\n", "API_KEY"),
        ("FROM python:3.11\nCOPY .netrc /root/\n", ".netrc"),
        ("FROM python:3.11\nCOPY --chown=1 keys/id_rsa /root/.ssh/\n", "id_rsa"),
        ("FROM python:3.11\nADD .docker/config.json /root/\n", ".docker/config.json"),
        ("FROM python:3.11\nENV SEED=1\nCOPY train.py .\n", None),
        ("FROM python:3.11\nRUN --mount=type=secret,id=token pip install x\n", None),
        ("ENV API_KEY=abc", None),
    ],
)
def test_what_a_dockerfile_leaves_behind(dockerfile: str, baked: str | None) -> None:
    assert credentials.baked_file(dockerfile) == baked


def _env(name: str, value: object) -> Subject:
    return subject({"tc.env": [{"name": name, "value": value}]})


def _image(image: object) -> Subject:
    return subject({"tc.image": image})


_PROJECTED = {
    "name": "keys",
    "projected": {
        "defaultMode": 0o444,
        "sources": [{"secret": {"items": [{"key": "k", "path": "id", "mode": 0o400}]}}],
    },
}


def _ssh(more: dict[str, Any] | None = None, mode: int | None = 0o400) -> Subject:
    source = {"secretName": "git"} if mode is None else {"secretName": "git", "defaultMode": mode}
    return subject(
        {
            "tc.env": [{"name": "GIT_SSH_COMMAND", "value": "ssh -F none -i /keys/id"}],
            "tc.volumeMounts": [{"name": "keys", "mountPath": "/keys/", "readOnly": True}],
            "pod.volumes": [{"name": "keys", "secret": source}],
            **(more or {}),
        }
    )


ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        S.no_credential_in_text,
        _env("X", next(iter(TOKENS))),
        f"{TC}.env[0].value: an environment variable holds an AWS access key in plain text",
        "in env",
    ),
    (
        S.no_credential_in_text,
        subject({"metadata.annotations": {"note": JWT}}),
        "metadata.annotations.note: annotation `note` holds a JSON Web Token in plain text",
        "in an annotation",
    ),
    (
        S.no_credential_in_text,
        subject(
            {
                "spec.metricsCollectorSpec.collector": {
                    "kind": "Custom",
                    "customCollector": {"args": [next(iter(TOKENS))]},
                }
            }
        ),
        "spec.metricsCollectorSpec.collector.customCollector.args[0]: the command line holds an AWS access key in "
        "plain text",
        "in a custom collector",
    ),
    (
        S.no_credential_in_text,
        subject({"metadata.annotations": {"kubectl.kubernetes.io/last-applied-configuration": JWT}}),
        None,
        "a copy of what stands elsewhere",
    ),
    (S.no_credential_in_text, subject(), None, "no credential"),
    (
        S.named_secrets_are_references,
        _env("DB_PASSWORD", "correct-horse"),
        f"{TC}.env[0].value: environment variable `DB_PASSWORD` has its value in plain text",
        "a password",
    ),
    (
        S.named_secrets_are_references,
        subject({"tc.args": ["--api-key", "abc"]}),
        f"{TC}.args[0]: `api-key` on the command line is in plain text",
        "a flag and its value",
    ),
    (
        S.named_secrets_are_references,
        subject({"trial": {"kind": "TrainJob", "spec": {"trainer": {"env": [{"name": "A_TOKEN", "value": "q1"}]}}}}),
        "spec.trialTemplate.trialSpec.spec.trainer.env[0].value: environment variable `A_TOKEN` has its value in plain "
        "text",
        "a TrainJob's trainer",
    ),
    (S.named_secrets_are_references, _env("HF_TOKEN", "hf" + "_" + ALNUM[:34]), None, "KG902 has said so"),
    (
        S.named_secrets_are_references,
        subject({"tc.args": ["--token", "hf" + "_" + ALNUM[:34]]}),
        None,
        "KG902 has said so of a flag",
    ),
    (
        S.named_secrets_are_references,
        subject({"tc.env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}]}),
        None,
        "a reference",
    ),
    (
        S.no_credential_in_a_build,
        subject({"tc.command": ["sh", "-c", "docker build --build-arg API_TOKEN=$API_TOKEN ."]}),
        f"{TC}.command[2]: build argument `API_TOKEN` stays in the history of the image that is built",
        "in a shell's line",
    ),
    (
        S.no_credential_in_a_build,
        subject({"tc.args": ["build", "--build-arg", "API_TOKEN"]}),
        f"{TC}.args[1]: build argument `API_TOKEN` stays in the history of the image that is built",
        "in two items",
    ),
    (
        S.no_credential_in_a_build,
        subject({"tc.args": ["build", "--build-arg", "VERSION=3", "--secret", "id=token"]}),
        None,
        "another argument",
    ),
    (S.images_are_pinned, _image("mnist"), f"{TC}.image: image `mnist` has no tag, which means `latest`", "no tag"),
    (
        S.images_are_pinned,
        _image("reg.io:5000/a/mnist:latest"),
        f"{TC}.image: image `reg.io:5000/a/mnist` has the tag `latest`, which moves",
        "latest",
    ),
    (
        S.images_are_pinned,
        _image("a/b:cpu-latest"),
        f"{TC}.image: image `a/b` has the tag `cpu-latest`, which moves",
        "a latest of many",
    ),
    (S.images_are_pinned, _image("a/b:main"), f"{TC}.image: image `a/b` has the tag `main`, which moves", "a branch"),
    (S.images_are_pinned, _image("a/b@sha256:" + "0" * 64), None, "a digest"),
    (S.images_are_pinned, _image("a/b:latest@sha256:" + "0" * 64), None, "a digest beside latest"),
    (S.images_are_pinned, _image("reg.io:5000/a/b:1.4"), None, "a tag behind a port"),
    (S.images_are_pinned, _image("a/b:${trialParameters.tag}"), None, "a placeholder"),
    (S.images_are_pinned, _image("a/b:v0.19.0"), None, "a release"),
    (
        S.pods_leave_the_node_alone,
        subject({"pod.hostNetwork": True, "tc.securityContext": {"privileged": True}}),
        "spec.trialTemplate.trialSpec.spec.template.spec.hostNetwork: pods of the trial ask for `hostNetwork`, "
        "`privileged`, which clusters may refuse",
        "two of them",
    ),
    (
        S.pods_leave_the_node_alone,
        subject({"pod.volumes": [{"name": "d", "emptyDir": {}}, {"name": "e", "hostPath": {"path": "/data"}}]}),
        "spec.trialTemplate.trialSpec.spec.template.spec.volumes[1].hostPath: pods of the trial ask for `hostPath`, "
        "which clusters may refuse",
        "a folder of the node",
    ),
    (S.pods_leave_the_node_alone, subject({"pod.hostNetwork": False}), None, "said and not used"),
    (S.a_key_of_ssh_is_its_users_own, _ssh(), None, "its owner's, who is root"),
    (S.a_key_of_ssh_is_its_users_own, _ssh({"pod.securityContext": {"fsGroup": 1000}}), None, "an image of any user"),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"pod.securityContext": {"runAsUser": 1000, "fsGroup": 2000}}),
        None,
        "another user, by the fsGroup",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"tc.securityContext": {"runAsUser": 1000}}, mode=0o444),
        None,
        "another user, and everybody may read it",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"tc.env": [{"name": "GIT_SSH_COMMAND", "value": "ssh -i /root/.ssh/id_rsa"}]}, mode=0o644),
        None,
        "a key that is no file of a Secret",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"pod.securityContext": {"runAsUser": 0, "fsGroup": 1000}}),
        f"{TC}.env[0]: ssh refuses the key `/keys/id` where the trial runs as root: "
        "others may read it, by its mode 0440",
        "root, and an fsGroup",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh(mode=None),
        f"{TC}.env[0]: ssh refuses the key `/keys/id` where the trial runs as root: "
        "others may read it, by its mode 0644",
        "the mode that nobody set",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"pod.securityContext": {"runAsNonRoot": True}}),
        f"{TC}.env[0]: the key `/keys/id` belongs to root and has mode 0400, and the trial runs as another user",
        "another user, without an fsGroup",
    ),
    (
        S.a_key_of_ssh_is_its_users_own,
        _ssh({"tc.securityContext": {"runAsUser": 7}, "pod.volumes": [_PROJECTED]}),
        f"{TC}.env[0]: the key `/keys/id` belongs to root and has mode 0400, and the trial runs as another user",
        "a projected volume, and the container's own user",
    ),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_security(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_help_names_the_reference_of_the_file_that_is_edited() -> None:
    bad = _env("DB_PASSWORD", "correct-horse")
    (spec,), (manifest,) = (list(S.named_secrets_are_references.check(bad._replace(plain=p))) for p in (False, True))
    assert "trial.env: {NAME: {secretKeyRef:" in spec.help
    assert "valueFrom: {secretKeyRef:" in manifest.help


@pytest.mark.parametrize("odd", [None, True, 1, "", "x", [], [None], [[1]], {}, {"a": None}, [{"name": 1, "value": 2}]])
@pytest.mark.parametrize("field", ["env", "image", "command", "args", "securityContext"])
def test_no_rule_raises(field: str, odd: Any) -> None:
    for rule in S.RULES:
        list(rule.check(subject({f"tc.{field}": odd})))
        list(rule.check(subject({"trial": {"kind": "TrainJob", "spec": {"trainer": {field: odd}}}})))


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in S.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
