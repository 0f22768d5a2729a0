"""Asks a service whether it takes uploads and writes exports; until it does, what needs them is skipped."""

import httpx

NEEDS_UPLOADS = "the service takes no uploads, or writes no exports, yet"


def has_bulk_interfaces(address: str) -> bool:
    """Return whether NDJSON goes in and comes out."""
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "probe"}
    with httpx.Client(base_url=address, timeout=30) as client:
        made = client.post("/v1/jobs", content='"好"\n'.encode(), headers=headers)
        if made.status_code != httpx.codes.ACCEPTED:
            return False
        job = f"/v1/jobs/{made.json()['id']}"
        has_formats = client.get(f"{job}/results", params={"format": "ndjson"}).is_success
        client.delete(job)
        return has_formats
