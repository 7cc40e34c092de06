"""`kgen argocd generate` as Argo CD runs it: which environment, what goes to which stream, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from sidecar import EMPTY, ONE, ROOT, SPEC, copy_of_the_repository, parameters, prod, run

from conftest import run_kgen, tree, write_workspace

CANARY = "canary-7f3a"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {CANARY}}}\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_repository(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def expected() -> bytes:
    ran = run_kgen("render", "prod", "--root", str(ROOT))
    assert ran.code == 0
    return ran.out.encode()


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        pytest.param(".", prod(), id="the root, and a parameter"),
        pytest.param("environments/prod", {}, id="the environment's folder"),
        pytest.param("environments/prod", {"ARGOCD_APP_PARAMETERS": "null"}, id="its folder, and `plugin: {}`"),
        pytest.param("environments/prod", prod(), id="its folder, and the same said by a parameter"),
        pytest.param("environments/prod/notes", {}, id="a folder below it"),
        pytest.param("environments", prod(), id="another folder of the workspace"),
        pytest.param(".", {"PARAM_ENVIRONMENT": "env/prod"}, id="the long name of it"),
        pytest.param(".", {"ARGOCD_ENV_KGEN_ENVIRONMENT": "prod"}, id="plugin.env"),
    ],
)
def test_an_application_gets_its_environment(
    checkout: Path, expected: bytes, path: str, environ: dict[str, str]
) -> None:
    (checkout / path).mkdir(exist_ok=True)
    assert run(checkout / path, environ=environ) == (0, expected, "")


def test_every_document_is_an_object(checkout: Path) -> None:
    documents = list(yaml.safe_load_all(run(checkout, environ=prod()).out))
    assert len(documents) == 5
    for document in documents:
        assert document["apiVersion"]
        assert document["kind"]
        assert document["metadata"]["name"]


@pytest.mark.parametrize(
    ("path", "environ", "said"),
    [
        pytest.param(
            ".",
            {},
            "set the parameter `environment` to one of `dev`, `prod`, `staging`, or let `path` be environments/NAME",
            id="nothing says which one",
        ),
        pytest.param("experiments", {}, "no parameter says which environment is meant", id="a folder that is none"),
        pytest.param(
            "environments/dev", prod(), "the folder of environment `dev`, and the parameter asks for `prod`", id="both"
        ),
        pytest.param(".", {"PARAM_ENVIRONMENT": "prd"}, "did you mean `prod`?", id="a misspelt name"),
        pytest.param(".", {"PARAM_ENVIRONMENT": "../prod"}, "names no environment", id="a path that leads out"),
        pytest.param(".", {"PARAM_ENVIRONMENT": "argocd"}, "is the folder of Applications", id="a name that is taken"),
        pytest.param(".", {"ARGOCD_APP_PARAMETERS": "{"}, "ARGOCD_APP_PARAMETERS:1:2: error[KG018]", id="odd JSON"),
        pytest.param(".", prod(ARGOCD_ENV_KGEN_SET="x.y=1"), "unknown key `x`", id="a value that no spec has"),
    ],
)
def test_what_is_not_clear_renders_nothing(checkout: Path, path: str, environ: dict[str, str], said: str) -> None:
    ran = run(checkout / path, environ=environ)
    assert (ran.code, ran.out) == (1, b"")
    assert said in ran.err


def test_no_workspace_is_told_in_argo_cds_words(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert (ran.code, ran.out) == (1, b"")
    assert "error[KG010] no workspace in the application's path" in ran.err
    assert "`manifest-generate-paths`" in ran.err
    assert str(tmp_path) not in ran.err, "the folder has another name at each run"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param(parameters({"name": "set", "map": {"trials.max": "7"}}), id="a map"),
        pytest.param(parameters({"name": "set", "array": ["trials.max=7"]}), id="an array"),
        pytest.param(parameters({"name": "set", "string": "trials.max=7"}), id="a string"),
        pytest.param({"PARAM_SET_0": "trials.max=7"}, id="a plain variable"),
        pytest.param({"ARGOCD_ENV_KGEN_SET": "trials.max=7"}, id="plugin.env"),
    ],
)
def test_a_value_is_laid_over_all(tmp_path: Path, environ: dict[str, str]) -> None:
    ran = run(write_workspace(tmp_path, ONE) / "environments" / "p", environ=environ)
    assert (ran.code, ran.err) == (0, "")
    assert yaml.safe_load(ran.out)["spec"]["maxTrialCount"] == 7


def test_an_error_in_one_experiment_renders_none(tmp_path: Path) -> None:
    write_workspace(tmp_path, {**ONE, "experiments/f.yaml": SPEC.replace("acc", "''")})
    write_workspace(tmp_path, {"environments/p/environment.yaml": "namespace: t\nexperiments: [e, f]\n"})
    ran = run(tmp_path / "environments" / "p")
    assert (ran.code, ran.out) == (1, b"")
    assert "experiments/f.yaml" in ran.err
    assert "nothing was written" in ran.err


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        pytest.param({}, 1, "error[KG114]", id="is an error"),
        pytest.param(parameters({"name": "allow-empty", "string": "false"}), 1, "error[KG114]", id="false is no leave"),
        pytest.param(parameters({"name": "allow-empty", "string": "true"}), 0, "", id="unless it is allowed"),
        pytest.param({"ARGOCD_ENV_KGEN_ALLOW_EMPTY": "true"}, 0, "", id="in any of the ways"),
    ],
)
def test_no_manifest_at_all(tmp_path: Path, environ: dict[str, str], code: int, said: str) -> None:
    ran = run(write_workspace(tmp_path, EMPTY) / "environments" / "nothing", environ=environ)
    assert (ran.code, ran.out) == (code, b"")
    assert said in ran.err


@pytest.mark.parametrize(
    ("namespace", "destination", "warned"),
    [
        pytest.param("namespace: team\n", "team", False, id="the same"),
        pytest.param("namespace: team\n", "", False, id="an Application without one"),
        pytest.param("", "other", False, id="an environment without one: Argo CD fills it in"),
        pytest.param("namespace: team\n", "other", True, id="two different ones"),
    ],
)
def test_a_destination_that_the_manifests_do_not_follow(
    tmp_path: Path, namespace: str, destination: str, warned: bool
) -> None:
    write_workspace(tmp_path, {**ONE, "environments/p/environment.yaml": f"{namespace}experiments: [e]\n"})
    ran = run(tmp_path / "environments" / "p", environ={"ARGOCD_APP_NAMESPACE": destination})
    assert (ran.code, ran.out) == (0, run(tmp_path / "environments" / "p").out)
    assert ran.err == "" or warned
    assert ("let spec.destination.namespace be `team`" in ran.err) == warned


def test_warnings_stay_off_stdout(tmp_path: Path) -> None:
    write_workspace(tmp_path, {**ONE, "experiments/e.yaml": SPEC.replace("m:1.0", "m:latest")})
    ran = run(tmp_path / "environments" / "p")
    assert ran.code == 0
    assert "warning[KG" in ran.err
    assert yaml.safe_load(ran.out)["kind"] == "Experiment"


@pytest.mark.parametrize(
    ("files", "environ"),
    [
        pytest.param(
            {"environments/p/secret.yaml": SECRET},
            {},
            id="a plain Secret among the manifests",
        ),
        pytest.param({}, parameters({"name": "set", "map": {"trial.env.TOKEN": f"[{CANARY}]"}}), id="a value of `set`"),
        pytest.param({}, {"ARGOCD_APP_PARAMETERS": f'[{{"name": "set", "x": "{CANARY}"}}]'}, id="an odd parameter"),
        pytest.param({}, {"ARGOCD_ENV_KGEN_TOKEN": CANARY}, id="a variable that is unknown"),
    ],
)
def test_no_secret_is_told(tmp_path: Path, files: dict[str, str], environ: dict[str, str]) -> None:
    more = {"environments/p/environment.yaml": "namespace: t\nexperiments: [e]\nresources: [secret.yaml]\n"}
    write_workspace(tmp_path, {**ONE, **(more if files else {}), **files})
    ran = run(tmp_path / "environments" / "p", environ=environ)
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err
    assert CANARY not in ran.err


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"PYTHONHASHSEED": "1"}, id="another hash seed"),
        pytest.param({"LC_ALL": "C", "LANG": "C"}, id="the plainest locale"),
        pytest.param({"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"}, id="a locale with other capitals"),
        pytest.param({"TZ": "Asia/Seoul"}, id="another time zone"),
        pytest.param({"HOME": "/nowhere", "USER": "nobody"}, id="a home that is not there"),
        pytest.param(
            {
                "ARGOCD_APP_REVISION": "0" * 40,
                "ARGOCD_APP_REVISION_SHORT": "0" * 7,
                "ARGOCD_APP_REVISION_SHORT_8": "0" * 8,
                "ARGOCD_APP_NAME": "other",
                "ARGOCD_APP_PROJECT_NAME": "other",
                "ARGOCD_APP_SOURCE_PATH": "other",
                "ARGOCD_APP_SOURCE_REPO_URL": "https://git.example.com/other.git",
                "ARGOCD_APP_SOURCE_TARGET_REVISION": "other",
                "KUBE_VERSION": "1.28",
                "KUBE_API_VERSIONS": "v1",
            },
            id="another revision of another application on another cluster",
        ),
        pytest.param(
            {"PYTHONUNBUFFERED": "1", "COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "xterm"}, id="a terminal's"
        ),
    ],
)
def test_the_same_bytes_whatever_is_around(checkout: Path, expected: bytes, environ: dict[str, str]) -> None:
    assert run(checkout, environ=prod(**environ)) == (0, expected, "")


def test_the_same_bytes_in_any_folder_and_behind_a_link(tmp_path: Path, checkout: Path, expected: bytes) -> None:
    elsewhere = tmp_path / "환경 with blanks" / "x"
    shutil.copytree(checkout, elsewhere)
    assert run(elsewhere, environ=prod()) == (0, expected, "")
    link = tmp_path / "link"
    link.symlink_to(elsewhere / "environments" / "prod")
    assert run(link, environ={"PWD": str(link)}) == (0, expected, "")


def test_nothing_is_written_but_stdout(checkout: Path, tmp_path: Path) -> None:
    before = _state(checkout)
    places = {name: str(tmp_path / name) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "PYTHONPYCACHEPREFIX")}
    for place in places.values():
        Path(place).mkdir()
    assert run(checkout, environ=prod(**places, PYTHONDONTWRITEBYTECODE="1")).code == 0
    assert tree(tmp_path) == {}
    assert _state(checkout) == before


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path: (data, (folder / path).stat().st_mtime_ns) for path, data in tree(folder).items()}


def test_what_is_announced_is_in_argo_cds_shape(checkout: Path) -> None:
    ran = run(checkout, "parameters")
    assert (ran.code, ran.err) == (0, "")
    announced = {each["name"]: each for each in json.loads(ran.out)}
    assert list(announced) == ["environment", "set", "allow-empty"]
    fields = {"name", "title", "tooltip", "required", "itemType", "collectionType", "string", "array", "map"}
    for each in announced.values():
        assert set(each) <= fields
        assert {each["collectionType"]} == {"string", "array", "map"} & set(each)
    assert announced["environment"]["required"] is True
    assert "dev, prod, staging" in announced["environment"]["tooltip"]


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        pytest.param("environments/prod", {}, id="in an environment's folder"),
        pytest.param("environments/prod", {"ARGOCD_APP_PARAMETERS": "{"}, id="beside parameters that are broken"),
    ],
)
def test_a_folder_announces_its_own_environment(checkout: Path, path: str, environ: dict[str, str]) -> None:
    ran = run(checkout / path, "parameters", environ)
    (found,) = (each for each in json.loads(ran.out) if each["name"] == "environment")
    assert (found["required"], found["string"]) == (False, "prod")


def test_what_is_announced_as_a_default_is_what_is_done(checkout: Path, expected: bytes) -> None:
    folder = checkout / "environments" / "prod"
    announced = json.loads(run(folder, "parameters").out)
    sent = [{key: each[key] for key in ("name", "string", "map") if key in each} for each in announced]
    assert run(folder, environ={"ARGOCD_APP_PARAMETERS": json.dumps(sent)}) == (0, expected, "")


def test_parameters_without_a_workspace(tmp_path: Path) -> None:
    ran = run(tmp_path, "parameters")
    assert (ran.code, ran.out) == (1, b"")
    assert "no workspace" in ran.err
