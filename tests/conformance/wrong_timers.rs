//! A check that cannot fail is none: the table of cases over timers that are wrong on purpose.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::factory::{Millisecond, SortedMap, with_fault};
use crate::support::reference::Fault;
use crate::{table_of, with_cases};

/// The names of the cases that a reference with this fault fails.
fn failures(fault: Fault) -> Vec<&'static str> {
    let cases = with_cases!(table_of!(SortedMap<Millisecond>;));
    let fails = |case: fn()| catch_unwind(AssertUnwindSafe(|| with_fault(fault, case))).is_err();
    // The long run takes its time where it finds nothing.
    let is_worth_it = |name: &str| fault == Fault::LastArmedFirst || !name.ends_with("long_random_run");
    cases.into_iter().filter(|(name, case)| is_worth_it(name) && fails(*case)).map(|(name, _)| name).collect()
}

/// For each fault, the start of the name of a case that must catch it.
fn caught_by(fault: Fault) -> &'static str {
    match fault {
        Fault::EarlyByATick => "c1_never_early",
        Fault::LateByATick => "c2_at_most_a_tick_late",
        Fault::LastArmedFirst => "c3_by_expiry_then_by_arming",
        Fault::LeftoversLast => "c8_a_budget_is_kept_and_the_rest_comes_first",
        Fault::FiresOneIdTwice => "l12_what_is_told_is_what_happens",
        Fault::LosesWhenFiring | Fault::LosesTheMovedLater | Fault::CancelForgets => "c4_each_leaves_once",
        Fault::GenerationIgnored => "l11_a_stale_id_never_hits_a_new_timer",
        Fault::ClearForgetsGenerations => "c5_no_id_is_given_out_twice",
        Fault::MovingMakesIdStale => "c5_live_ids_stay_good",
        Fault::NextExpiryTooLate | Fault::NextTurnAfterNextExpiry => "c6_next_expiry_is_never_too_late",
        Fault::StaleAnswerComesBack => "c6_a_stale_answer_costs_one_empty_turn",
        Fault::OverdueFiresAtOnce => "c7_overdue_never_fires_in_the_turn_under_way",
        Fault::OverdueWaits => "c7_overdue_fires_in_the_next_turn",
        Fault::FarIsLost | Fault::FarIsClamped | Fault::PanicsWhenFar => "l2_long_durations",
        Fault::LastTickIsASentinel => "l3_no_sentinel_in_the_range_of_ticks",
        Fault::BudgetIgnored => "c8_a_turn_within_a_budget",
        Fault::ClockRunsBack => "l9_a_clock_that_runs_backwards",
        Fault::SlotOfNowHidesNear => "l1_the_slot_that_holds_now",
        Fault::ExpiryNotUpdated => "l12_what_is_told_is_what_happens",
        Fault::LimitIgnored => "with_max_timers_gives_the_value_back",
        Fault::CancelKeepsValue => "l8_a_cancelled_value_is_gone_at_once",
    }
}

/// Every fault is caught by the case that is there for it.
#[test]
#[cfg_attr(miri, ignore = "the whole table for each of the faults")]
fn the_suite_catches_every_wrong_timer() {
    // The cases are expected to panic; what they say is of no interest here.
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name().is_some_and(|name| name.contains("catches_every_wrong_timer")) {
            return;
        }
        eprintln!("{info}");
    }));
    let mut missed = Vec::new();
    for fault in Fault::ALL {
        let failures = failures(fault);
        if !failures.contains(&caught_by(fault)) {
            missed.push((fault, failures));
        }
    }
    drop(std::panic::take_hook());
    assert!(missed.is_empty(), "wrong timers that passed the case meant for them, and what caught them: {missed:#?}");
}
