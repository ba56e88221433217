"""The API keeps to its own description, whatever it is sent: generated requests, right and wrong, over a socket."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext, suppress

import asyncpg
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, positive_data_acceptance

from compensation.db.embedded import Postgres
from compensation.merchants.demo import Demo
from tests.web.process import Web

EXAMPLES = 12
"""For each operation and mode: enough to find what is wrong everywhere, few enough for every run."""

# A request may fit the description and break a rule of the business, which is a stated refusal. And our key is a real
# one, which the check of keys takes for made up; who has none is another story, in test_problems.
NOT_OURS = [positive_data_acceptance, ignored_auth]


@pytest.fixture(scope="module")
def served(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Demo]]:
    """The web process on a database of its own. The tests here are not asyncio's, so neither is this."""
    web = Web(postgres.url_of("contract"), tmp_path_factory.mktemp("contract"))

    async def begin() -> Demo:
        admin = await asyncpg.connect(postgres.url)
        await admin.execute("CREATE DATABASE contract TEMPLATE template")
        await admin.close()
        demo = await web.seed()
        await web.start()
        return demo

    with asyncio.Runner() as runner:
        yield web, runner.run(begin())
        runner.run(web.stop())


@pytest.fixture(scope="module")
def api(served: tuple[Web, Demo]) -> schemathesis.BaseSchema:
    web, demo = served
    schema = schemathesis.openapi.from_url(f"{web.base}/openapi.json")
    schema.config.update(headers={"Authorization": f"Bearer {demo.api_key}"})
    # What is too long for its field may be too long for any body, and what has a wrong field may name a wrong host:
    # these two are looked at first.
    schema.config.checks.negative_data_rejection.expected_statuses += ["413", "421"]
    return schema


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_description_allows(api: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    """Right requests are accepted or refused for a stated reason; wrong ones are refused; nothing is ever a 500."""
    for found in api.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
        def law(case: schemathesis.Case) -> None:
            case.call_and_validate(timeout=20, excluded_checks=NOT_OURS)

        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            # Where every text is allowed, as for an id, nothing can be generated that is wrong.
            law()
