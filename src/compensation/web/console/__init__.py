"""The console of a merchant's staff: log in, work the queue, decide a case, report one."""

from litestar import Router
from litestar.di import Provide

from compensation.web.console.authority import add_limit, change_agent, drop_limit, lend, office, take_back
from compensation.web.console.budgets import budgets, change_rule
from compensation.web.console.case import case, download_receipt, download_record, show_receipt
from compensation.web.console.choose import grant, look, look_again, take
from compensation.web.console.costs import judge_costs, look_at_costs
from compensation.web.console.decide import ask, close_case, end, task_done
from compensation.web.console.dispute import ask_what, give_answer, look_at_dispute, take_down
from compensation.web.console.files import add_file, save_file, small_picture
from compensation.web.console.finance import download_journal, finance, list_accounts, one_account
from compensation.web.console.imports import (
    call_off,
    files,
    grant_file,
    look_at_file,
    one,
    progress,
    save_result,
    upload,
)
from compensation.web.console.inspect import keep_inspection, look_at_goods
from compensation.web.console.login import change_keys, login, login_form, logout, you
from compensation.web.console.message import as_mail, as_text
from compensation.web.console.own_words import keep_words, look_at_words
from compensation.web.console.policies import keep, policies, policy, shipped, write
from compensation.web.console.policy_acts import look_at_policy, move_policy
from compensation.web.console.policy_trials import begin_trial, stop_trial, trial
from compensation.web.console.queue import cases
from compensation.web.console.refusal import nowhere, refused
from compensation.web.console.report import empty, send
from compensation.web.console.rewards import print_reward, put_right, reward_page
from compensation.web.console.session import desk
from compensation.web.console.signals import say_outcome


def console() -> Router:
    """Everything under /console. A handler that asks for ``desk`` answers only whoever is logged in."""
    return Router(
        path="/console",
        route_handlers=[
            login_form, login, logout, you, change_keys,
            cases, empty, send,
            case, show_receipt, download_receipt, download_record, as_text, as_mail, add_file, save_file, small_picture,
            look_at_costs, judge_costs, look_at_goods, keep_inspection,
            ask_what, take_down, look_at_dispute, give_answer, look_at_words, keep_words,
            look, take, look_again, grant, ask, end, close_case, task_done, say_outcome,
            reward_page, print_reward, put_right,
            files, upload, one, progress, look_at_file, grant_file, call_off, save_result,
            office, change_agent, add_limit, drop_limit, lend, take_back, budgets, change_rule,
            finance, download_journal, list_accounts, one_account,
            policies, shipped, write, keep, policy, look_at_policy, move_policy, begin_trial, trial, stop_trial,
            nowhere,
        ],
        dependencies={"desk": Provide(desk)},
        exception_handlers={Exception: refused},
        include_in_schema=False,
    )  # fmt: skip
