"""What no tool breaks well: predicates in SQL, and comparisons that decide about somebody's money, one at a time.

Each says in which file, what stands there, what stands there when broken, and the test that must fail then.
"""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Break(NamedTuple):
    file: str
    sound: str
    broken: str
    test: str
    """``file::test``, both without the ``test_`` that each begins with, and the file under ``tests``."""

    @property
    def node(self) -> str:
        """How pytest calls the test."""
        path, _, name = self.test.partition("::")
        room, _, file = path.rpartition("/")
        return f"tests/{room}/test_{file}.py::test_{name}"

    def apply(self, source: Path) -> None:
        """Break the copy of our source that lies in ``source``. Raises ValueError where there is nothing to break."""
        path = source / "compensation" / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.sound) != 1:
            raise ValueError(f"{self.file} does not say once: {self.sound}")
        path.write_text(text.replace(self.sound, self.broken), encoding="utf-8")


_VALUE = "redemption/sql.py"
_BOOKS = "ledger/sql.py"
_REPEAT = "ledger/doorway::a_repeat_is_never_answered_by_what_its_own_first_success_changed"

BREAKS = [
    # What may be spent, and until when.
    Break(
        "redemption/card.py",
        'at < row["expires_at"])',
        'at <= row["expires_at"])',
        "redemption/to_the_moment::a_card_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        "redemption/card.py",
        'RewardState(row["state"]).spendable and (',
        "(",
        "redemption/cards::a_state_that_is_not_for_spending_is_not_spent_from_whatever_lies_there",
    ),
    Break(
        "redemption/redeem.py",
        "elif left < ask.what.amount.amount:",
        "elif left < 0:",
        "redemption/cards::another_currency_and_too_large_a_sum_are_refused_with_what_would_work",
    ),
    Break(
        "redemption/redeem.py",
        'elif card["asset"] != ask.what.amount.currency:',
        "elif False:",
        "redemption/cards::another_currency_and_too_large_a_sum_are_refused_with_what_would_work",
    ),
    Break(
        _VALUE,
        "AND role = 'card'\nORDER BY owner_id, expires_at NULLS LAST, lot DESC",
        "AND role = 'card'\nORDER BY owner_id, expires_at NULLS LAST, lot",
        "redemption/cards::the_bonus_is_its_own_line_and_is_spent_after_the_principal",
    ),
    Break(
        _VALUE,
        "ORDER BY expires_at NULLS LAST, owner_id, lot DESC",
        "ORDER BY owner_id, lot DESC",
        "redemption/wallet_spend::what_expires_first_is_spent_first_and_each_part_goes_back_where_it_came_from",
    ),
    Break(
        _VALUE,
        "THEN 'partly_redeemed' ELSE s.state END",
        "THEN s.state ELSE s.state END",
        "redemption/holds::a_card_that_is_spent_beside_a_hold_is_used_up_only_when_the_hold_is",
    ),
    Break(
        _VALUE,
        'LOCK_BY_CODE = BY_CODE + "FOR NO KEY UPDATE"',
        "LOCK_BY_CODE = BY_CODE",
        "redemption/together::merging_both_ways_while_tills_spend_loses_and_makes_nothing",
    ),
    Break(
        "redemption/together.py",
        'if row["owner_id"] == reward_id) - part',
        "if True) - part",
        "redemption/wallet_spend::what_expires_first_is_spent_first_and_each_part_goes_back_where_it_came_from",
    ),
    Break(
        "redemption/wallet.py",
        "there - what.amount.amount, currency",
        "there, currency",
        "redemption/wallet_spend::what_expires_first_is_spent_first_and_each_part_goes_back_where_it_came_from",
    ),
    Break(
        _VALUE,
        "AND (expires_at IS NULL OR expires_at > $4)",
        "AND (expires_at IS NULL OR expires_at >= $4)",
        "redemption/to_the_moment::credit_in_a_wallet_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        _VALUE,
        "kind = 'store_credit' AND asset = $3\n",
        "kind = 'store_credit' AND $3 <> ''\n",
        "redemption/wallet_spend::too_much_another_currency_and_a_stranger_change_nothing",
    ),
    # What is given back.
    Break(
        _VALUE,
        "t.kind IN ('redeem', 'capture')",
        "t.kind IN ('redeem')",
        "redemption/holds::a_hold_takes_the_principal_first_and_a_return_puts_each_lot_back",
    ),
    Break(
        _VALUE,
        "NULL, -p.amount FROM redemptions AS r",
        "NULL, 0 FROM redemptions AS r",
        "redemption/cards::what_is_given_back_goes_to_the_card_and_never_exceeds_what_was_spent",
    ),
    Break(
        _VALUE,
        "HAVING sum(amount) > 0 ORDER BY min(line)",
        "HAVING sum(amount) > 0 ORDER BY min(line) DESC",
        "redemption/cards::what_is_given_back_in_part_goes_to_the_principal_first_and_a_return_is_no_use",
    ),
    Break(
        _VALUE,
        "WHEN split_part(name, '.', 2) = '' THEN reward_id",
        "WHEN true THEN reward_id",
        "redemption/corrections::a_reward_is_reissued_again_and_again_and_a_late_return_finds_the_last",
    ),
    Break(
        "redemption/give_back.py",
        'reward["expires_at"] <= at):',
        'reward["expires_at"] < at):',
        "redemption/to_the_moment::a_card_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        "redemption/give_back.py",
        'if reward["moved_to"] is None:',
        "if True:",
        "redemption/corrections::a_reissue_kills_the_old_code_and_carries_on_what_is_left",
    ),
    Break(
        "redemption/give_back.py",
        'and row["kind"] == "redeem":',
        ":",
        "redemption/cards::what_is_given_back_in_part_goes_to_the_principal_first_and_a_return_is_no_use",
    ),
    # Holds.
    Break(
        "redemption/hold.py",
        "if left < what.amount.amount:",
        "if False:",
        "redemption/holds::no_more_is_held_than_there_is_and_the_answer_says_how_much",
    ),
    Break(
        "redemption/hold.py",
        "timedelta(minutes=what.minutes)",
        "timedelta(hours=what.minutes)",
        "redemption/to_the_moment::a_hold_lasts_its_minutes_and_ends_at_the_last",
    ),
    Break(
        "redemption/hold.py",
        "part) for lot, part in take(lots, what.amount.amount)]",
        "part) for lot, part in take(lots, 1)]",
        "redemption/holds::what_is_held_is_spent_by_nobody_else_and_what_is_not_captured_comes_back",
    ),
    Break(
        "redemption/capture.py",
        'or at >= row["expires_at"]',
        'or at > row["expires_at"]',
        "redemption/to_the_moment::a_hold_lasts_its_minutes_and_ends_at_the_last",
    ),
    Break(
        "redemption/capture.py",
        'row["state"] != HoldState.held or at',
        "at",
        "redemption/holds::a_hold_is_captured_once_in_its_time_and_its_currency_and_never_beyond_itself",
    ),
    Break(
        "redemption/capture.py",
        'if amount.amount > row["amount"]:',
        "if False:",
        "redemption/holds::a_hold_is_captured_once_in_its_time_and_its_currency_and_never_beyond_itself",
    ),
    Break(
        "redemption/capture.py",
        '+ row["amount"] - amount.amount',
        "- amount.amount",
        "redemption/holds::what_is_held_is_spent_by_nobody_else_and_what_is_not_captured_comes_back",
    ),
    Break(
        _VALUE,
        "AND state = 'held' AND expires_at <= $2\nORDER",
        "AND state = 'held' AND expires_at < $2\nORDER",
        "redemption/to_the_moment::a_hold_lasts_its_minutes_and_ends_at_the_last",
    ),
    Break(
        _VALUE,
        "AND h.id = ANY($2) AND h.state = 'held' ORDER BY h.id",
        "AND h.id = ANY($2) ORDER BY h.id",
        "redemption/holds::of_capture_release_and_sweep_exactly_one_ends_a_hold",
    ),
    Break(
        _VALUE,
        "AND role = 'held' ORDER BY lot DESC",
        "AND role = 'held' ORDER BY lot",
        "redemption/holds::a_hold_takes_the_principal_first_and_a_return_puts_each_lot_back",
    ),
    # The end of validity.
    Break(
        _VALUE,
        "AND expires_at <= $2\n  AND NOT EXISTS",
        "AND expires_at < $2\n  AND NOT EXISTS",
        "redemption/to_the_moment::a_card_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        _VALUE,
        "state IN ('issued', 'partly_redeemed') AND expires_at <= $2",
        "state IN ('issued') AND expires_at <= $2",
        "redemption/to_the_moment::a_card_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        _VALUE,
        "AND h.reward_id = rewards.id AND h.state = 'held')",
        "AND h.reward_id = rewards.id AND h.state = 'none')",
        "redemption/holds::a_card_outlives_its_date_until_what_was_held_in_time_is_settled",
    ),
    Break(
        _VALUE,
        "AND NOT EXISTS (SELECT FROM transfers AS u WHERE u.merchant_id = $1 AND u.reverses = t.id)\n",
        "",
        "redemption/corrections::what_expired_twice_is_good_again_twice",
    ),
    Break(
        "redemption/extend.py",
        'what.until <= row["expires_at"] or',
        "",
        "redemption/to_the_moment::validity_reaches_ten_years_from_now_and_no_further",
    ),
    Break(
        "redemption/extend.py",
        "or what.until <= at:",
        ":",
        "redemption/to_the_moment::validity_reaches_ten_years_from_now_and_no_further",
    ),
    Break(
        "redemption/extend.py",
        "what.until > at + LONGEST",
        "False",
        "redemption/to_the_moment::validity_reaches_ten_years_from_now_and_no_further",
    ),
    # What is cancelled, taken back, replaced or paid out.
    Break(
        "redemption/void.py",
        "if at > until:",
        "if at >= until:",
        "redemption/to_the_moment::a_reward_is_voided_up_to_the_last_moment_of_its_window",
    ),
    Break(
        "redemption/void.py",
        "if at > until:",
        "if False:",
        "redemption/to_the_moment::a_reward_is_voided_up_to_the_last_moment_of_its_window",
    ),
    Break(
        "redemption/void.py",
        'if row["part"] == Part.owed:',
        "if False:",
        "redemption/corrections::what_is_owed_is_not_voided",
    ),
    Break(
        "redemption/void.py",
        'await unheld(tx, row["id"])\n',
        "\n",
        "redemption/corrections::a_void_waits_for_holds_and_keeps_to_the_window_of_the_program",
    ),
    Break(
        "redemption/clawback.py",
        "min(there, wanted), at",
        "wanted, at",
        "redemption/corrections::a_clawback_takes_what_is_there_and_records_what_is_not",
    ),
    Break(
        "redemption/clawback.py",
        "wanted - done.amount.amount",
        "0",
        "redemption/corrections::a_clawback_takes_what_is_there_and_records_what_is_not",
    ),
    Break(
        "redemption/clawback.py",
        'lot["origin"] == "owed")',
        'lot["origin"] != "owed")',
        "redemption/corrections::a_clawback_takes_goodwill_before_what_was_owed",
    ),
    Break(
        "redemption/clawback.py",
        'and not await tx.value(sql.IS_HELD, row["id"])',
        "",
        "redemption/corrections::a_clawback_leaves_what_is_held_to_the_sale_it_is_held_for",
    ),
    Break(
        _VALUE,
        "CASE kind WHEN 'redeem' THEN amount ELSE -amount END",
        "amount",
        "redemption/corrections::what_was_used_is_not_voided_until_all_of_it_came_back",
    ),
    Break(
        _VALUE,
        "JOIN line ON r.id = line.replaces",
        "JOIN line ON r.id = 'none'",
        "redemption/corrections::what_was_used_before_it_was_replaced_was_used",
    ),
    Break(
        "redemption/reissue.py",
        'row["expires_at"] <= at',
        'row["expires_at"] < at',
        "redemption/to_the_moment::a_card_is_good_until_its_date_and_not_at_it",
    ),
    Break(
        "redemption/cash_out.py",
        "0 < balance.amount <= most",
        "0 < balance.amount < most",
        "redemption/cash_out::of_a_card_exactly_at_the_limit_all_is_paid_out",
    ),
    Break(
        "redemption/cash_out.py",
        '0 < balance.amount <= most["amount"]',
        "0 < balance.amount",
        "redemption/cash_out::a_cent_too_much_is_not_paid_out_and_the_answer_says_how_much_is",
    ),
    Break(
        "redemption/cash_out.py",
        ' and balance.currency == most["currency"]',
        "",
        "redemption/cash_out::a_limit_in_one_currency_says_nothing_of_another",
    ),
    # The books.
    Break(
        _BOOKS,
        "balance = a.balance + d.delta",
        "balance = greatest(a.balance + d.delta, 0)",
        "ledger/doorway::no_account_goes_below_zero_and_nothing_is_written_when_it_would",
    ),
    Break(
        _BOOKS,
        "SET balance = a.balance + EXCLUDED.balance",
        "SET balance = EXCLUDED.balance",
        "ledger/doorway::one_key_has_one_effect_under_a_hundred_repeats",
    ),
    Break(
        _BOOKS,
        "AND created_at < $4\n",
        "AND created_at <= $4\n",
        "ledger/statements::a_journal_takes_its_first_moment_and_leaves_its_last",
    ),
    Break(
        _BOOKS,
        "(created_at, id) > ($2, $3)",
        "created_at > $2",
        "ledger/statements::a_journal_takes_its_first_moment_and_leaves_its_last",
    ),
    Break(
        _BOOKS,
        "AND reverses = $2 AND kind = 'reversal'",
        "AND reverses = $2 AND kind = ''",
        "ledger/reverse::of_thirty_who_undo_the_same_entry_one_does",
    ),
    Break(
        _BOOKS,
        "id = ANY($2) ORDER BY id FOR NO KEY UPDATE",
        "id = ANY($2) ORDER BY id",
        "ledger/reverse::of_thirty_who_undo_the_same_entry_one_does",
    ),
    Break("db/answers.py", "kept = not result.transient", "kept = True", "ledger/doorway::what_passes_is_not_kept"),
    # A repeat is found out by what it is refused for; a write waits for the one that changes the same table.
    Break("db/answers.py", "if unsure and await", "if not unsure and await", _REPEAT),
    Break("db/unit.py", "if look or not may_be_asked(error):", "if True:", _REPEAT),
    Break(
        "db/answers.py",
        '"idempotency_keys" in (error.context or "")',
        "True",
        "ledger/doorway::who_waits_for_a_key_hears_that_it_is_in_flight_and_for_anything_else_to_come_back",
    ),
    Break(
        "db/gather.py",
        "if not self._changed.isdisjoint(named):",
        "if False:",
        "ledger/doorway::writes_of_one_table_go_one_after_the_other_and_whoever_asks_sees_them",
    ),
    Break(
        "merchants/budget.py",
        "left * 100 <= self.size",
        "left * 100 < self.size",
        "cases/budgets::orders_that_pass_a_threshold_together_tell_it_once_whichever_process_they_came_to",
    ),
    Break(
        "db/answers.py",
        "kept.get(field) != own.get(field)",
        "False",
        "ledger/doorway::another_body_under_the_same_key_is_a_conflict_that_names_what_differs",
    ),
    Break(
        "db/sql.py",
        "WHERE merchant_id = $1 AND key = ANY($2)",
        "WHERE merchant_id = $1 AND key = ANY($2) AND outcome = 'done'",
        "ledger/doorway::a_refusal_leaves_nothing_but_its_answer",
    ),
    # Beside the rooms of value: who may grant, what counts, which law holds where.
    Break(
        "core/money.py",
        "if not 0 < self.amount <= MAX_AMOUNT:",
        "if not 0 <= self.amount <= MAX_AMOUNT:",
        "redemption/cards::nothing_less_than_nothing_and_too_much_are_no_sums",
    ),
    Break(
        "cases/sql.py",
        "$3 && ARRAY[email_hash, reference_hash]",
        "$3 && ARRAY[email_hash]",
        "cases/authority::nobody_grants_anything_to_himself_whoever_asks",
    ),
    Break(
        "cases/sql.py",
        "$3 && ARRAY[email_hash, reference_hash]",
        "$3 && ARRAY[reference_hash]",
        "cases/authority::nobody_grants_anything_to_himself_whoever_asks",
    ),
    Break(
        "cases/authority.py",
        "if actor == asked_by:",
        "if False:",
        "cases/second_person::nobody_decides_on_his_own_proposal",
    ),
    Break("cases/authority.py", "if one != asked_by]", "]", "cases/authority::no_chain_leads_back_to_the_maker"),
    Break(
        "cases/authority.py",
        "if one is person or not await is_himself(tx, one.id, asked.customer_id)]",
        "]",
        "cases/authority::nobody_grants_anything_to_himself_whoever_asks",
    ),
    Break(
        "imports/approve.py",
        "if what.lines != found.lines:",
        "if False:",
        "imports/issue::whoever_approves_must_have_seen_the_file",
    ),
    Break(
        "customers/entitlement.py",
        "(rank(span.tier), span is own)",
        "(span is own, rank(span.tier))",
        "customers/entitlement::what_counts_is_the_highest_that_runs_and_it_falls_back_at_its_end",
    ),
    Break(
        "customers/entitlement.py",
        "(rank(span.tier), span is own)",
        "(-rank(span.tier), span is own)",
        "customers/entitlement::what_counts_is_the_highest_that_runs_and_it_falls_back_at_its_end",
    ),
    Break(
        "points/sql.py",
        "state = 'released' AND expires_at > $3",
        "state = 'released' AND expires_at >= $3",
        "points/points::points_are_good_until_their_date_and_pending_until_theirs",
    ),
    Break(
        "points/sql.py",
        "AND release_at <= $2 AND expires_at > $2",
        "AND release_at < $2 AND expires_at > $2",
        "points/points::points_are_good_until_their_date_and_pending_until_theirs",
    ),
    Break(
        "points/sql.py",
        "state <> 'expired' AND expires_at <= $2 ORDER",
        "state <> 'expired' AND expires_at < $2 ORDER",
        "points/points::points_are_good_until_their_date_and_pending_until_theirs",
    ),
    Break(
        "engine/law.py",
        "pack.cash_out or () if rule.holds(region, on)",
        'pack.cash_out or () if rule.holds("", on)',
        "redemption/cash_out::the_rest_of_a_card_is_owed_as_money_and_the_books_add_up",
    ),
    Break(
        "web/address.py",
        "if found is None or not any(found in network for network in trusted):",
        "if found is None:",
        "web/address::whatever_a_caller_writes_he_is_counted_as_himself",
    ),
    Break(
        "web/address.py",
        "reversed(hops[-_MOST_HOPS:])",
        "hops[-_MOST_HOPS:]",
        "web/address::whatever_a_caller_writes_he_is_counted_as_himself",
    ),
    Break(
        "engine/standing.py",
        "policy.document.reaches(report)), key=_force",
        "True), key=_force",
        "engine/policy::a_policy_applies_within_its_time_and_scope",
    ),
    Break(
        "cases/evidence/look.py",
        "guesses[0] not in ACCEPTED",
        "False",
        "cases/evidence::what_is_not_what_it_must_be_is_refused",
    ),
]
