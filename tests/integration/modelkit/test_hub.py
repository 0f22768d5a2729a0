"""ModelScope's own library fetches from a hub on loopback: whole, resumed, or refused with a clear reason."""

import socket
from pathlib import Path

import pytest

from modelkit.errors import HubFailed
from modelkit.hub import ALIASES, ANSWER_SECONDS, HubModel, download, find_hub_model
from tests.hub import Hub
from tests.servers import find_free_port

BASE = "damo/nlp_structbert_sentiment-classification_chinese-base"
WEIGHTS = bytes(range(256)) * 400
FILES = {"config.json": b"{}", "configuration.json": b'{"a": 1}', "vocab.txt": b"[PAD]\n", "pytorch_model.bin": WEIGHTS}
EXTRAS = {"README.md": b"#", "ms_wrapper.py": b"raise SystemExit", "onnx/config.json": b"{}", "../evil.json": b"{}"}


@pytest.fixture
def base(hub: Hub) -> HubModel:
    """Return a model that the hub has, among files that nobody needs."""
    hub.models[BASE] = {"master": {**EXTRAS, **FILES}, "v1.0": FILES}
    return name_model("structbert-base")


def name_model(name: str) -> HubModel:
    model = find_hub_model(name)
    assert model is not None
    return model


def test_a_checkpoint_is_fetched_and_nothing_else(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    fetched = download(base, cache=tmp_path / "cache", endpoint=hub.url)

    assert {path.name: path.read_bytes() for path in fetched.directory.iterdir()} == FILES
    assert (fetched.model_id, fetched.revision, fetched.endpoint) == (BASE, "master", hub.url)
    assert sorted(hub.list_fetched()) == sorted(FILES)
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.suffix in (".py", ".md")) == []


