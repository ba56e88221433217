"""The console of a merchant's staff: log in, work the queue, decide a case, report one."""

from litestar import Router

from compensation.web.console.acts import acts
from compensation.web.console.case import case_page, receipt_file
from compensation.web.console.queue import queue_page
from compensation.web.console.refusal import refused
from compensation.web.console.report import new_report, report_case
from compensation.web.console.session import agent_only, log_in_page, log_out, sign_in


def console() -> Router:
    """Everything under /console. The login alone is open to whoever comes."""
    inside = Router(
        path="/",
        route_handlers=[queue_page, case_page, receipt_file, new_report, report_case, log_out, *acts],
        guards=[agent_only],
    )
    return Router(
        path="/console",
        route_handlers=[log_in_page, sign_in, inside],
        exception_handlers={Exception: refused},
        include_in_schema=False,
    )
