"""A folder that a server running as another account can enter: pytest's own are closed to all but their owner."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="compensation-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
