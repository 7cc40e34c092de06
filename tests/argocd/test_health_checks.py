"""Every health check, on every status of the table, in the Lua that Argo CD has."""

from __future__ import annotations

from itertools import product

import argocd_cm
import lua_vm
import pytest
from statuses import EXPERIMENTS, HEALTH, ODD, ROWS, Row

from kgen.cli.argocd.scripts import KINDS


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_the_health_of(row: Row) -> None:
    for variant, words in HEALTH.items():
        said = lua_vm.run(argocd_cm.health(row.kind, variant), row.object)
        assert said == {"status": words[row.state], "message": row.message}, variant


def test_the_table_knows_every_kind_and_name_once() -> None:
    assert {row.kind for row in ROWS} == set(KINDS)
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len(EXPERIMENTS) >= 15


@pytest.mark.parametrize("field", ["spec", "status"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_odd_object_raises(field: str, odd: object) -> None:
    other = "status" if field == "spec" else "spec"
    for kind, variant in product(KINDS, HEALTH):
        said = lua_vm.run(argocd_cm.health(kind, variant), {field: odd, other: {}})
        assert said["status"] == HEALTH[variant]["runs"], (kind, variant)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("while true do end", "too many steps", id="a script without end"),
        pytest.param("return string.len('a')", "index global 'string'", id="the string library"),
        pytest.param("return ('a'):len()", "index a string value", id="the methods of texts"),
        pytest.param("return math.floor(1)", "index global 'math'", id="the math library"),
        pytest.param("return io.open('/etc/passwd')", "index global 'io'", id="files"),
        pytest.param("return os.time()", "index global 'os'", id="the clock, if not required"),
        pytest.param("return require('string')", "module 'string' not found", id="a library by require"),
    ],
)
def test_the_interpreter_lacks_what_argo_cds_lacks(script: str, reason: str) -> None:
    with pytest.raises(lua_vm.Refused, match=reason):
        lua_vm.run(script, {})
