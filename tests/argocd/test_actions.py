"""Every action on every object of the table, in the Lua that Argo CD has."""

from __future__ import annotations

import copy

import argocd_cm
import lua_vm
import pytest
from changes import CHANGES, DIALOGUES, OFFERS, Change, Offer
from statuses import EXPERIMENTS, ODD, Row


@pytest.mark.parametrize("offer", [pytest.param(offer, id=offer.name) for offer in OFFERS])
def test_what_is_offered_to(offer: Offer) -> None:
    assert lua_vm.run(argocd_cm.actions()["discovery"], offer.object) == offer.expected


@pytest.mark.parametrize("change", [pytest.param(change, id=change.name) for change in CHANGES])
def test_the_change_of(change: Change) -> None:
    before = copy.deepcopy(change.object)
    script = argocd_cm.actions()[change.action]
    if isinstance(change.outcome, str):
        with pytest.raises(lua_vm.Refused) as told:
            lua_vm.run(script, change.object, change.parameters)
        assert str(told.value) == change.outcome
    else:
        assert lua_vm.run(script, change.object, change.parameters) == change.expected
    assert change.object == before


def test_what_is_disabled_is_refused_too() -> None:
    """Argo CD runs an action that is disabled for who asks its API: the script has to say no itself."""
    for offer in OFFERS:
        for action in offer.disabled:
            parameters = {"maxTrialCount": "1000", "parallelTrialCount": "4"}
            with pytest.raises(lua_vm.Refused, match="Katib would refuse it: "):
                lua_vm.run(argocd_cm.actions()[action], offer.object, parameters)


def test_every_offer_is_defined_and_the_other_way_round() -> None:
    assert set(argocd_cm.actions()) == {"discovery", *DIALOGUES}


@pytest.mark.parametrize("field", ["spec", "status", "metadata"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_discovery_stands_every_object(field: str, odd: object) -> None:
    offered = lua_vm.run(argocd_cm.actions()["discovery"], {"spec": {}, field: odd})
    assert set(offered) == set(DIALOGUES)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in EXPERIMENTS])
def test_discovery_stands(row: Row) -> None:
    offered = lua_vm.run(argocd_cm.actions()["discovery"], row.object)
    assert set(offered) == set(DIALOGUES)
