"""The audit is silent on sound books and names the row when one has been tampered with."""

import asyncpg
import pytest

from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.audit import LAWS, audit
from compensation.db.unit import Doorway
from compensation.redemption.capture import Capture, capture
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.hold import Hold, PlaceHold, hold
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.reissue import Reissue, reissue
from compensation.redemption.void import Void, void
from tests.shop import buy_card, make_program

# What somebody with the owner's password and ill will might do; the first words silence triggers and foreign keys.
QUIET = "SET session_replication_role = replica; "
CASE = """
  INSERT INTO cases (merchant_id, id, program_id, customer_id, state, channel, country, locale, reason_code, harms,
    severity, currency, owed, goodwill, report, in_review, chosen, chosen_by, answer_due, created_at, updated_at)
  SELECT merchant_id, 'case_x', program_id, 'cus_x', 'issued', 'api', 'DE', 'en', 'defect',
    '{material.defective_product}', 'low', 'EUR', 0, 0, '', false, 'credit', 'key_x', created_at, created_at, created_at
  FROM orders LIMIT 1; """
APPROVAL = """ALTER TABLE approvals DROP CONSTRAINT maker_is_not_checker;
  INSERT INTO approvals SELECT merchant_id, 'appr_x', 'case_x', 'credit', 'agt_x', created_at, 'approved', 'agt_x',
  created_at FROM orders LIMIT 1"""
POLICY = """INSERT INTO policies (merchant_id, id, code, version, family, state, text, hash, valid_from, written_by,
    written_at, published_by, published_at)
  SELECT id, 'pol_' || n, 'default', n, 'default', 'published', '', repeat('0', 64), now(), 'agt_x', now(), {by}, now()
  FROM merchants, unnest(ARRAY[1, 3]) AS n"""
IMPORT = (
    QUIET
    + """
  INSERT INTO imports SELECT merchant_id, 'imp_x', '{state}', 'f', 'csv', '', 1, 0,
    '[{{"amount": {{"amount": 1}}, "bonus": {{"amount": 0}}}}]', 'agt_x', created_at, 'agt_y', created_at, true, NULL,
    created_at FROM orders LIMIT 1;
  INSERT INTO import_lines SELECT merchant_id, 'imp_x', 2, 'k', 'ord_x', program_id, NULL, 'gift_card', 'EUR', 1, 0,
    NULL, 60, 'k' FROM orders LIMIT 1;
  INSERT INTO import_chunks SELECT merchant_id, 'imp_x', 1, 2, 2, 1, NULL FROM orders LIMIT 1; """
)
EARNING = """
  INSERT INTO earnings (merchant_id, id, customer_id, reference, points, taken_back, state, expires_at, created_by,
    created_at, updated_at)
  SELECT merchant_id, 'ern_x', 'cus_x', 'A-1', 50, 20, 'pending', created_at, 'key_x', created_at, created_at
  FROM orders LIMIT 1"""
AGENT = """INSERT INTO agents (merchant_id, id, person, password, role, created_at, own_hashes)
  SELECT merchant_id, 'agt_x', '', '', 'agent', created_at, '{aa}' FROM orders LIMIT 1; """
GRANT = """INSERT INTO grants SELECT merchant_id, 'grt_x', 'case_x', program_id, 'cus_x', 'agt_x', 'agt_x', '', 'alone',
  'EUR', 50_00, 10_00, created_at FROM orders LIMIT 1; """
LIMIT = """INSERT INTO authority_limits SELECT merchant_id, 'lim_x', 'customer', '', NULL, 'EUR', 30, 1_00, 'agt_x',
  created_at - interval '1 day' FROM orders LIMIT 1; """
READ_EARLY = (
    POLICY.format(by="'agt_y'")
    + """; SET session_replication_role = replica;
  INSERT INTO policy_readings SELECT id, 'pol_1', 'agt_x', now() - interval '1 day' FROM merchants"""
)
INSPECTION = """
  INSERT INTO inspections (merchant_id, id, case_id, category, items, missing, grade, acceptable, disposition,
    inspected_by, at)
  SELECT merchant_id, 'ins_x', 'case_x', 'default', '[{"code": "works", "well": true}]', '{}', 'D', false, 'restock',
    'agt_x', created_at FROM orders LIMIT 1; """