def test_nothing_but_the_listing_and_the_files_is_asked_of_the_hub(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    download(base, cache=tmp_path, endpoint=hub.url)

    api = f"/api/v1/models/{BASE}/repo"
    assert {request.path for request in hub.requests} == {f"{api}/files", api, f"/storage/{BASE}"}


def test_weights_in_safetensors_are_enough(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    hub.models[BASE]["master"]["model.safetensors"] = b"safe"

    fetched = download(base, cache=tmp_path, endpoint=hub.url)

    assert "pytorch_model.bin" not in hub.list_fetched()
    assert (fetched.directory / "model.safetensors").read_bytes() == b"safe"


def test_the_hub_may_be_named_by_the_library_s_own_variable(
    hub: Hub, base: HubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)

    assert download(base, cache=tmp_path).endpoint == hub.url


@pytest.mark.parametrize("form", ["http://{}", "{}"])
def test_the_older_variable_is_understood_too(
    hub: Hub, base: HubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    host = hub.url.removeprefix("http://")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", form.format(host))
    if form == "{}":  # then it means https, which this hub does not speak
        with pytest.raises(HubFailed, match=f"https://{host} cannot be reached"):
            download(base, cache=tmp_path)
    else:
        assert download(base, cache=tmp_path).endpoint == hub.url


def test_what_has_arrived_is_not_fetched_again(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    download(base, cache=tmp_path, endpoint=hub.url)
    hub.requests.clear()

    download(base, cache=tmp_path, endpoint=hub.url)

    assert hub.list_fetched() == []


def test_what_has_changed_on_the_hub_is_fetched_and_what_is_gone_is_dropped(
    hub: Hub, base: HubModel, tmp_path: Path
) -> None:
    hub.models[BASE]["master"]["label_mapping.json"] = b"{}"
    download(base, cache=tmp_path, endpoint=hub.url)
    del hub.models[BASE]["master"]["label_mapping.json"]
    hub.models[BASE]["master"]["vocab.txt"] = b"[UNK]\n"
    hub.requests.clear()

    fetched = download(base, cache=tmp_path, endpoint=hub.url)

    assert hub.list_fetched() == ["vocab.txt"]
    assert {path.name: path.read_bytes() for path in fetched.directory.iterdir()} == {**FILES, "vocab.txt": b"[UNK]\n"}


def test_an_interrupted_download_is_resumed_by_the_next_run(
    hub: Hub, base: HubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_DOWNLOAD_MAX_RETRIES", "0")
    hub.cuts["pytorch_model.bin"] = [70_000]
    with pytest.raises(HubFailed, match=r"for pytorch_model\.bin \(.*IncompleteRead.*what has arrived is kept"):
        download(base, cache=tmp_path, endpoint=hub.url)
    assert list(tmp_path.rglob("pytorch_model.bin")) == []
    hub.requests.clear()

    fetched = download(base, cache=tmp_path, endpoint=hub.url)

    assert (fetched.directory / "pytorch_model.bin").read_bytes() == WEIGHTS
    assert hub.list_fetched() == ["pytorch_model.bin"]
    assert hub.requests[-1].first_byte == 70_000


def test_a_connection_that_breaks_off_is_resumed_in_the_same_run(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    hub.cuts["pytorch_model.bin"] = [30_000, 60_000]

    fetched = download(base, cache=tmp_path, endpoint=hub.url)

    starts = [request.first_byte for request in hub.requests if request.path.startswith("/storage/")]
    assert (fetched.directory / "pytorch_model.bin").read_bytes() == WEIGHTS
    assert {30_000, 60_000} <= set(starts)


def test_a_damaged_file_is_refused_and_dropped(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    hub.damaged.add("pytorch_model.bin")

    with pytest.raises(HubFailed, match=r"pytorch_model\.bin arrived damaged, each time .*SHA-256"):
        download(base, cache=tmp_path, endpoint=hub.url)

    assert hub.list_fetched().count("pytorch_model.bin") == 3
    assert list(tmp_path.rglob("pytorch_model.bin*")) == []


def test_an_unknown_id_is_named_in_both_namespaces(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    with pytest.raises(HubFailed) as refusal:
        download(name_model("damo/no-such-model"), cache=tmp_path, endpoint=hub.url)

    assert refusal.value.detail == (
        "damo/no-such-model cannot be fetched: the hub has no model damo/no-such-model nor iic/no-such-model. "
        "A local directory is meant by ./name or /name."
    )


def test_the_article_s_id_leads_to_the_true_ones(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(HubFailed) as refusal:
        download(name_model("damo/StructBERT_Large_Emotion_Chinese"), cache=tmp_path, endpoint=hub.url)

    assert all(model_id in refusal.value.detail for model_id in ALIASES.values())


def test_the_other_namespace_is_tried(hub: Hub, tmp_path: Path) -> None:
    hub.models[BASE.replace("damo", "iic")] = {"master": FILES}

    assert download(name_model(BASE), cache=tmp_path, endpoint=hub.url).model_id == BASE.replace("damo", "iic")


def test_an_unknown_revision_is_refused_with_those_that_exist(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    with pytest.raises(HubFailed, match=r"has no revision v9\.9; it has: master, v1\.0\."):
        download(base, "v9.9", cache=tmp_path, endpoint=hub.url)


def test_revisions_are_kept_apart(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    hub.models[BASE]["v1.0"] = {**FILES, "vocab.txt": b"old\n"}

    folders = [download(base, revision, tmp_path, hub.url).directory for revision in ("master", "v1.0")]

    assert [(folder / "vocab.txt").read_bytes() for folder in folders] == [b"[PAD]\n", b"old\n"]


@pytest.mark.parametrize("revision", ["", "../..", "v1/../../x", "/etc", "--help", "a b"])
def test_a_revision_cannot_lead_out_of_the_cache(base: HubModel, tmp_path: Path, revision: str) -> None:
    with pytest.raises(HubFailed, match="is no revision"):
        download(base, revision, tmp_path)


@pytest.mark.parametrize("missing", ["config.json", "pytorch_model.bin"])
def test_a_repository_without_a_checkpoint_is_refused(hub: Hub, base: HubModel, tmp_path: Path, missing: str) -> None:
    del hub.models[BASE]["master"][missing]

    with pytest.raises(HubFailed, match="is no checkpoint that can be read"):
        download(base, cache=tmp_path, endpoint=hub.url)

    assert hub.list_fetched() == []


def test_a_refused_connection_is_told_at_once(base: HubModel, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{find_free_port()}"

    with pytest.raises(HubFailed, match=f"{address} cannot be reached for the list of files .* Check the network"):
        download(base, cache=tmp_path, endpoint=address)


def test_a_hub_that_does_not_answer_is_given_up(hub: Hub, base: HubModel, tmp_path: Path) -> None:
    hub.silent_seconds = 5

    with pytest.raises(HubFailed, match=r"has not answered within 1\.5 seconds"):
        download(base, cache=tmp_path, endpoint=hub.url, answer_seconds=1.5)


def test_a_connection_that_is_never_made_is_given_up(base: HubModel, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:  # fills the queue of connections, so that the next one hangs as behind a firewall
            one.setblocking(False)
            one.connect_ex(full.getsockname())

        with pytest.raises(HubFailed, match="has not answered within 1 seconds"):
            download(base, cache=tmp_path, endpoint=f"http://127.0.0.1:{full.getsockname()[1]}", answer_seconds=1)

        for one in crowd:
            one.close()


def test_the_user_waits_less_than_ten_seconds_without_a_network() -> None:
    assert ANSWER_SECONDS <= 5  # beside the start of the command line, which loads torch


@pytest.mark.parametrize("name", ["structbert-huge", "one/two/three", "/absolute/path", "名字/模型?", "owner/"])
def test_other_words_mean_no_model_of_a_hub(name: str) -> None:
    assert find_hub_model(name) is None
