"""A page of the console: the template in the frame of the desk, its one-time word, and what has just been done."""

from collections.abc import Container
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.response import Redirect

from compensation.core.errors import NotFound, Problem, TooMany, Unavailable
from compensation.core.text import LANGUAGES
from compensation.delivery.words import word
from compensation.merchants.credential import random_word
from compensation.web.console.session import TONGUE, Desk, tongue_cookie, words
from compensation.web.page import csrf_field, page
from compensation.web.upload import WRONG

ONCE = "once"
"""The hidden field that becomes the Idempotency-Key: however often a form is sent, it has one effect."""

DONE = {
    "issuing": word("What was chosen is being issued."),
    "issued": word("The case is issued."),
    "reported": word("The case is open. Choose one of its offers."),
    "chosen": word("The choice is made. What was chosen is being issued."),
    "proposed": word("The proposal is made. A second person decides on it."),
    "approved": word("The case is approved. What was chosen is being issued."),
    "rejected": word("The case is rejected. What was set aside has gone back to the budget."),
    "sent_back": word("The proposal is sent back. The case waits for another choice."),
    "cancelled": word("The case is called off. What was set aside has gone back to the budget."),
    "closed": word("The case is closed."),
    "task": word("It is marked as done."),
    "reassessed": word("The case is assessed anew. Choose one of its offers."),
    "words_edited": word("The words of the letter are kept."),
    "evidence_added": word("The file is kept with the case."),
    "inspected": word("The inspection is kept. See below whether the offers changed."),
    "disputed": word("His words are kept. Somebody who had no part in the decision answers."),
    "dispute_answered": word("The answer is kept. The customer is told."),
    "reward_resent": word("The letter is on its way again."),
    "reward_reissued": word("The code is replaced. The old one and the old link are dead; a letter brings new ones."),
    "reward_extended": word("It is good for longer from now on."),
    "reward_voided": word("It is cancelled. The budget has its goodwill back."),
    "keys": word("Your choice of keys is kept."),
    "import_approved": word("The file is approved. Its lines are being issued."),
    "import_cancelled": word("The file is called off. What was set aside has gone back to the budget."),
    "authority_set": word("The authority is set, and holds from now on."),
    "limit_set": word("The limit is set, and holds from now on."),
    "limit_ended": word("The limit is ended. It stays on record."),
    "judged": word("What came of the second look is kept."),
    "rule_set": word("The rule of the budget is set."),
    "policy_kept": word("The version is kept as a draft. Try it, then have another person publish it."),
    "policy_moved": word("It is done. This is where the version stands now."),
    "policy_published": word("The policy is published. New cases are decided by it from its first day on."),
    "policy_retired": word("The policy is out of use. Decided cases keep it."),
    "policy_read": word("It is on record that you have read it."),
    "trial_cancelled": word("It is stopped. What was counted until then stands."),
    "lent": word("The delegation is made. It ends by itself."),
    "loan_ended": word("The delegation is ended."),
}
"""What a page says once something is done, by the word in its address: never a text that somebody else could write."""

FOCUS = {
    "reported": "offers",
    "sent_back": "offers",
    "reassessed": "offers",
    "words_edited": "msg",
    "evidence_added": "files",
    "inspected": "goods",
    **dict.fromkeys(("disputed", "dispute_answered"), "disputes"),
    "task": "issued",
    **dict.fromkeys(("reward_resent", "reward_reissued", "reward_extended", "reward_voided"), "issued"),
    "authority_set": "agents",
    **dict.fromkeys(("limit_set", "limit_ended"), "limits"),
    **dict.fromkeys(("lent", "loan_ended"), "loans"),
    **dict.fromkeys(
        (
            "rule_set",
            "judged",
            "chosen",
            "proposed",
            "approved",
            "rejected",
            "cancelled",
            "closed",
            "issuing",
            "issued",
        ),
        "title",
    ),
    **dict.fromkeys(
        ("policy_kept", "policy_moved", "policy_published", "policy_retired", "policy_read", "trial_cancelled"), "title"
    ),
    **dict.fromkeys(("import_approved", "import_cancelled"), "title"),
}
"""The heading of what changed: that is where the focus goes."""

