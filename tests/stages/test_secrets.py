"""Secrets in overlays, a row a case: what is wrong with one, and what is not."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Ran, run_kgen, write_workspace

# ruff: noqa: E501 - what is said is quoted whole
SPEC = """\
objective: {maximize: accuracy}
algorithm: random
trials: {max: 12, parallel: 3}
parameters: {lr: {double: [0.01, 0.1]}}
trial: {image: "registry.example/mnist:1.0", command: [python3, train.py]}
"""
CIPHER = "AgC" + "x9" * 200 + "x"
SOPS = """\
apiVersion: v1
kind: Secret
metadata: {name: hub}
data:
  token: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]
sops:
  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]
"""
IS_SOPS = "secrets: {hub: {env: {A: token}, sops: hub.enc.yaml}}"
PLAIN = "hunter" + "2-in-plain"


def render(folder: Path, layer: str, *, above: str = "", spec: str = SPEC, file: str = "", more: str = "") -> Ran:
    """Render one experiment under two overlays, with a file beside them."""
    files = {
        "experiments/mnist.yaml": spec,
        "overlays/low.yaml": layer,
        "environments/main/environment.yaml": f"namespace: team-a\noverlays: [low{', high' if above else ''}]\n"
        f"experiments: [mnist]\n{more}",
        **({"overlays/high.yaml": above} if above else {}),
        **({"overlays/hub.enc.yaml": file} if file else {}),
    }
    return run_kgen("render", "main", "--root", str(write_workspace(folder, files)))


def test_a_file_of_sops_is_checked_and_not_rendered(tmp_path: Path) -> None:
    ran = render(tmp_path, IS_SOPS, file=SOPS)
    assert (ran.code, ran.err) == (0, "")
    assert [doc["kind"] for doc in yaml.safe_load_all(ran.out)] == ["Experiment"]
    assert "ENC[" not in ran.out


def test_files_beside_an_overlay_are_no_overlays(tmp_path: Path) -> None:
    hosts = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hosts}\ndata: {known_hosts: h}\n"
    write_workspace(tmp_path, {"overlays/hosts.yaml": hosts})
    render(tmp_path, f"resources: [hosts.yaml]\n{IS_SOPS}", file=SOPS)
    ran = run_kgen("lint", "--root", str(tmp_path))
    assert "KG003" not in ran.out, ran.out
    assert ran.code == 0


_PULL = "registry: {pullSecret: {name: hub, sops: hub.enc.yaml}}"
_TWICE = "keep one of the two"


@pytest.mark.parametrize(
    ("layer", "more", "said"),
    [
        pytest.param(
            "secrets: {a: {env: {X: k}}, b: {env: {X: k}}}",
            {},
            "overlays/low.yaml:1:42: error[KG106] two secrets set the environment variable `X`",
            id="a variable by two secrets",
        ),
        pytest.param(
            "secrets: {a: {files: {path: /x}}, b: {files: {path: /x/}}}",
            {},
            "overlays/low.yaml:1:53: error[KG106] two secrets set the mount path `/x`",
            id="a mount path by two secrets",
        ),
        pytest.param(
            "secrets: {a: {ssh: true}, b: {ssh: {path: /keys}}}",
            {},
            "overlays/low.yaml:1:36: error[KG106] two secrets set `GIT_SSH_COMMAND`, and git reads one",
            id="two keys of ssh",
        ),
        pytest.param(
            "secrets: {a: {env: {X: k}}}\npods: {env: {X: plain}}",
            {},
            "overlays/low.yaml:1:24: error[KG203] `X` of `env` is set by `secrets` and by another setting "
            "(overlays/low.yaml:2:17), differently",
            id="a variable by a secret and by pods",
        ),
        pytest.param(
            "secrets: {a: {env: {X: k}}}",
            {"spec": SPEC.replace("command:", "env: {X: plain}, command:")},
            "overlays/low.yaml:1:24: error[KG203] `X` of `env` is set by `secrets` and by another setting "
            "(experiments/mnist.yaml:5:55), differently",
            id="a variable by a secret and by the spec",
        ),
        pytest.param(
            "secrets: {a: {files: {path: /x}}}\npods: {volumeMounts: [{name: d, mountPath: /x}], "
            "volumes: [{name: d, emptyDir: {}}]}",
            {},
            "overlays/low.yaml:1:29: error[KG203] `/x` of `volumeMounts` is set by `secrets` and by another setting "
            "(overlays/low.yaml:2:23), differently",
            id="a mount path by a secret and by pods",
        ),
        pytest.param(
            "secrets: {a: {ssh: {group: 5}}}\npods: {securityContext: {fsGroup: 6}}",
            {},
            "overlays/low.yaml:1:28: error[KG203] `fsGroup` of `securityContext` is set by `secrets` and by another "
            "setting (overlays/low.yaml:2:35), differently",
            id="another fsGroup",
        ),
        pytest.param(
            "secrets: {a: {}}",
            {},
            "overlays/low.yaml:1:14: error[KG115] secret `a` says neither how it reaches the trial nor how it comes to "
            "the cluster",
            id="nothing said of it",
        ),
        pytest.param(
            "secrets: {a: {sealedSecret: {encrypted: {k: x}}}}",
            {"above": "secrets: {a: {externalSecret: {store: {name: s}, all: {key: a}}}}"},
            "overlays/high.yaml:1:14: error[KG115] secret `a` is an ExternalSecret and a SealedSecret at once",
            id="two ways, in two layers",
        ),
        pytest.param(
            "secrets: {a: {env: {X: tokn}, externalSecret: {store: {name: s}, keys: {token: {key: a}}}}}",
            {},
            "overlays/low.yaml:1:24: error[KG115] secret `a` has no such key",
            id="a key that the ExternalSecret does not fetch",
        ),
        pytest.param(
            f"secrets: {{a: {{ssh: true, sealedSecret: {{encrypted: {{ssh-privatekey: {CIPHER}}}}}}}}}",
            {},
            "overlays/low.yaml:1:20: error[KG115] secret `a` has no key `known_hosts`",
            id="a key of ssh without the hosts",
        ),
        pytest.param(
            "secrets: {a: {files: {keys: [k]}}}",
            {},
            "overlays/low.yaml:1:22: error[KG201] `files` has no `path`",
            id="files without a path",
        ),
        pytest.param(
            "secrets: {a: {env: {X: k}, externalSecret: {store: {name: s}}}}",
            {},
            "overlays/low.yaml:1:44: error[KG115] `externalSecret` does not say what the store holds",
            id="an ExternalSecret of nothing",
        ),
        pytest.param(
            "secrets: {A_b: {env: {X: k}}}",
            {},
            "overlays/low.yaml:1:16: error[KG004] `secrets.A_b` is no name that a Secret can have",
            id="a name that cannot be",
        ),
        pytest.param(
            "secrets: {a: {env: {1X: k}}}",
            {},
            "overlays/low.yaml:1:25: error[KG004] this is no name of an environment variable",
            id="a variable that cannot be",
        ),
        pytest.param(
            "secrets: {a: {files: {path: /x, mode: 400}}}",
            {},
            "overlays/low.yaml:1:39: error[KG004] `mode: 400` is 0o620",
            id="a mode that looks octal and is not",
        ),
        pytest.param(
            "secrets: {a: {files: {path: x}}}",
            {},
            "overlays/low.yaml:1:29: error[KG004] `secrets.a.files.path`: `x` is not an absolute path, such as /etc/hub",
            id="a path that is not absolute",
        ),
        pytest.param(
            f"secrets: {{a: {{env: {{X: k}}, sealedSecret: {{encrypted: {{k: {CIPHER}}}, namespace: team-b}}}}}}",
            {},
            f"overlays/low.yaml:1:{72 + len(CIPHER)}: error[KG117] secret `a` is sealed for namespace `team-b` and would go to "
            "namespace `team-a`: with scope strict the controller cannot decrypt it there",
            id="sealed for another namespace",
        ),
        pytest.param(
            f"registry: {{pullSecret: {{name: a, sealedSecret: {{encrypted: {CIPHER}, name: b}}}}}}",
            {},
            f"overlays/low.yaml:1:{68 + len(CIPHER)}: error[KG117] `pullSecret` is sealed for name `b` and would go to name `a`: "
            "with scope strict the controller cannot decrypt it there",
            id="a pull secret that is sealed for another name",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.split("sops:", maxsplit=1)[0].replace("ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]", PLAIN)},
            "overlays/hub.enc.yaml:1:1: error[KG116] this Secret is not encrypted: it has no `sops` block",
            id="a file that SOPS never saw",
        ),
        pytest.param(
            f"registry: {{pullSecret: 'ci:{PLAIN}'}}",
            {},
            "overlays/low.yaml:1:24: error[KG004] this is no name that a Secret can have",
            id="a login for the name of a pull secret",
        ),
        pytest.param(
            f"registry: {{pullSecret: {{name: Ci_{PLAIN}}}}}",
            {},
            "overlays/low.yaml:1:31: error[KG004] this is no name that a Secret can have",
            id="the name of a pull secret that cannot be",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("sops:", f"  other: {PLAIN}\nsops:")},
            "overlays/hub.enc.yaml:6:10: error[KG116] `data.other` is in plain text, in a file that SOPS is said to have "
            "encrypted",
            id="a value that was added after SOPS",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("sops:", f"StringData: {{other: {PLAIN}}}\nsops:")},
            "overlays/hub.enc.yaml:6:21: error[KG116] `StringData.other` is in plain text, in a file that SOPS is said to "
            "have encrypted",
            id="a value under a misspelt key",
        ),
        pytest.param(
            IS_SOPS,
            {
                "file": SOPS.replace(
                    "{name: hub}",
                    "{name: hub, annotations: {kubectl.kubernetes.io/last-applied-configuration: "
                    f"'{{data: {PLAIN}}}'}}}}",
                )
            },
            "overlays/hub.enc.yaml:3:87: error[KG116] the copy that kubectl keeps in an annotation is in plain text, in a "
            "file that SOPS is said to have encrypted",
            id="the copy of kubectl",
        ),
        pytest.param(
            _PULL,
            {"file": SOPS.replace("  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]", "  version: 3.9.0")},
            "overlays/hub.enc.yaml:6:1: error[KG116] the `sops` block has no MAC, so that sops refuses the file",
            id="no MAC",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("{name: hub}", "{name: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'}")},
            "overlays/hub.enc.yaml:3:18: error[KG116] SOPS encrypted the whole file, so that nobody sees which Secret it is",
            id="encrypted whole",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("name: hub", "name: hug")},
            "overlays/hub.enc.yaml:3:18: error[KG115] the file defines Secret `hug`, not `hub`",
            id="another Secret",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("{name: hub}", "{name: hub, namespace: team-b}")},
            "overlays/hub.enc.yaml:3:34: error[KG112] Secret is for namespace `team-b`, the environment for `team-a`",
            id="a Secret of another namespace",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("token:", "tokens:")},
            "overlays/low.yaml:1:26: error[KG115] secret `hub` has no such key",
            id="a key that the file of SOPS does not have",
        ),
        pytest.param(
            IS_SOPS,
            {"file": f"{SOPS}---\n{SOPS}"},
            "overlays/low.yaml:1:40: error[KG116] `overlays/hub.enc.yaml` holds 2 documents, and `sops` names one Secret",
            id="two Secrets",
        ),
        pytest.param(
            IS_SOPS,
            {"file": SOPS.replace("kind: Secret", "kind: ConfigMap")},
            "overlays/hub.enc.yaml:1:1: error[KG116] the file defines no Secret",
            id="no Secret",
        ),
        pytest.param(
            IS_SOPS,
            {},
            "overlays/low.yaml:1:40: error[KG101] there is no file `overlays/hub.enc.yaml`",
            id="no file",
        ),
        pytest.param(
            "resources: [hub.enc.yaml]",
            {"file": SOPS},
            "overlays/hub.enc.yaml:1:1: error[KG116] this Secret is encrypted by SOPS, and nothing in the cluster decrypts it",
            id="among the resources",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_is(layer: str, more: dict[str, str], said: str, tmp_path: Path) -> None:
    ran = render(tmp_path, layer, **more)
    first = ran.err.splitlines()[0]
    assert (ran.code, ran.out, first) == (1, "", said)
    assert re.search(r"^    help: ", ran.err, re.MULTILINE)
    assert PLAIN not in ran.err


def test_two_experiments_make_one_secret_in_one_way(tmp_path: Path) -> None:
    way = "secrets: {{a: {{env: {{X: k}}, externalSecret: {{store: {{name: {}}}, all: {{key: a}}}}}}}}\n"
    files = {
        "experiments/one.yaml": SPEC,
        "experiments/two.yaml": SPEC,
        "overlays/x.yaml": way.format("s"),
        "overlays/y.yaml": way.format("s"),
        "environments/main/environment.yaml": "namespace: team-a\nexperiments: [{name: one, overlays: [x]}, "
        "{name: two, overlays: [y]}]\n",
    }
    here = write_workspace(tmp_path, files)
    ran = run_kgen("render", "main", "--root", str(here))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("kind: ExternalSecret") == 1
    (here / "overlays/y.yaml").write_text(way.format("other"))
    ran = run_kgen("render", "main", "--root", str(here))
    assert ran.err.startswith(
        "overlays/y.yaml:1:44: error[KG115] Secret `a` is made in two ways in one environment\n"
        "    see:  overlays/x.yaml:1:44 (the other)\n"
    )


@pytest.mark.parametrize(
    ("layer", "above"),
    [
        pytest.param("secrets: {a: {env: {X: k}}}", "secrets: null", id="all of them"),
        pytest.param("secrets: {a: {ssh: true}}", "secrets: {a: null}", id="one of them"),
        pytest.param("secrets: {a: {env: {X: k}, envFrom: true}, b: {envFrom: true}}",
                     "secrets: {a: null, b: null}", id="each"),
    ],
)  # fmt: skip
def test_null_deletes(layer: str, above: str, tmp_path: Path) -> None:
    with_both, without = render(tmp_path / "a", layer, above=above), render(tmp_path / "b", "istio: null\nqueue: x")
    assert with_both.code == 0, with_both.err
    spec = pod(with_both)
    assert not {"env", "envFrom", "volumeMounts"} & set(spec["containers"][0])
    assert "volumes" not in spec
    assert without.code == 1  # a null that deletes nothing


def pod(ran: Ran) -> dict[str, Any]:
    (found,) = [doc for doc in yaml.safe_load_all(ran.out) if doc["kind"] == "Experiment"]
    spec = found["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    assert isinstance(spec, dict)
    return spec


def test_a_secret_is_laid_over_what_the_template_says(tmp_path: Path) -> None:
    """As with `pods.env`: a template is the spec's, and a layer lies above it."""
    spec = SPEC.split("trial:", maxsplit=1)[0] + (
        "trial:\n  template:\n    apiVersion: batch/v1\n    kind: Job\n    spec: {template: {spec: {restartPolicy: Never, "
        "containers: [{name: t, image: 'a:1', command: [a], env: [{name: X, value: plain}, {name: Y, value: y}]}]}}}\n"
    )
    (container,) = pod(render(tmp_path, "secrets: {a: {env: {X: k}}}", spec=spec))["containers"]
    assert container["env"] == [
        {"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k"}}},
        {"name": "Y", "value": "y"},
    ]


