"""Image references: taken apart, renamed, moved to a mirror."""

from __future__ import annotations

import pytest

from kgen.model.image import Image, parse, rename


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        pytest.param("nginx", Image("nginx", "", ""), id="a name"),
        pytest.param("nginx:1.0", Image("nginx", "1.0", ""), id="a tag"),
        pytest.param("localhost:5000/nginx", Image("localhost:5000/nginx", "", ""), id="the colon of a port"),
        pytest.param("localhost:5000/a/b:1", Image("localhost:5000/a/b", "1", ""), id="a port and a tag"),
        pytest.param("a/b@sha256:00", Image("a/b", "", "sha256:00"), id="a digest"),
        pytest.param("r.io/a:1@sha256:00", Image("r.io/a", "1", "sha256:00"), id="a tag and a digest"),
    ],
)
def test_taking_apart(reference: str, image: Image) -> None:
    assert parse(reference) == image
    assert str(image) == reference


@pytest.mark.parametrize(
    ("reference", "images", "mirror", "new", "hit"),
    [
        pytest.param("a:1", {"a": "b"}, {}, "b:1", {"a"}, id="a name alone keeps the tag"),
        pytest.param("a@sha256:0", {"a": "b"}, {}, "b@sha256:0", {"a"}, id="and the digest"),
        pytest.param("a:1", {"a": "b:2"}, {}, "b:2", {"a"}, id="a name and a tag"),
        pytest.param("a:1@sha256:0", {"a": "b:2"}, {}, "b:2", {"a"}, id="drop a digest that was of another tag"),
        pytest.param("a:1", {"a": ":2"}, {}, "a:2", {"a"}, id="a tag alone keeps the name"),
        pytest.param("a:1@sha256:0", {"a": ":2"}, {}, "a:2", {"a"}, id="and drops the digest of the old tag"),
        pytest.param("a:1", {"a": "@sha256:9"}, {}, "a:1@sha256:9", {"a"}, id="a digest alone keeps the tag"),
        pytest.param("a:1", {"a": ":2@sha256:9"}, {}, "a:2@sha256:9", {"a"}, id="both"),
        pytest.param("r.io:5000/a:1", {"r.io:5000/a": "b"}, {}, "b:1", {"r.io:5000/a"}, id="a name with a port"),
        pytest.param("x/a:1", {"a": "b"}, {}, "x/a:1", set(), id="another folder is another image"),
        pytest.param("gcr.io/p/a:1", {}, {"gcr.io": "m.io/gcr"}, "m.io/gcr/p/a:1", {"gcr.io"}, id="a registry moves"),
        pytest.param("gcr.io/p/a:1", {}, {"gcr.io/p": "m.io"}, "m.io/a:1", {"gcr.io/p"}, id="a folder moves"),
        pytest.param("gcr.iox/a", {}, {"gcr.io": "m.io"}, "gcr.iox/a", set(), id="a part of a name is no folder"),
        pytest.param(
            "nginx:1", {}, {"docker.io": "m.io"}, "m.io/library/nginx:1", {"docker.io"}, id="docker.io is implied"
        ),
        pytest.param("u/a:1", {}, {"docker.io": "m.io"}, "m.io/u/a:1", {"docker.io"}, id="with a user's folder"),
        pytest.param("docker.io/u/a", {}, {"docker.io": "m.io"}, "m.io/u/a", {"docker.io"}, id="or written out"),
        pytest.param("localhost/a", {}, {"docker.io": "m.io"}, "localhost/a", set(), id="localhost is a registry"),
        pytest.param("host:5/a", {}, {"docker.io": "m.io"}, "host:5/a", set(), id="so is a host with a port"),
        pytest.param(
            "gcr.io/p/a",
            {},
            {"gcr.io": "m.io", "gcr.io/p": "n.io/"},
            "n.io/a",
            {"gcr.io/p"},
            id="the longest mirror wins",
        ),
        pytest.param(
            "a:1", {"a": "gcr.io/b"}, {"gcr.io": "m.io"}, "m.io/b:1", {"a", "gcr.io"}, id="renamed, then moved"
        ),
    ],
)
def test_renaming(reference: str, images: dict[str, str], mirror: dict[str, str], new: str, hit: set[str]) -> None:
    assert rename(reference, images, mirror) == (new, hit)
    if not images:
        assert rename(new, images, mirror)[0] == new or new.startswith("localhost")