NOT_DONE = {
    "not_an_editor": word("Your role may read the policies, not change them. Ask a lead."),
    "validity_over": word("The last day of this version has passed. Write the next one with new days."),
    "never_published": word("This version was never published, so there is nothing to go back to."),
    "simulation_running": word("This version is being tried already. Wait for it, or stop it."),
    "bad_document": word("The catalogue no longer has what this version names. Write the next one without it."),
    "wrong_state": word("Somebody else moved this case meanwhile. See where it stands now, and decide by that."),
    "unknown_offer": word("The case has no such offer any more. Choose one of those below."),
    "budget_exhausted": word(
        "The program’s budget does not cover the goodwill of this offer. Choose one that costs less, such as the sum "
        "owed alone, or have somebody add to the budget."
    ),
    "customer_cap_reached": word(
        "Another case of this customer was chosen meanwhile, and both together would pass the policy’s cap. Choose an "
        "offer with less goodwill, or assess this case anew."
    ),
    "self_approval": word("You made this proposal, so another person decides on it."),
    "not_an_approver": word("Your role may not decide on what others propose."),
    "beyond_authority": word("This is above your own authority. Ask somebody who may grant more."),
    "inspection_needed": word("The policy wants the goods inspected before this offer. Inspect them, then choose."),
    "documents_missing": word(
        "The policy asks for papers that the case lacks. Add them, or say that the customer cannot give them."
    ),
    "reason_needed": word("This is over the budget: say why it is granted all the same."),
    "no_review": word("Nothing waits to be judged in this case."),
    "own_case": word("This case is your own. Ask somebody else."),
    "override_reason_needed": word("Another offer than the first needs a reason. Choose it again and say why."),
    "own_authority": word("Nobody sets his own authority. Ask another administrator."),
    "not_an_administrator": word("Authority is set by finance or an administrator."),
    "unknown_agent": word("There is no such colleague, or he works here no more."),
    "invalid_limit": word("What is limited does not fit the kind of limit. Choose again."),
    "invalid_period": word("A delegation is to another person, and ends in the future, within 92 days."),
    "already_used": word("Some of it was used, so it cannot be cancelled any more."),
    "owed_value": word("The customer is owed this, so it cannot be cancelled. Its code can be replaced."),
    "value_is_held": word("A sale is holding some of its value. Try again when that sale has ended."),
    "void_window_over": word("The time for cancelling it is over."),
    "not_later": word("It is good for at least as long already."),
    "too_far": word("An end of validity lies within ten years."),
    "may_not_see_codes": word("Your role may not see codes. Ask a lead."),
    "not_printable": word("Only store credit or a gift card that can be spent is printed."),
    "dispute_open": word("The customer disagrees and waits for an answer. Answer him first."),
    "dispute_answered": word("Nothing waits for an answer here: somebody has given it."),
    "already_answered": word("A second person has answered the customer on this decision already."),
    "dispute_too_late": word("The days for disagreeing with this decision have passed. Report what is new as a case."),
    "decided_before": word("You had a part in this decision, so somebody who had none answers."),
    "customer_erased": word("The customer was erased; nothing can be added about him."),
    "unfit_case": word("This is no case of this customer that was reported since he disagreed."),
    "further_case_needed": word("What was issued stays: report what is to be added, and name that case."),
    "nobody_to_tell": word("There is nobody to write to."),
    "apology_not_sent": word("The apology has not reached the customer. See that it is sent, then close the case."),
    **WRONG,
    "nothing_changed": word("The case is assessed by these facts already, so nothing was changed."),
    "unknown_reward": word("There is no such reward in this case."),
    "idempotency_key_reused": word("This form was sent before. Read the page as it is now, and send it from here."),
    "request_in_flight": word("The same form is being worked on. Reload the page in a moment."),
}
_OTHERWISE = word("This was not done, and nothing was changed. Read the page as it is now.")


def view(
    request: Request[Any, Any, Any],
    desk: Desk,
    template: str,
    *,
    status: int = 200,
    happened: Container[str] = ("keys",),
    **context: Any,
) -> Response[str]:
    """The template ``console/<template>``. A language asked for in the address is remembered.

    ``happened`` is what may be said to be done: an address that somebody made up says nothing that is not so.
    """
    asked, done, refused = (request.query_params.get(name, "") for name in ("lang", "done", "not"))
    done = done if done in happened else ""
    say = words(request, desk.locale)
    answer = page(
        request.app.state,
        f"console/{template}",
        status=status,
        locale=desk.locale,
        desk=desk,
        csrf=csrf_field(request.app.state.door.vault, desk.token),
        once=random_word(26),
        done=say(DONE[done]) if done in DONE else None,
        refused=say(NOT_DONE.get(refused, _OTHERWISE)) if refused else None,
        focus=FOCUS.get(done),
        **context,
    )
    if asked in LANGUAGES and asked != request.cookies.get(TONGUE):
        answer.set_cookie(tongue_cookie(asked))
    return answer


def see(path: str) -> Redirect:
    """After a form: go and look, so that reloading sends nothing again."""
    return Redirect(path, status_code=303)


def key_of(form: Any) -> str:
    """The Idempotency-Key of a form. One that lost its word gets a fresh one: it is another form."""
    return f"console:{form.get(ONCE) or random_word(26)}"


def back_to(case_id: str, code: str) -> Redirect:
    """The case as it is now, which says why the act of this code was not done."""
    return see(f"/console/cases/{case_id}?{urlencode({'not': code})}")


def not_done(case_id: str, problem: Problem) -> Redirect:
    """The answer to an act that was refused. Raises ``problem`` again where the case itself cannot be shown now."""
    if problem.code not in NOT_DONE and isinstance(problem, (NotFound, TooMany, Unavailable)):
        raise problem
    return back_to(case_id, problem.code)
