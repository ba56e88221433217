"""The operator's page tells every setting, and the command line tells every trouble in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compensation.core.settings import Settings
from compensation.db.embedded.child import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "operator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_on_the_page(name: str) -> None:
    variable = name.upper() if name in ("database_url", "redis_url") else f"COMPENSATION_{name.upper()}"
    assert f"`{variable}`" in PAGE


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "Set DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}, "cannot be reached"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "COMPENSATION_PORT": "many"}, "Expected `int`"),
    ],
)
def test_a_command_that_cannot_work_says_why_in_one_line(
    tmp_path: Path, environment: dict[str, str], says: str
) -> None:
    ours = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("PYTHON")}
    ran = subprocess.run(
        [sys.executable, "-m", "compensation", "migrate"],
        env={**ours, "COMPENSATION_DATA": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert says in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
