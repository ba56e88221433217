"""Every code an answer may carry, with its status, what it means and what to do: the pages behind ``type``.

A code is part of the API and is never renamed. A test fails when a room raises one that is not here.
"""

import msgspec


class Entry(msgspec.Struct, frozen=True):
    status: int
    means: str
    cure: str


_READ_AGAIN = "Read it again and decide by what it says now."
_SEND_ANOTHER = "Correct the field that `pointer` names and send the request again, with a new Idempotency-Key."
_LIST = "Check the id. Ids of other merchants get this same answer."

CODES: dict[str, Entry] = {
    # who asks
    "api_key_needed": Entry(401, "The request carries no API key.", "Send the header Authorization: Bearer sk_…"),
    "wrong_api_key": Entry(401, "The key is unknown, revoked or expired.", "Use a key that is valid now."),
    "wrong_login": Entry(401, "The address or the password is wrong.", "Try again, or ask your administrator."),
    "login_needed": Entry(401, "The session is over.", "Log in again."),
    "wrong_form": Entry(403, "The form was not ours, or has run out.", "Open the page again and send it from there."),
    "not_yourself": Entry(403, "An agent or a customer named somebody else.", "Leave the field agent out."),
    "unknown_agent": Entry(403, "No such agent works for this merchant.", "Name an agent who does."),
    "person_needed": Entry(403, "Only a person may decide this.", "Log in at the console, or name the agent."),
    "self_approval": Entry(403, "Whoever proposes does not approve.", "Have somebody else decide."),
    "not_an_approver": Entry(403, "This role may not decide on proposals.", "Ask a lead, finance or an administrator."),
    "beyond_authority": Entry(
        403, "The value is above what this person may grant.", "Ask somebody who may grant more."
    ),
    "own_case": Entry(403, "The agent and the customer are one person.", "Have somebody else decide."),
    "may_not_see_codes": Entry(403, "This role may not see codes.", "Ask a lead, finance or an administrator."),
    "own_authority": Entry(403, "Nobody sets his own authority.", "Have another administrator set it."),
    "not_an_administrator": Entry(
        403, "This role may not set authority or budgets.", "Ask finance or an administrator."
    ),
    # the request itself
    "malformed_json": Entry(400, "The body is not JSON.", "Send one JSON value in UTF-8."),
    "invalid_body": Entry(400, "A field is missing, unknown, or of the wrong type or size.", _SEND_ANOTHER),
    "invalid_parameter": Entry(400, "A parameter of the address or a header is wrong.", "`parameter` names it."),
    "body_too_deep": Entry(400, "The body nests too deep.", "Flatten it to 32 levels or fewer."),
    "body_too_large": Entry(413, "The body is larger than 256 kB.", "Send less, or send it in parts."),
    "duplicate_key": Entry(400, "A key stands twice in one object.", "Write it once."),
    "number_out_of_range": Entry(400, "A number has too many digits.", "Write at most 16 digits."),
    "forbidden_character": Entry(400, "A text holds a NUL character.", "Remove it."),
    "invalid_value": Entry(400, "A value cannot be stored.", "Remove odd characters and keep numbers in range."),
    "invalid_cursor": Entry(400, "The cursor is not one of ours.", "Send it as the page before gave it, or none."),
    "idempotency_key_needed": Entry(400, "A write carries no Idempotency-Key.", "Send one, such as a random UUID."),
    "invalid_idempotency_key": Entry(400, "The key cannot be kept.", "Use 1 to 255 printable characters."),
    "idempotency_key_reused": Entry(
        409, "The key was used for another request.", "`differing` names what differs. Use a new key for a new request."
    ),
    "request_in_flight": Entry(409, "The same request is being worked on.", "Send it again after Retry-After."),
    "method_not_allowed": Entry(
        405, "The address does not take this method.", "The Allow header names those it takes."
    ),
    "request_timeout": Entry(408, "The body took too long to arrive.", "Send it again with the same key."),
    "bad_request": Entry(400, "The request cannot be read.", "`detail` says why."),
    "misdirected_request": Entry(421, "We do not answer under this host name.", "Use the address you were given."),
    "too_many_attempts": Entry(429, "Too many wrong attempts.", "Wait for Retry-After."),
    # what is not there
    "not_found": Entry(404, "There is nothing at this address.", "The API begins at /v1; /docs lists it."),
    "unknown_asset": Entry(404, "There is no such file.", "Reload the page."),
    "unknown_brand": Entry(404, "There is no such brand.", _LIST),
    "unknown_case": Entry(404, "There is no such case.", _LIST),
    "choose_in_case": Entry(
        409, "Something is owed in the case that the reference names.", "Choose one of its offers: they are lawful."
    ),
    "no_cash_out": Entry(409, "No law asks for this card to be paid out.", "Spend it as it is."),
    "above_cash_out": Entry(
        409, "More is left on the card than is paid out.", "`at_most` says how much; spend some of it first."
    ),
    "unknown_customer": Entry(404, "There is no such customer.", _LIST),
    "unknown_delivery": Entry(404, "There is no such message.", _LIST),
    "unknown_endpoint": Entry(404, "There is no such webhook endpoint, or it was removed.", _LIST),
    "unknown_hold": Entry(404, "There is no such hold.", _LIST),
    "unknown_limit": Entry(404, "There is no such limit.", _LIST),
    "unknown_delegation": Entry(404, "There is no such delegation.", _LIST),
    "unknown_link": Entry(404, "There is no such link.", _LIST),
    "unknown_merchant": Entry(404, "There is no such merchant.", "Check your API key."),
    "unknown_offer": Entry(404, "The case has no such offer.", "Read its offers again and send one of their keys."),
    "unknown_order": Entry(404, "There is no such order.", _LIST),
    "unknown_program": Entry(404, "There is no such program.", "GET /v1/programs lists yours."),
    "unknown_redemption": Entry(404, "There is no such redemption.", _LIST),
    "unknown_reward": Entry(404, "There is no such reward.", _LIST),
    "link_not_usable": Entry(404, "The link does not open anything.", "Ask the sender for a new one."),
    "code_not_usable": Entry(
        404,
        "Unknown, mistyped, foreign, expired, cancelled and empty codes all get this answer.",
        "Check the code with the person who holds it.",
    ),
    # money
    "invalid_amount": Entry(400, "The amount is not one.", "Send whole minor units from 1 to 10^14."),
    "unknown_currency": Entry(400, "Not an ISO 4217 code with minor units.", "Send a code such as EUR."),
    "too_many_decimals": Entry(
        400, "More decimals than the currency has.", "Write as many as it has: JPY 0, EUR 2, KWD 3."
    ),
    "currency_needed": Entry(
        400, "Nothing says which currency the case is in.", "Send the order's amount, or currency."
    ),
    "currency_mismatch": Entry(422, "Two sums are in different currencies.", "Use the one that `currency` names."),
    "insufficient_balance": Entry(422, "Less is left than was asked for.", "Spend what `balance` says is left."),
    "budget_exhausted": Entry(422, "The program's budget does not cover the goodwill.", "Add to it, or choose less."),
    "customer_cap_reached": Entry(
        422, "Another case took up the goodwill this customer may have.", "Choose less, or assess the case anew."
    ),
    "same_card": Entry(400, "One card is named twice.", "Name two different cards."),
    "kind_mismatch": Entry(
        422, "One is a gift card and the other store credit.", "Merge what is alike; transfer credit to a card."
    ),
    "value_is_held": Entry(422, "A hold keeps some of the value.", "Capture or release the hold first."),
    "not_stored_value": Entry(422, "This is no gift card and no store credit.", "Void it, or mark it as done."),
    "not_voidable": Entry(422, "Rewards of this kind are not cancelled.", "`detail` says what ends them."),
    "owed_value": Entry(422, "The customer is owed this.", "Reissue it, or take it back with a clawback."),
    "already_used": Entry(422, "Some of it was used.", "Take back what is left with a clawback."),
    "void_window_over": Entry(
        422, "The time for cancelling is over; `until` says since when.", "Take back what is left with a clawback."
    ),
    "no_code": Entry(422, "The reward has no code.", "Send its letter again instead."),
    "not_extendable": Entry(422, "Rewards of this kind have no validity to prolong.", "Issue another."),
    "not_later": Entry(422, "The new end of validity is not after the old one.", "Send one after `expires_at`."),
    "too_far": Entry(422, "The end of validity lies more than ten years ahead.", "Send one up to `latest`."),
    "nobody_to_tell": Entry(422, "The order names no customer.", "Hand the link over yourself."),
    "more_than_held": Entry(
        422, "More is captured than was held.", "`held` says what was. Capture less, or hold again."
    ),
    "hold_ended": Entry(
        422, "The hold was captured or released, or its time is over.", "Spend from the card, or hold again."
    ),
    "more_than_spent": Entry(422, "More is given back than was spent.", "`left` says what can still go back."),
    "invalid_time": Entry(
        400, "The moment lacks its zone, or lies out of reach.", "Write it like 2026-06-30T23:59:59Z."
    ),
    "unknown_earning": Entry(404, "No points of this purchase.", "Send the reference with which they were earned."),
    "already_earned": Entry(409, "This purchase has earned its points.", "Nothing is left to do."),
    "insufficient_points": Entry(422, "The customer has fewer points.", "Spend what `available` says is there."),
    "more_than_earned": Entry(422, "More is taken back than the purchase earned.", "`left` says what can still be."),
    "no_points_rate": Entry(422, "No rate is in force for this currency.", "Add one by POST /v1/points-rates."),
    "too_few_points": Entry(422, "They make no minor unit of the currency.", "Convert more of them."),
    "rate_in_the_past": Entry(422, "A rate cannot begin in the past.", "Leave valid_from out, or name a later moment."),
    "rate_exists": Entry(409, "There is a rate from this moment on.", "Name another moment."),
    "unknown_account": Entry(404, "The ledger has no such account.", _LIST),
    "unknown_transfer": Entry(404, "There is no such transfer.", _LIST),
    "not_printable": Entry(422, "The reward is no card that can be spent.", "Print store credit or a gift card."),
    "not_reversible": Entry(
        422, "The entry belongs to a reward or a case.", "Undo it by that thing's own act: return, void or release."
    ),
    "already_reversed": Entry(409, "The entry has been undone already.", "Nothing is left to undo."),
    "too_many_exports": Entry(429, "Other exports are being read.", "Wait `Retry-After` seconds."),
    # cases
    "order_needed": Entry(400, "This harm is about an order.", "Send the order with its amount."),
    "unknown_harm": Entry(400, "The taxonomy has no such harm.", "Use one of the codes that `detail` names."),
    "unknown_remedy": Entry(400, "The catalogue has no such remedy.", "Use one of the catalogue's."),
    "customer_needed": Entry(400, "Nothing says who was harmed.", "Send customer.reference, .email or .id."),
    "email_needed": Entry(400, "The customer is to be asked, and has no address.", "Send customer.email."),
    "unknown_policy": Entry(400, "The catalogue has no such policy.", "Name one that it has."),
    "unknown_policy_version": Entry(404, "There is no such version of a policy.", "GET /v1/policies lists yours."),
    "no_version_before": Entry(404, "It is the first version of its policy.", "Name another one with `against`."),
    "not_public": Entry(
        422,
        "Nobody but you reads this version.",
        "Give it a `[public]` part, and publish it; the page is there at once.",
    ),
    "unknown_simulation": Entry(404, "There is no such simulation of this version.", _LIST),
    "simulation_running": Entry(409, "A simulation of this version is running.", "Wait for it, or cancel it."),
    "validity_over": Entry(422, "The policy's last day has passed.", "Write a new version with new days."),
    "never_published": Entry(422, "The version was never published.", "Publish it."),
    "not_an_editor": Entry(403, "The role may not change policies.", "Ask a lead, finance or an administrator."),
    "customer_erased": Entry(409, "This customer was erased.", "Report the case without customer.id."),
    "refund_under_way": Entry(409, "Money is on its way back to this customer.", "Erase him once it has arrived."),
    "invalid_email": Entry(400, "This cannot be an e-mail address.", "Correct it, or leave it out."),
    "invalid_phone": Entry(400, "This cannot be a telephone number.", "Write it like +353 1 555 0142."),
    "wrong_state": Entry(422, "This cannot be done in the present state.", _READ_AGAIN),
    "consent_required": Entry(
        422,
        "The offer takes the place of money the customer is owed.",
        "Show him `sentence`; once he agrees, send it as consent.sentence.",
    ),
    "agreement_required": Entry(
        422, "The law asks for a signed agreement.", "Send consent.signature, or name the paper in consent.agreement."
    ),
    "not_the_customer": Entry(403, "An agent signed in the customer's place.", "Let him sign on his own page."),
    "full_name_needed": Entry(400, "The signature is no full name.", "Send the name that the customer typed."),
    "no_review": Entry(422, "No signal of this case waits to be judged.", _READ_AGAIN),
    "reason_needed": Entry(422, "The approval is over the budget.", "Say why in reason."),
    "override_reason_needed": Entry(422, "An agent takes another offer than the first.", "Say why in override.reason."),
    "invalid_limit": Entry(400, "The limit's subject does not fit its kind.", "`detail` says what it must be."),
    "invalid_period": Entry(400, "The time is not one.", "`detail` says what it must be."),
    "unknown_cost_line": Entry(400, "The report has no such cost line.", "Count its cost lines from 1."),
    "nothing_changed": Entry(400, "The case is assessed by these facts already.", "Say what is otherwise."),
    "unknown_placeholder": Entry(400, "A word in braces that this letter cannot fill.", "`pointer` says where."),
    "apology_not_sent": Entry(
        422, "The apology has not reached the customer.", "See that it is sent, then close the case."
    ),
    # evidence
    "unknown_evidence": Entry(404, "There is no such evidence in this case.", _LIST),
    "evidence_erased": Entry(404, "The customer was erased, and the file with him.", "It cannot be had any more."),
    "evidence_missing": Entry(404, "The store has lost the file.", "The operator runs compensation audit --objects."),
    "evidence_store_away": Entry(503, "The store of files cannot be reached.", "Send it again with the same key."),
    "unknown_evidence_kind": Entry(400, "There is no such kind of evidence.", "Use one of those in `allowed`."),
    "file_needed": Entry(400, "The request is no form with a file.", "Send multipart/form-data with a field file."),
    "malformed_form": Entry(400, "The form cannot be read.", "Send well-formed multipart/form-data."),
    "file_too_large": Entry(
        422, "A file has more than 10 MB; 413 where that is plain before it is read.", "Send a smaller one."
    ),
    "unknown_file_type": Entry(422, "The file is neither a picture nor a PDF.", "Send JPEG, PNG, WebP or PDF."),
    "unreadable_picture": Entry(422, "The picture is damaged or too large.", "Send another one."),
    "documents_missing": Entry(
        422, "The policy asks for papers that the case lacks.", "Add those in `documents`, or send without_documents."
    ),
    "dispute_open": Entry(
        422, "The customer disagrees and waits for an answer.", "Answer the dispute first; he disagrees once at a time."
    ),
    "dispute_too_late": Entry(
        422, "The policy's days for disagreeing have passed.", "Report what is new as a case of its own."
    ),
    "dispute_answered": Entry(409, "The dispute has its answer.", _READ_AGAIN),
    "already_answered": Entry(
        422, "A second person has answered him on this decision.", "Read the dispute; a new decision can be disputed."
    ),
    "unknown_dispute": Entry(404, "The case has no such dispute.", _LIST),
    "decided_before": Entry(
        403, "Whoever decided does not answer for it.", "Name an agent who had no part in the decision."
    ),
    "nothing_to_change": Entry(
        400, "The outcome and what came with it do not fit.", "`upheld` takes neither facts nor a further case."
    ),
    "unfit_case": Entry(400, "No case of this customer since he disagreed.", "Report one, and name it."),
    "further_case_needed": Entry(
        422, "What was issued stays.", "Report what is to be added as a case of its own and name it in further_case."
    ),
    "words_needed": Entry(400, "There are no words to be read.", "Write what the customer says."),
    "inspection_not_stated": Entry(
        400, "A report says that goods were inspected.", "Open the case without it, then keep an inspection."
    ),
    "inspection_needed": Entry(
        422, "The policy wants the goods inspected first.", "Keep an inspection of the case, then choose."
    ),
    "not_the_inspector": Entry(403, "Customers do not inspect goods.", "Have somebody inspect them who receives them."),
    "no_goods": Entry(422, "The case is about no order.", "Inspect goods in the case of their order."),
    "broken_goods": Entry(422, "Goods of grade D may not be sold again.", "Choose repair or dispose."),
    "unknown_item": Entry(400, "The checklist has no such item.", "Read GET /v1/inspection-checklists."),
    "items_left_out": Entry(400, "An item of the checklist is left out or stands twice.", "Name each of `items` once."),
    "unknown_accessory": Entry(400, "The checklist has no such accessory.", "Read GET /v1/inspection-checklists."),
    "too_much_evidence": Entry(422, "The case has 20 pieces of evidence.", "Put several papers into one PDF."),
    # setting up
    "brand_words_missing": Entry(400, "A brand lacks words that show.", "Give them in at least one language."),
    "invalid_sender": Entry(400, "The sender is not one address.", "Write one plain e-mail address."),
    "invalid_site": Entry(400, "The site is not a host name.", "Write it like shop.example."),
    "bad_document": Entry(400, "A catalogue document is wrong.", "`line` and `reason` say where and why."),
    "invalid_webhook_url": Entry(
        400, "We would never call this address.", "Write an https address of a public host, as `detail` says."
    ),
    "too_many_endpoints": Entry(422, "There are as many webhook endpoints as there may be.", "Remove one first."),
    # letters
    "letter_incomplete": Entry(422, "A letter lacks something it must say.", "`field` names it."),
    "link_revoked": Entry(422, "The link of the letter was revoked.", "Send the letter anew."),
    # us
    "unavailable": Entry(
        503, "The database cannot be reached.", "Nothing was decided. Send the same request with the same key again."
    ),
    "unknown_product": Entry(400, "There is no such product.", "GET /v1/products lists them."),
    "not_sold": Entry(422, "The product is not sold at this value.", "Take a value out of `sold`."),
    "no_supplier": Entry(422, "Cards of other brands cannot be ordered here.", "The operator sets a supplier."),
    "code_needed": Entry(400, "The supplier gave us no code of this card.", "Send code and supplier_order."),
    "code_taken": Entry(422, "Another reward has this code or order.", "Send those of this card."),
    "supplier_unavailable": Entry(503, "The supplier cannot be reached.", "We try again by ourselves."),
    "supplier_unknown": Entry(
        503, "The supplier's answer is not known.", "We look it up by ourselves and never buy twice."
    ),
    "payments_unavailable": Entry(503, "The payment processor cannot be reached.", "We try again by ourselves."),
    "refund_unknown": Entry(
        503, "The processor's answer is not known.", "We look it up by ourselves and never pay twice."
    ),
    "wrong_key": Entry(
        503, "The operator's payment key does not fit this merchant.", "The operator sets one that does."
    ),
    "no_payment_processor": Entry(503, "No payment processor is set.", "The operator sets one; nothing was paid."),
    "mail_not_taken": Entry(503, "The mail server does not take the letter now.", "We try again by ourselves."),
    "internal": Entry(500, "A fault of ours.", "Tell us the `reference`: it finds the fault in our log."),
    # files of orders
    "unsupported_media_type": Entry(
        415, "A body of this type is not read here.", "Send text/csv, application/json or application/x-ndjson."
    ),
    "wrong_encoding": Entry(400, "The file is not UTF-8.", "Save it as CSV UTF-8 and upload it again."),
    "unreadable_file": Entry(400, "The file breaks off or breaks its format.", "Mend the line that is named."),
    "empty_file": Entry(400, "The file has no lines to issue.", "Add a line for each reward."),
    "too_many_lines": Entry(400, "A file has at most 100,000 lines.", "Send the rest in another file."),
    "no_columns": Entry(400, "The first line names no columns.", "Begin with key,kind,amount,currency."),
    "unknown_column": Entry(400, "The first line names a column we do not know, or one twice.", "Remove it."),
    "missing_column": Entry(400, "A column that every file needs is not there.", "Add it to the first line."),
    "unknown_import": Entry(404, "There is no such import.", _LIST),
    "other_lines": Entry(409, "The import does not have as many lines as you say.", "Look at it again."),
    "own_line": Entry(403, "A line of the file is for whoever approves it.", "Have somebody else approve it."),
    "may_not_see_links": Entry(403, "This role may not see links or codes.", "Download the result without them."),
    "not_issued_yet": Entry(422, "The import has no result yet.", "Wait for the event import.issued."),
}
