"""The pages customers open by their links. Opening one reads and never writes; every act is a POST of our own form."""

from litestar import Router

from compensation.web.pages.disagree import disagree_form, send_disagreement
from compensation.web.pages.evidence import files, send_file
from compensation.web.pages.gift import download_card, download_code, gift, pay_out, reveal_code
from compensation.web.pages.offer import choose_offer, offers
from compensation.web.pages.policy import policy_in_force, policy_version_page
from compensation.web.pages.refusal import refused
from compensation.web.pages.status import status
from compensation.web.pages.why import why


def pages() -> Router:
    return Router(
        path="/",
        route_handlers=[
            offers, choose_offer, gift, reveal_code, download_code, download_card, pay_out, status, files, send_file,
            disagree_form, send_disagreement,
            why, policy_in_force, policy_version_page,
        ],
        exception_handlers={Exception: refused},
        include_in_schema=False,
    )  # fmt: skip
