"""What tells people and machines about the service: models, health, metrics, headers, the first page."""

from dataclasses import replace

import pytest
import structlog
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.core import Core
from tests.integration.api.conftest import REVISION, RuleWorker


def read_metrics(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every sample by its name and the values of its labels."""
    document = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(document)
        for sample in family.samples
    }


def test_the_default_model_is_listed_before_any_worker_has_served_it(client: FlaskClient) -> None:
    models = client.get("/v1/models").get_json()["data"]

    assert [(model["name"], model["is_default"], model["revision"]) for model in models] == [
        ("structbert-small-zh", True, None)
    ]


def test_models_say_who_serves_them(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(texts_per_second=100.0)
    rule_worker.beat(texts_per_second=50.0)
    rule_worker.beat(model="chinese-large")

    models = client.get("/v1/models").get_json()["data"]

    assert [model["name"] for model in models] == ["structbert-small-zh", "chinese-large"]
    assert (models[0]["live_workers"], models[0]["texts_per_second"]) == (2, 150.0)
    assert (models[0]["revision"], models[0]["labels"]) == (REVISION, ["negative", "positive"])


def test_models_say_how_they_compute(client: FlaskClient, rule_worker: RuleWorker) -> None:
    unknown = client.get("/v1/models").get_json()["data"]
    rule_worker.beat(arithmetic="int8-widened")

    known = client.get("/v1/models").get_json()["data"]

    assert [model["arithmetic"] for model in unknown] == [None]
    assert [model["arithmetic"] for model in known] == ["int8-widened"]


def test_models_say_what_their_neutral_band_is(client: FlaskClient, rule_worker: RuleWorker) -> None:
    unknown = client.get("/v1/models").get_json()["data"]
    rule_worker.beat(neutral_threshold=0.85)
    rule_worker.beat(model="chinese-large")

    known = client.get("/v1/models").get_json()["data"]

    assert [model["neutral_threshold"] for model in unknown] == [None]
    assert [model["neutral_threshold"] for model in known] == [0.85, None]


def test_the_process_lives(client: FlaskClient) -> None:
    assert client.get("/health/live").get_json() == {"status": "live"}


def test_the_service_is_ready_once_a_worker_of_the_default_model_lives(
    client: FlaskClient, rule_worker: RuleWorker
) -> None:
    rule_worker.beat(model="chinese-large")
    before = client.get("/health/ready")
    rule_worker.beat()
    after = client.get("/health/ready")

    assert (before.status_code, before.headers["Retry-After"]) == (503, "2")
    assert before.get_json()["status"] == "not_ready"
    assert {name: check["ok"] for name, check in before.get_json()["checks"].items()} == {
        "database": True,
        "broker": True,
        "worker": False,
    }
    assert (after.status_code, after.get_json()["status"]) == (200, "ready")


def test_metrics_count_requests_by_route_and_not_by_path(client: FlaskClient) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好"]}).get_json()
    labels = ("GET", "/v1/jobs/<job_id>", "200")
    before = read_metrics(client).get(("sentiq_http_requests_total", labels), 0.0)

    client.get(job["links"]["self"])

    after = read_metrics(client)
    assert after["sentiq_http_requests_total", labels] == before + 1
    assert after["sentiq_http_request_seconds_count", labels[:2]] >= 1
    assert not any(job["id"] in label for _, values in after for label in values)


def test_metrics_show_the_queue_and_the_workers(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(texts_per_second=12.5)
    client.post("/v1/jobs", json={"texts": ["好", "很好", "差"]})
    rule_worker.claim(max_texts=1)

    found = read_metrics(client)

    model = ("structbert-small-zh",)
    assert found["sentiq_queue_size", model] == 2
    assert found["sentiq_queue_running", model] == 1
    assert found["sentiq_live_workers", model] == 1
    assert found["sentiq_texts_per_second", model] == 12.5
    assert 0 <= found["sentiq_queue_oldest_seconds", model] < 60
    assert (found["sentiq_database_up", ()], found["sentiq_broker_up", ()]) == (1, 1)
    assert (found["sentiq_deliveries_due", ()], found["sentiq_deliveries_oldest_seconds", ()]) == (0, 0)


def test_a_request_id_is_kept_and_given_back(client: FlaskClient) -> None:
    kept = client.get("/health/live", headers={"X-Request-ID": "abc-123"})
    made = client.get("/health/live", headers={"X-Request-ID": "no spaces, please"})

    assert kept.headers["X-Request-ID"] == "abc-123"
    assert len(made.headers["X-Request-ID"]) == 32


def test_every_answer_carries_the_safe_headers(client: FlaskClient) -> None:
    for answer in (client.get("/health/live"), client.get("/nothing"), client.post("/v1/jobs")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["Cache-Control"] == "no-store"


def test_other_origins_are_shut_out_unless_a_setting_lets_them_in(core: Core, client: FlaskClient) -> None:
    allowing = core.settings.model_copy(update={"cors_origins": ("https://shop.example",)})
    open_client = create_app(replace(core, settings=allowing)).test_client()
    headers = {"Origin": "https://shop.example"}

    shut = client.get("/v1/jobs", headers=headers)
    let_in = open_client.get("/v1/jobs", headers=headers)
    stranger = open_client.get("/v1/jobs", headers={"Origin": "https://evil.example"})
    preflight = open_client.options(
        "/v1/jobs",
        headers=headers | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
    )

    assert "Access-Control-Allow-Origin" not in shut.headers
    assert let_in.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Location" in let_in.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in stranger.headers
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"


def test_the_log_has_one_line_a_request_with_its_id_and_never_a_text(client: FlaskClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.post("/v1/jobs", json={"texts": ["机密的话"]}, headers={"X-Request-ID": "log-1"})

    served = [line for line in lines if line["event"] == "request_served"]
    assert [(line["method"], line["route"], line["status"]) for line in served] == [("POST", "/v1/jobs", 202)]
    assert {line["request_id"] for line in lines} == {"log-1"}
    assert "机密" not in str(lines)


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_the_documentation_loads_nothing_from_other_hosts(client: FlaskClient, address: str) -> None:
    page = client.get(address, follow_redirects=True)

    html = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "http://" not in html.replace('img[src^="http"]', "")
    assert "https://" not in html
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "connect-src 'self'" in policy


def test_the_pages_script_comes_from_this_service(client: FlaskClient) -> None:
    script = client.get("/docs/redoc.js")

    assert script.status_code == 200
    assert script.mimetype == "text/javascript"
    assert len(script.get_data()) > 100_000
    assert script.headers["ETag"]
    script.close()