ANSWERED = """
  INSERT INTO disputes SELECT merchant_id, 'dsp_x', 'case_x', 'evt_x', 'cus_x', created_at,
    created_at + interval '7 days', 'upheld', NULL, 'agt_x', created_at + interval '1 day' FROM orders LIMIT 1; """
HEARD = """
  INSERT INTO case_events SELECT merchant_id, 'case_x', 'evt_h', '{what}', '{actor}', '{note}', NULL, {when}
  FROM orders LIMIT 1; """
OFFER = """
  INSERT INTO offers SELECT merchant_id, 'case_x', 1, 'credit', '{offer}' FROM orders LIMIT 1; """
EVIDENCE = """
  INSERT INTO evidence SELECT merchant_id, 'evd_x', '{case}', '{customer}', 1, '{kind}', 'image/png', 1,
    decode(repeat('00', 32), 'hex'), '{{}}', '', 'key_x', created_at FROM orders LIMIT 1; """
BOUGHT = """ALTER TABLE rewards DROP CONSTRAINT issued_by_its_supplier;
  UPDATE rewards SET kind = 'product_card', terms = '{"supplier": "main"}'; """
PROMISE = """
  INSERT INTO goodwill_promises SELECT merchant_id, 'gwp_x', 'case_x', 'cus_x', 'EUR', 5, created_at, {most}, {since},
    created_at FROM orders LIMIT 1; """
