//! One table of cases, run over every timer.
//!
//! A case is a function that is generic over a [`Factory`](factory::Factory); each is named after the promise (c1…) or
//! the lesson (l1…) that it pins. The last module runs the table over timers that are wrong on purpose.

// Miri runs over some of the factories only.
#![cfg_attr(miri, allow(dead_code))]

#[path = "../support/mod.rs"]
mod support;

mod common;
mod contract;
mod factory;
mod lessons;
mod order;
mod storage;
mod turns;
mod values;
mod wrong_timers;

/// Hands the table of cases to a macro.
macro_rules! with_cases {
    ($then:ident!($($arguments:tt)*)) => {
        $then! { $($arguments)*
            contract::c1_never_early;
            contract::c1_never_before_soft;
            contract::c2_at_most_a_tick_late;
            contract::c2_at_most_slack_and_a_tick_late;
            contract::c4_each_leaves_once;
            contract::c5_stale_ids_do_nothing;
            contract::c5_live_ids_stay_good;
            contract::c5_no_id_is_given_out_twice;
            contract::c6_next_expiry_is_never_too_late;
            contract::c6_next_expiry_is_exact_where_nothing_is_stale;
            contract::c6_a_stale_answer_costs_one_empty_turn;
            contract::c6_sleeping_until_next_turn_serves_every_timer;
            contract::c7_any_deadline_works;
            contract::c7_overdue_fires_in_the_next_turn;
            contract::c7_overdue_fires_whatever_its_slack;
            contract::c7_overdue_never_fires_in_the_turn_under_way;
            contract::c7_the_end_of_time_leaves_nothing;
            contract::c8_a_budget_is_kept_and_the_rest_comes_first;
            contract::c8_a_turn_after_a_long_gap_keeps_its_budget;
            contract::c9_down_to_none_leaves_nothing_to_do;
            order::c3_by_expiry_then_by_arming;
            order::c3_from_whatever_distance_they_were_armed;
            order::c3_earlier_counts_as_arming;
            order::c3_the_same_tick_changes_nothing;
            order::c3_the_same_tick_by_way_of_slack_changes_nothing;
            order::c3_later_leaves_the_others_in_order;
            order::c3_holds_over_a_long_random_run;
            lessons::l1_the_slot_that_holds_now;
            lessons::l1_every_ring_position;
            lessons::l1_every_edge_from_every_ring_position;
            lessons::l2_long_durations;
            lessons::l3_no_sentinel_in_the_range_of_ticks;
            lessons::l8_a_cancelled_value_is_gone_at_once;
            lessons::l9_a_clock_that_runs_backwards;
            lessons::l10_an_hours_gap;
            lessons::l11_a_stale_id_never_hits_a_new_timer;
            lessons::l12_what_is_told_is_what_happens;
            lessons::l14_arming_itself_cannot_loop;
            turns::a_turn_is_an_iterator;
            turns::c4_a_turn_dropped_early_loses_nothing;
            turns::c7_a_turn_may_change_every_timer;
            turns::c8_a_turn_within_a_budget;
            turns::c8_a_spent_budget_hands_out_nothing;
            turns::expire_gives_the_container_to_its_handler;
            turns::expire_until_stops_when_out_of_time;
            turns::a_dyn_timer_has_every_call;
            storage::with_max_timers_gives_the_value_back;
            storage::clear_leaves_a_timer_that_works;
            storage::draining_leaves_a_timer_that_works;
            storage::shrink_and_reserve_change_nothing_that_is_seen;
            storage::a_sibling_has_the_settings_and_no_timers;
            storage::for_each_meets_every_timer_once;
            storage::get_mut_changes_the_value;
            values::c4_every_value_is_dropped_once;
            values::c4_a_zero_sized_value;
            values::c4_a_boxed_value;
            values::c4_values_that_own_the_container_of_others;
        }
    };
}

macro_rules! tests_of {
    ($suite:ident, $factory:ty; $($module:ident::$case:ident;)*) => {
        mod $suite {
            use crate::factory::*;

            $(
                #[test]
                fn $case() {
                    crate::$module::$case::<$factory>();
                }
            )*
        }
    };
}

/// The table as a value: each case's name and the case, over one factory.
macro_rules! table_of {
    ($factory:ty; $($module:ident::$case:ident;)*) => {
        [$( (stringify!($case), crate::$module::$case::<$factory> as fn()) ),*]
    };
}

// Under Miri one of each kind is enough: they differ in numbers.
#[cfg(not(miri))]
with_cases!(tests_of!(wheel_nanosecond, Wheel<Nanosecond>;));
#[cfg(not(miri))]
with_cases!(tests_of!(wheel_microsecond, Wheel<Microsecond>;));
with_cases!(tests_of!(wheel_millisecond, Wheel<Millisecond>;));
#[cfg(not(miri))]
with_cases!(tests_of!(wheel_four_milliseconds, Wheel<FourMilliseconds>;));
#[cfg(not(miri))]
with_cases!(tests_of!(wheel_second, Wheel<Second>;));
#[cfg(not(miri))]
with_cases!(tests_of!(small_wheel_nanosecond, SmallWheel<Nanosecond>;));
with_cases!(tests_of!(small_wheel_millisecond, SmallWheel<Millisecond>;));
with_cases!(tests_of!(heap, Heap;));
#[cfg(not(miri))]
with_cases!(tests_of!(recorded_wheel, RecordedWheel;));
#[cfg(not(miri))]
with_cases!(tests_of!(boxed_wheel, Boxed<Wheel<Millisecond>>;));
#[cfg(not(miri))]
with_cases!(tests_of!(boxed_heap, Boxed<Heap>;));
#[cfg(not(miri))]
with_cases!(tests_of!(sorted_map, SortedMap<Millisecond>;));

use {table_of, with_cases};
