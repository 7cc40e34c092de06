"""A Secret in an overlay: how it reaches the trial, and how it comes to the cluster. Never with its values."""

from __future__ import annotations

import re

from kgen.model.shape import BOOLEAN, Shape, either, integer, listing, mapping, scalar, table, text

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
SCOPES = ("strict", "namespace-wide", "cluster-wide")
DOCKER_CONFIG = ".dockerconfigjson"
DOCKER_TYPE = "kubernetes.io/dockerconfigjson"
EXTERNAL, SEALED, SOPS = "externalSecret", "sealedSecret", "sops"
WAYS = {EXTERNAL: "an ExternalSecret", SEALED: "a SealedSecret", SOPS: "a file of SOPS"}
USES = ("env", "envFrom", "files", "ssh")
SSH_KEY, SSH_HOSTS, SSH_PATH = "ssh-privatekey", "known_hosts", "/etc/git-ssh"

_KEY = text("Key of the Secret")  # its form is checked where no message repeats it: people write the value there
_FOLDER = text("Folder in the container", pattern="/[^:]*", form="an absolute path, such as /etc/hub")
_LABELS = table("Labels of the Secret", scalar("The label's value"))
_TYPE = text("Type of the Secret; Opaque if absent")
_ON = Shape("", (BOOLEAN,), only=True)

_REMOTE = mapping(
    "Where the store keeps it",
    {
        "key": text("Key of the entry in the store"),
        "property": text("Property of the entry"),
        "version": text("Version of the entry"),
    },
    required=("key",),
)
_FETCHED = {
    "store": mapping(
        "The secret store",
        {
            "name": text("Its name"),
            "kind": text("Its kind", choices=("SecretStore", "ClusterSecretStore")),
        },
        required=("name",),
    ),
    "refreshInterval": text("How often the operator looks, such as 1h0m0s"),
    "labels": _LABELS,
}
_SEALED_FOR = {
    "scope": text("What the ciphertext is bound to; strict (name and namespace) if absent", choices=SCOPES),
    "name": text("The name that it was sealed for, as kgen secret seal writes it; it is held against the Secret's"),
    "namespace": text("The namespace that it was sealed for; it is held against the environment's"),
    "labels": _LABELS,
}
_ENCRYPTED = text("Ciphertext, as kubeseal or kgen secret seal print it")
_SOPS = text("File beside this one with the Secret as SOPS encrypted it; it is checked, and never rendered")

_EXTERNAL_PULL = mapping(
    "The pull secret as an ExternalSecret: the store holds a docker config, or a user and a password",
    {
        **_FETCHED,
        "dockerConfig": _REMOTE._replace(doc="Where the store keeps the whole .dockerconfigjson"),
        "server": text("Registry host, with username and password"),
        "username": _REMOTE._replace(doc="Where the store keeps the user name"),
        "password": _REMOTE._replace(doc="Where the store keeps the password"),
    },
    required=("store",),
)
_SEALED_PULL = mapping(
    "The pull secret as a SealedSecret",
    {"encrypted": _ENCRYPTED._replace(doc=f"Ciphertext of {DOCKER_CONFIG}"), **_SEALED_FOR},
    required=("encrypted",),
)
PULL_SECRET = either(
    text("Name of an existing Secret in the namespace"),
    mapping(
        "The pull secret, referenced from every pod of the trial",
        {"name": text("Name of the Secret"), EXTERNAL: _EXTERNAL_PULL, SEALED: _SEALED_PULL, SOPS: _SOPS},
        required=("name",),
    ),
)

_EXTERNAL = mapping(
    "The Secret as an ExternalSecret, which the External Secrets operator fetches from a store",
    {
        **_FETCHED,
        "keys": table("Keys of the Secret, KEY: where the store keeps it", _REMOTE),
        "all": _REMOTE._replace(doc="An entry whose every property becomes a key"),
        "find": mapping(
            "Entries that become a key each",
            {
                "name": text("Regular expression of their names"),
                "path": text("Where in the store to look"),
                "tags": table("Tags that they have", scalar("The tag's value")),
            },
        ),
        "type": _TYPE,
    },
    required=("store",),
)
_SEALED = mapping(
    "The Secret as a SealedSecret, which its controller decrypts in the cluster",
    {"encrypted": table("Keys of the Secret, KEY: ciphertext", _ENCRYPTED), **_SEALED_FOR, "type": _TYPE},
    required=("encrypted",),
)
_VARIABLES = table("Environment variables of the training containers, VARIABLE: KEY of the Secret", _KEY)
_FILES = mapping(
    "Keys as files of the training containers, read-only",
    {
        "path": _FOLDER,
        "keys": either(
            listing("The keys, each a file of its name; all if absent", _KEY, 1),
            table("FILE: KEY of the Secret", _KEY),
        ),
        "mode": integer("Mode of the files, such as 0o400; Kubernetes' default (0o644) if absent", 0),
    },
    required=("path",),
)
_HOSTS = either(
    text(f"Key of the Secret that holds the hosts' public keys; {SSH_HOSTS} if absent"),
    mapping(
        "The hosts' public keys in a ConfigMap, as they are no secret",
        {"configMap": text("Name of the ConfigMap"), "key": text(f"Its key; {SSH_HOSTS} if absent")},
        required=("configMap",),
    ),
)
_SSH = either(
    mapping(
        "A private key with which git in the training containers reaches a repository over SSH",
        {
            "key": _KEY._replace(doc=f"Key of the Secret that holds the private key; {SSH_KEY} if absent"),
            "knownHosts": _HOSTS,
            "path": text(
                f"Folder in the container; {SSH_PATH} if absent",
                pattern="/[-A-Za-z0-9._/]+",
                form="an absolute path of letters, digits, `-`, `_`, `.` and `/`, as a shell reads it",
            ),
            "group": integer(
                "fsGroup of the pods, for a trial that does not run as root: without it only root reads the key", 1
            ),
        },
    ),
    _ON,
)

SECRETS = table(
    "Secrets by name: how each reaches the training containers, and how it comes to the cluster",
    mapping(
        "A Secret; one that says no way to the cluster exists there",
        {
            "env": _VARIABLES,
            "envFrom": either(
                mapping("Every key as an environment variable", {"prefix": text("What is put before each name")}),
                _ON,
            ),
            "files": _FILES,
            "ssh": _SSH,
            EXTERNAL: _EXTERNAL,
            SEALED: _SEALED,
            SOPS: _SOPS,
        },
    ),
)
