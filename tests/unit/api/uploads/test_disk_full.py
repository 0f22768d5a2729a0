"""What an upload needs of the disk may not be there."""

import resource
from collections.abc import Iterator

import pytest

from api.services.copies import SeenTexts
from api.upload_errors import StorageFull
from api.uploads.spooling import spooling


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few pages, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_file_that_does_not_fit_is_refused() -> None:
    with pytest.raises(StorageFull), spooling([bytes(30_000)] * 3):
        pytest.fail("it was said to fit")


@pytest.mark.usefixtures("full_disk")
def test_texts_that_cannot_be_remembered_are_refused() -> None:
    seen = SeenTexts()

    with pytest.raises(StorageFull):
        list(map(seen.find_or_add, map(str, range(300_000)), range(300_000)))

    seen.close()