TAMPERING = {
    "nobody has read a policy before it was published": READ_EARLY,
    "over a merchant and an asset all balances add up to zero": """
        UPDATE accounts SET balance = balance + 1 WHERE role = 'sales'""",
    "every balance equals its postings": "UPDATE accounts SET balance = balance + 1 WHERE role = 'card'",
    "no account is below zero but those that stand for the merchant's own means": """
        ALTER TABLE accounts DROP CONSTRAINT no_overdraft; UPDATE accounts SET balance = -1 WHERE role = 'sales'""",
    "every transfer has postings": QUIET + "DELETE FROM postings",
    "every posting is part of a transfer, between two accounts that are there": QUIET
    + "DELETE FROM accounts WHERE role = 'card'",
    "every reward is part of an order, every order of a program, every account and link of a merchant": QUIET
    + "DELETE FROM orders",
    "stored value is backed: what is left on a reward, is held, was spent or went on is all that came to it": """
        UPDATE rewards SET bonus = 5""",
    "what is left on a reward, or held, fits its state": """
        UPDATE rewards SET state = 'redeemed' WHERE state <> 'voided'""",
    "a hold keeps all it holds until it ends, and nothing afterwards": """
        UPDATE holds SET amount = amount + 1 WHERE state = 'held'""",
    "no value is held but by a hold": QUIET + "DELETE FROM holds WHERE state = 'held'",
    "never more captured than was held, from the card that it was held on": """
        UPDATE holds SET amount = 1 WHERE state = 'captured'""",
    "money on its way back is owed until the processor says it has gone": "UPDATE rewards SET kind = 'refund'",
    "each use of value has its transfer, for the same sum": """
        INSERT INTO redemptions SELECT merchant_id, 'red_x', reward_id, 'redeem', NULL, 3, asset, 0, '', actor, at
        FROM redemptions LIMIT 1""",
    "what was paid out of a card was all that was left, no more than its law allows, and is owed to its holder": QUIET
    + "UPDATE transfers SET kind = 'cash_out' WHERE kind = 'redeem'",
    "never more given back than was spent": """
        INSERT INTO redemptions SELECT merchant_id, 'red_x', reward_id, 'return', id, 50_00, asset, 0, '', actor, at
        FROM redemptions WHERE kind = 'redeem' LIMIT 1""",
    "a budget was spent on what it issued and did not take back, and on nothing else": """
        UPDATE rewards SET budget = budget + 1""",
    "a payment from several cards is what they gave and what was due besides": """
        INSERT INTO tenders SELECT merchant_id, 'tnd_x', 3, 1, asset, ARRAY[id], '', actor, at FROM redemptions
        LIMIT 1""",
    "a correction moved what it says": QUIET + "UPDATE corrections SET amount = amount + 1",
    "what was replaced or merged names where its value went, and keeps nothing": """
        UPDATE rewards SET moved_to = NULL WHERE moved_to IS NOT NULL""",
    "every lot of a card is good for as long as the card, which is as long as it was ever told": """
        UPDATE rewards SET expires_at = expires_at + interval '1 day'""",
    "an order has ended when its rewards have, and a case when its order has": (
        QUIET + "UPDATE orders SET state = 'issuing'"
    ),
    "nothing that replaces a sum owed was issued without recorded consent": QUIET
    + CASE
    + """
        INSERT INTO offers SELECT merchant_id, 'case_x', 1, 'credit', '{"consent": "express"}' FROM orders LIMIT 1""",
    "nothing whose law asks for a signature was issued without a signed agreement": QUIET
    + CASE
    + """
        INSERT INTO offers SELECT merchant_id, 'case_x', 1, 'credit', '{"consent": {"form": "signed"}}' FROM orders
        LIMIT 1;
        INSERT INTO consents SELECT merchant_id, 'cons_x', 'case_x', 'credit', 'I agree', '', 'en', 'key_x', created_at
        FROM orders LIMIT 1""",
    "no offer puts anything in the place of what is owed without asking for a consent that the law allows": QUIET
    + """
        ALTER TABLE offers DROP CONSTRAINT substitutes_ask_for_consent;
        INSERT INTO offers SELECT merchant_id, 'case_x', 1, 'credit', '{"consent": null, "lines":
          [{"part": "owed", "settles": ["order"], "terms": {"kind": "store_credit"}}]}' FROM orders LIMIT 1""",
    "what was chosen is one of the offers of its case": QUIET + CASE,
    "every decided case has a receipt": QUIET + CASE,
    "whoever asked for an approval did not give it": QUIET + APPROVAL,
    "a file is what it says: its lines add up to what was approved, and its chunks hold each of them": (
        IMPORT.format(state="approved") + "UPDATE import_lines SET amount = 2"
    ),
    "a line of a file is issued exactly once, when its chunk is, for what it says": (
        IMPORT.format(state="approved") + "UPDATE import_chunks SET issued_at = now()"
    ),
    "an order that a file issued is one of its lines": (
        IMPORT.format(state="approved") + "UPDATE orders SET created_by = 'import:imp_x'"
    ),
    "a file sets aside what was approved, and gives it back when it is called off": IMPORT.format(state="approved"),
    "whoever uploaded a file approved it by himself only where he may decide on that much": (
        IMPORT.format(state="approved")
        + """ALTER TABLE imports DROP CONSTRAINT maker_is_not_checker;
        UPDATE imports SET alone = false, approved_by = created_by"""
    ),
    "a card of another brand was ordered under its own id, once, and has its supplier's order and code when issued": (
        BOUGHT
    ),
    "a card of another brand is promised from its budget until it is issued, then owed to its supplier, no dearer": (
        BOUGHT + "UPDATE rewards SET partner_id = id"
    ),
    "nothing is owed to a supplier but for a card that he gave": """
        INSERT INTO accounts (merchant_id, id, balance, opened_at)
        SELECT merchant_id, 'supplier_payable:main:EUR:' || id, 5, created_at FROM rewards LIMIT 1""",
    "no work is dead": """
        INSERT INTO outbox (merchant_id, id, topic, subject_id, created_at, due_at, ended, ended_at)
        SELECT id, 'out_x', 'send', 'dlv_x', now(), now(), 'dead', now() FROM merchants""",
    "a reversal is the exact opposite of what it undoes": QUIET
    + """
        UPDATE transfers SET kind = 'reversal', reverses = (SELECT max(id) FROM transfers WHERE kind = 'issue')
        WHERE kind = 'redeem'""",
    "each use of points has its transfer, for as many points": QUIET
    + """
        INSERT INTO points_uses SELECT merchant_id, 'ptu_x', 'cus_x', 'spend', 5, 0, 0, NULL, NULL, NULL, '', 'key_x',
          created_at FROM orders LIMIT 1""",
    "what a purchase earned was posted once, and waits, can be spent or has expired as its state says": QUIET + EARNING,
    "what refunds took back of a purchase's points is written down, the shortfall too": QUIET + EARNING,
    "a piece of evidence is sealed for the customer of its case": QUIET
    + CASE
    + EVIDENCE.format(case="case_x", customer="cus_y", kind="receipt"),
    "nobody was promised more goodwill over a period than his policy allows one customer": QUIET
    + "ALTER TABLE goodwill_promises DROP CONSTRAINT goodwill_promises_check1; "
    + PROMISE.format(most=4, since="created_at"),
    "what is chosen is promised, for the goodwill that it gives, and what is not chosen is not": QUIET
    + CASE
    + PROMISE.format(most="NULL", since="NULL"),
    "what a policy wants inspected first was taken after it passed, or with a second person's word": QUIET
    + CASE
    + OFFER.format(offer='{"inspection": "missing"}'),
    "what a policy asks papers for was taken with them, or with a second person's word": QUIET
    + CASE
    + OFFER.format(offer='{"documents": ["photo", "receipt"]}')
    + EVIDENCE.format(case="case_x", customer="cus_x", kind="photo"),
    "nobody graded what he sent back himself, and nothing broken went back on the shelf": QUIET
    + "ALTER TABLE inspections DROP CONSTRAINT inspections_check; "
    + INSPECTION,
    "a case that was called off or rejected holds nothing of a budget": QUIET
    + CASE
    + """UPDATE cases SET state = 'cancelled' WHERE id = 'case_x';
      INSERT INTO transfers SELECT merchant_id, 'tr_x', 'reserve', 'case_x', NULL, 'key_x', created_at, created_at
      FROM orders LIMIT 1""",
    "a case that was called off says why in its history": QUIET
    + CASE
    + "UPDATE cases SET state = 'cancelled' WHERE id = 'case_x'",
    "a dispute was answered by somebody who had no part in the decision": QUIET
    + ANSWERED
    + HEARD.format(what="approved", actor="agt_x", note="", when="created_at - interval '1 hour'"),
    "a dispute stands in the history of its case, as does its answer": QUIET + ANSWERED,
    "no case was ended while its customer waited for the answer to his disagreement": QUIET
    + ANSWERED
    + HEARD.format(what="closed", actor="agt_y", note="", when="created_at + interval '1 hour'"),
    "what a dispute adds to an issued case is a later case of the same customer": QUIET
    + CASE
    + ANSWERED
    + "UPDATE disputes SET outcome = 'decided_anew', further_case = 'case_y'",
    "an inspection stands in the history of its case": QUIET + INSPECTION.replace("restock", "dispose"),
    "an inspection is shown by files of its own case": QUIET
    + INSPECTION.replace("restock", "dispose")
    + EVIDENCE.format(case="case_y", customer="cus_x", kind="photo")
    + """
        INSERT INTO inspection_evidence SELECT merchant_id, 'ins_x', 'evd_x' FROM orders LIMIT 1""",
    "no merchant has more than sixteen endpoints": QUIET
    + """
        INSERT INTO webhook_endpoints (merchant_id, id, url, types, secret, created_at)
        SELECT merchant_id, 'whe_' || n, 'https://till.example/' || n, '{}', '', created_at
        FROM (SELECT * FROM orders LIMIT 1) AS o, generate_series(1, 17) AS n""",
    "no policy was published by whoever wrote it, and none stands where it may not": (
        "ALTER TABLE policies DROP CONSTRAINT maker_is_not_checker; " + POLICY.format(by="'agt_x'")
    ),
    "the versions of a policy are numbered one after the other": POLICY.format(by="'agt_y'"),
    "a simulation that is done has seen every case it was to go through": POLICY.format(by="'agt_y'")
    + """;
        INSERT INTO simulations SELECT merchant_id, 'sim_x', 'pol_1', 'done', 'past', 2, 2, NULL, '{"seen": 1}',
          'agt_x', now(), now() FROM policies WHERE id = 'pol_1'""",
    "a policy in the shadow changed nothing: what it decided is of cases that another decided": QUIET
    + CASE
    + """
        INSERT INTO shadow_decisions SELECT merchant_id, 'pol_x', id, 'EUR', 'a', 'a', 0, 0, 0, 0, 0, 0, false,
          created_at - interval '1 day' FROM cases""",
    "events are numbered without a gap": """
        INSERT INTO event_numbers SELECT id, 2 FROM merchants;
        INSERT INTO events SELECT id, 2, 'evt_x', 'order.issued', 'ord_x', '{}', now() FROM merchants""",
    "nobody granted more to a customer in 30 days than he may have at once": QUIET + AGENT + GRANT,
    "no grant passed a limit that was in force": QUIET + LIMIT + GRANT,
    "nobody granted anything to himself": QUIET
    + AGENT
    + GRANT
    + """
        INSERT INTO customers (merchant_id, id, email_hash, locale, country, tier, created_at)
        SELECT merchant_id, 'cus_x', 'aa', 'en', 'DE', '', created_at FROM orders LIMIT 1""",
    "whatever was accepted was granted by somebody, for what it is worth": QUIET
    + CASE
    + """
        UPDATE cases SET created_at = now() + interval '1 day';
        INSERT INTO offers SELECT merchant_id, 'case_x', 1, 'credit', '{"value": {"amount": 5}}' FROM orders LIMIT 1""",
    "who decided in another's place was lent his authority at that time, and not by the maker": QUIET
    + """
        INSERT INTO approvals (merchant_id, id, case_id, offer_key, asked_by, asked_at, verdict, decided_by, decided_at,
          on_behalf_of)
        SELECT merchant_id, 'appr_x', 'case_x', 'credit', 'agt_x', created_at, 'approved', 'agt_y', created_at, 'agt_z'
        FROM orders LIMIT 1""",
    "what was approved over a budget was funded by a transfer of its own, for what was missing": QUIET
    + """
        INSERT INTO budget_escalations
        SELECT o.merchant_id, 'esc_x', 'case_x', o.program_id, t.id, 'EUR', 1, 'agt_x', t.event_at
        FROM orders AS o, transfers AS t WHERE t.kind = 'issue' LIMIT 1""",
    "a budget that ran low was told of": """
        INSERT INTO budget_periods
        SELECT merchant_id, program_id, 'EUR', 'trf_x', 100, 50, created_at FROM orders LIMIT 1
        ON CONFLICT (merchant_id, program_id, currency) DO UPDATE SET alerted = 50""",
}


