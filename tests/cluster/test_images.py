"""When images are built anew, and what of them travels to the cluster."""

import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from localkube import extra_images
from localkube.console import Failed
from localkube.images import digest_sources, write_archive
from localkube.pause import render_archive


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    package = tmp_path / "operator" / "tenure"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text("version = 1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def test_a_changed_source_asks_for_new_images(repository: Path) -> None:
    before = digest_sources(repository)
    (repository / "operator" / "tenure" / "__init__.py").write_text("version = 2\n")
    assert digest_sources(repository) != before


def test_a_renamed_source_asks_for_new_images(repository: Path) -> None:
    before = digest_sources(repository)
    package = repository / "operator" / "tenure"
    (package / "__init__.py").rename(package / "other.py")
    assert digest_sources(repository) != before


def test_what_no_image_contains_asks_for_nothing(repository: Path) -> None:
    before = digest_sources(repository)
    (repository / "operator" / "tenure" / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    (repository / "tests").mkdir()
    (repository / "tests" / "test_x.py").write_text("")
    assert digest_sources(repository) == before


def test_another_file_of_an_extra_image_gives_it_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra_images, "FOLDER", tmp_path)
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "Dockerfile").write_text("FROM base\n")
    before = extra_images.name_of("server")
    (tmp_path / "server" / "requirements.txt").write_text("mlserver==1.7.1\n")

    assert before.startswith("tenure.dev/server:")
    assert extra_images.name_of("server") != before


def test_an_extra_image_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra_images, "FOLDER", tmp_path)
    (tmp_path / "server").mkdir()

    with pytest.raises(Failed, match="it is one of server"):
        extra_images.folder_of("sever")


def write_image(folder: Path, *layers: bytes) -> Path:
    """Write an image as buildah does: plain files named by their digests."""
    folder.mkdir()
    described = []
    for content in (b"{}", *layers):
        digest = hashlib.sha256(content).hexdigest()
        (folder / digest).write_bytes(content)
        described.append({"digest": f"sha256:{digest}", "size": len(content)})
    manifest = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described[0],
        "layers": described[1:],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_layer_that_the_cluster_has_does_not_travel(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", b"large and known", b"small and new")
    known = f"sha256:{hashlib.sha256(b'large and known').hexdigest()}"
    written = BytesIO()
    write_archive(image, "tenure.dev/x:dev", {known}, written)
    with tarfile.open(fileobj=BytesIO(written.getvalue())) as archive:
        names = archive.getnames()
    assert f"blobs/{known.replace(':', '/')}" not in names
    assert f"blobs/sha256/{hashlib.sha256(b'small and new').hexdigest()}" in names


def test_the_archive_names_the_image_and_its_manifest(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", b"layer")
    written = BytesIO()
    write_archive(image, "tenure.dev/x:dev", set(), written)
    with tarfile.open(fileobj=BytesIO(written.getvalue())) as archive:
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr]
        (entry,) = index["manifests"]
        manifest = archive.extractfile(f"blobs/{entry['digest'].replace(':', '/')}").read()  # type: ignore[union-attr]
    assert entry["annotations"] == {"io.containerd.image.name": "tenure.dev/x:dev"}
    assert manifest == (image / "manifest.json").read_bytes()


def test_the_pause_image_declares_the_layer_it_carries() -> None:
    with tarfile.open(fileobj=BytesIO(render_archive(b"program"))) as archive:
        files = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    (manifest,) = json.loads(files["manifest.json"])
    configuration = json.loads(files[manifest["Config"]])
    digest = hashlib.sha256(files["layer.tar"]).hexdigest()
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
    with tarfile.open(fileobj=BytesIO(files["layer.tar"])) as layer:
        assert layer.getmember("pause").mode == 0o755
