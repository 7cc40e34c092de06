"""Every finding on rendered output stands in a file of the workspace, at a place that is there."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from test_render_properties import NAMING, OVERLAY, SETTINGS, workspace

from kgen.pipeline import render

# What rules object to, each in a layer of its own.
BROKEN = st.sampled_from(
    [
        {"experiment": {"parameters": {"lr": {"double": [0.5, 0.1]}}}},
        {"experiment": {"algorithm": "Random"}},
        {"experiment": {"algorithm": {"name": "tpe", "settings": {"gama": 0.3, "gamma": 2}}}},
        {"experiment": {"algorithm": {"name": "hyperband", "settings": {"r_l": 27}}}},
        {"experiment": {"objective": {"maximize": "train/acc", "additional": ["train/acc", "a", "a"]}}},
        {"experiment": {"trials": {"max": 2, "parallel": 5, "maxFailed": 9}}},
        {"experiment": {"earlyStopping": {"name": "medianstop", "settings": {"start_step": 0}}}},
        {"experiment": {"metrics": {"collector": "File", "path": "here.log", "filter": ["(?=a)(b)", "one"]}}},
        {"experiment": {"metrics": {"collector": "TensorFlowEvent", "path": "/"}}},
        {"experiment": {"trial": {"image": "mnist", "env": {"API_KEY": "hf_" + "x" * 34}}}},
        {"experiment": {"trial": {"command": ["/bin/sh", "-c", "a; b"], "restartPolicy": "Always"}}},
        {"experiment": {"trial": {"container": "nobody", "successCondition": "Complete"}}},
        {"experiment": {"resume": "FromVolume", "nas": {"graphConfig": {"numLayers": 0}, "operations": []}}},
        {"pods": {"tolerations": [{"operator": "Equal", "tolerationSeconds": 5}], "nodeSelector": {"a b": "c d"}}},
        {"pods": {"resources": {"limits": {"cpu": "4 cores"}, "requests": {"nvidia.com/gpu": "1.5"}}}},
        {"pods": {"volumeMounts": [{"name": "lost", "mountPath": "/dev/shm"}]}},
        {"metadata": {"labels": {"sidecar.istio.io/inject": "false", "x": "a b"}}},
        {"patches": [{"ops": [{"op": "add", "path": "/spec/fooo", "value": 1}]}]},
        {"patches": [{"ops": [{"op": "replace", "path": "/spec/parallelTrialCount", "value": "many"}]}]},
        {"patches": [{"ops": [{"op": "add", "path": "/spec/trialTemplate/trialSpec/spec/containers", "value": []}]}]},
        {"patches": [{"ops": [{"op": "remove", "path": "/spec/objective"}]}]},
        {"patches": [{"ops": [{"op": "replace", "path": "/spec/parameters", "value": [None, {"name": 5}]}]}]},
        {"gpu": {"count": 3}, "sharedMemory": "64Gi", "queue": "a b"},
    ]
)


@SETTINGS
@given(OVERLAY, st.lists(BROKEN, min_size=1, max_size=3), NAMING)
def test_every_finding_has_a_place_that_is_there(one: Any, broken: list[Any], naming: str) -> None:
    overlays = {"one": one, **{f"broken{index}": overlay for index, overlay in enumerate(broken)}}
    sources = workspace(overlays, list(overlays), naming)
    rendered = render(sources, "prod")
    for diagnostic in rendered.diagnostics:
        file, line, column = diagnostic.span
        assert file in sources, diagnostic
        lines = sources[file].decode().splitlines()
        assert 1 <= line <= len(lines), diagnostic
        assert 1 <= column <= len(lines[line - 1]) + 1, diagnostic
        for related in diagnostic.related:
            assert related.span.file in sources, diagnostic
    assert any(not d.span.file.startswith("environments/") for d in rendered.diagnostics)