async def _used_shop(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> None:
    await make_program(owner, door, merchant, Money(1000_00, "EUR"))
    _, code = await buy_card(door, merchant, Money(100_00, "EUR"), Money(10_00, "EUR"))
    spend = Spend(code=code, amount=Money(50_00, "EUR"))
    use = (await door.write_together(redeem, merchant, spend)).read(Redemption)
    await door.write(give_back, merchant, GiveBack(redemption_id=use.id, amount=Money(20_00, "EUR")))
    place = PlaceHold(code=code, amount=Money(5_00, "EUR"))
    await door.write(hold, merchant, place)
    held = (await door.write(hold, merchant, place)).read(Hold)
    await door.write(capture, merchant, Capture(hold_id=held.id, amount=Money(3_00, "EUR")))
    lost, _ = await buy_card(door, merchant, Money(20_00, "EUR"))
    await door.write(reissue, merchant, Reissue(reward_id=lost.rewards[0].id, reason="lost"))
    wrong, _ = await buy_card(door, merchant, Money(20_00, "EUR"))
    await door.write(void, merchant, Void(reward_id=wrong.rewards[0].id, reason="error"))


async def test_sound_books_pass(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> None:
    await _used_shop(owner, door, merchant)
    assert await audit(owner) == {}


@pytest.mark.parametrize("law", TAMPERING)
async def test_each_law_names_the_row_that_breaks_it(
    law: str, owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    await _used_shop(owner, door, merchant)
    await owner.execute(TAMPERING[law])
    broken = await audit(owner)
    assert broken[law][0]["merchant_id"] == merchant.merchant_id
    assert law in {each.says for each in LAWS}


def test_every_law_is_tried() -> None:
    assert set(TAMPERING) == {law.says for law in LAWS}