def test_the_same_said_twice_is_no_clash(tmp_path: Path) -> None:
    layer = "secrets: {a: {env: {X: k}}}\npods: {env: {X: {secretKeyRef: {name: a, key: k}}}}"
    assert render(tmp_path, layer).code == 0


@pytest.mark.parametrize("name", ["a.b", "a-b", "x" * 70, "x" * 69 + "y", "x." * 100 + "x"])
def test_volumes_of_any_secret_have_names_of_their_own(name: str, tmp_path: Path) -> None:
    other = "a-c" if len(name) < 5 else "x" * 80
    spec = pod(render(tmp_path, f"secrets: {{{name}: {{files: {{path: /x}}}}, {other}: {{files: {{path: /y}}}}}}"))
    names = [volume["name"] for volume in spec["volumes"]]
    assert len(set(names)) == 2
    for each in names:
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", each)
    assert [mount["name"] for mount in spec["containers"][0]["volumeMounts"]] == names


@pytest.mark.parametrize(
    ("release", "fourth"),
    [("2.2", False), ("2.3", True), ("2.6", True), ("2.7", False), ("2.10", False), ("0.16", False), ("", False)],
)
def test_the_fourth_default_is_that_of_a_few_releases(release: str, fourth: bool, tmp_path: Path) -> None:
    layer = "secrets: {a: {envFrom: true, externalSecret: {store: {name: s}, all: {key: a}, keys: {k: {key: b}}, find: {name: c}}}}"
    ran = render(tmp_path, layer, more=f'target: {{externalsecrets: "{release}"}}\n' if release else "")
    (made,) = [doc["spec"] for doc in yaml.safe_load_all(ran.out) if doc["kind"] == "ExternalSecret"]
    refs = [made["data"][0]["remoteRef"], made["dataFrom"][0]["extract"], made["dataFrom"][1]["find"]]
    three = {"conversionStrategy", "decodingStrategy", "metadataPolicy"}
    for ref, own in zip(refs, ({"key"}, {"key"}, {"name"}), strict=True):
        wanted = three - ({"metadataPolicy"} if own == {"name"} else set()) | ({"nullBytePolicy"} if fourth else set())
        assert set(ref) == wanted | own
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh on this machine")
@pytest.mark.parametrize(
    ("said", "group", "projected"),
    [
        pytest.param("true", None, False, id="nothing but its own keys"),
        pytest.param("{group: 1000}", 1000, False, id="for a user who is not root"),
        pytest.param("{knownHosts: {configMap: hosts}}", None, True, id="the hosts in a ConfigMap"),
    ],
)
def test_a_key_of_ssh_is_mounted_so_that_ssh_takes_it(
    said: str, group: int | None, projected: bool, tmp_path: Path
) -> None:
    spec = pod(render(tmp_path, f"secrets: {{git: {{ssh: {said}}}}}"))
    (volume,), (container,) = spec["volumes"], spec["containers"]
    source = volume["projected" if projected else "secret"]
    assert source["defaultMode"] == 0o400
    assert spec.get("securityContext") == (None if group is None else {"fsGroup": group})
    assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": "/etc/git-ssh", "readOnly": True}]
    (variable,) = container["env"]
    assert variable["name"] == "GIT_SSH_COMMAND"
    asked = subprocess.run(
        [*shlex.split(variable["value"]), "-G", "git.example.com"], capture_output=True, text=True, check=True
    )
    settings = dict(line.split(" ", 1) for line in asked.stdout.splitlines() if " " in line)
    assert settings["stricthostkeychecking"] in ("true", "yes")
    assert (settings["batchmode"], settings["identitiesonly"]) == ("yes", "yes")
    assert settings["userknownhostsfile"] == "/etc/git-ssh/known_hosts"
    assert settings["globalknownhostsfile"] == "/dev/null"
    assert "/etc/git-ssh/ssh-privatekey" in asked.stdout + asked.stderr  # ssh misses the file here, and says so


def test_one_ciphertext_in_two_namespaces_is_found(tmp_path: Path) -> None:
    def found(scope: str, second: str) -> list[str]:
        sealed = f"sealedSecret: {{encrypted: {{k: {CIPHER}}}, scope: {scope}}}"
        files = {
            "experiments/mnist.yaml": SPEC,
            "overlays/shared.yaml": f"secrets: {{a: {{env: {{X: k}}, {sealed}}}}}",
            "environments/dev/environment.yaml": "namespace: team-a\noverlays: [shared]\nexperiments: [mnist]\n",
            "environments/prod/environment.yaml": f"extends: [dev]\nnamespace: {second}\n",
        }
        ran = run_kgen("lint", "--root", str(write_workspace(tmp_path, files)))
        return re.findall(r"error\[KG117\] (.*)", ran.out)

    assert found("strict", "team-b") == [
        "environments `dev` and `prod` have one ciphertext of scope strict, for `team-a/a` and for `team-b/a`: it can be "
        "decrypted in one of them at the most"
    ]
    assert len(found("namespace-wide", "team-b")) == 1
    assert found("cluster-wide", "team-b") == []
    assert found("strict", "team-a") == []
