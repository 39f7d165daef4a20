//! Places through their lives: ids that go stale, generations that run out, pages given back.

use std::collections::HashSet;
use std::vec::Vec;

use super::{Arena, TimerId};

type Small = Arena<(), u32>;

fn arena() -> Small {
    Arena::new(1 << 20)
}

fn insert(arena: &mut Small, value: u32) -> TimerId {
    arena.insert(0, (), value).expect("there is room")
}

#[test]
fn l11_a_stale_id_finds_nothing() {
    let mut arena = arena();
    let id = insert(&mut arena, 7);
    assert_eq!(arena.find(id).map(|(.., value)| *value), Some(7));
    assert_eq!(arena.remove(id), Some((0, 7)));
    assert_eq!(arena.find(id), None);
    assert_eq!(arena.remove(id), None);
    let next = insert(&mut arena, 8);
    assert_eq!(next.index(), id.index(), "the place is used again");
    assert_eq!(arena.find(id), None);
    arena.check();
}

#[test]
fn l51_an_id_that_was_not_given_out_finds_nothing() {
    let mut arena = arena();
    let id = insert(&mut arena, 7);
    arena.remove(id);
    let coming = insert(&mut arena, 8);
    arena.remove(coming);
    for index in 0..40 {
        for generation in 1..9 {
            let id = TimerId::new(index, generation.try_into().unwrap());
            assert_eq!(arena.find(id), None, "{id:?}");
            assert_eq!(arena.remove(id), None, "{id:?}");
            assert!(arena.find_mut(id).is_none());
        }
    }
    arena.check();
}

#[test]
fn c5_a_place_is_retired_with_its_last_generation() {
    let mut arena = arena();
    arena.set_last_generation(3);
    let mut seen = HashSet::new();
    for round in 0..20 {
        let id = insert(&mut arena, round);
        assert!(seen.insert(id), "no id is given out twice");
        arena.remove(id);
        arena.check();
    }
    assert_eq!((arena.retired, arena.places), (6, Small::PAGE), "each place serves three timers");
}

#[test]
fn c5_shrinking_and_clearing_do_not_start_generations_anew() {
    let mut arena = arena();
    arena.set_last_generation(5);
    let mut seen = HashSet::new();
    for round in 0..300 {
        let ids: Vec<_> = (0..1 + round * 7 % 90).map(|n| insert(&mut arena, n)).collect();
        assert!(ids.iter().all(|id| seen.insert(*id)), "no id is given out twice");
        // Pages at the beginning, in the middle and at the end run empty.
        for (n, id) in ids.iter().enumerate().filter(|(n, _)| n / 32 % 3 == (round % 3) as usize) {
            assert_eq!(arena.remove(*id), Some((0, n as u32)));
        }
        arena.shrink_to_fit();
        arena.check();
        assert!(ids.iter().enumerate().all(|(n, id)| arena.find(*id).is_none_or(|(.., value)| *value == n as u32)));
        if round % 2 == 0 {
            drop(arena.clear());
            assert!(seen.iter().all(|id| arena.find(*id).is_none()), "every id is stale");
        } else {
            ids.iter().for_each(|id| _ = arena.remove(*id));
        }
        arena.check();
    }
}

#[test]
fn a_page_without_a_timer_is_given_back_wherever_it_lies() {
    let mut arena = arena();
    let ids: Vec<_> = (0..10 * Small::PAGE as u32).map(|n| insert(&mut arena, n)).collect();
    let kept = |n: usize| n / Small::PAGE == 4;
    ids.iter().enumerate().filter(|(n, _)| !kept(*n)).for_each(|(_, id)| _ = arena.remove(*id));
    arena.shrink_to_fit();
    arena.check();
    assert_eq!((arena.places, arena.pages.len()), (Small::PAGE, 5));
    assert!(ids.iter().enumerate().all(|(n, id)| arena.find(*id).is_some() == kept(n)));
    let new: Vec<_> = (0..9 * Small::PAGE as u32).map(|n| insert(&mut arena, n)).collect();
    assert!(new.iter().all(|id| !ids.contains(id)));
    assert_eq!(new[0].index(), 0, "the first page comes back first");
    arena.check();
}

#[test]
fn the_limit_gives_the_value_back_and_is_never_below_what_is_there() {
    let mut arena = arena();
    arena.set_max_live(1);
    let id = insert(&mut arena, 1);
    let refused = arena.insert(0, (), 2).unwrap_err();
    assert_eq!((refused.limit(), refused.into_value()), (1, 2));
    arena.set_max_live(0);
    arena.check();
    assert_eq!(arena.insert(0, (), 2).unwrap_err().limit(), 1);
    arena.remove(id);
    insert(&mut arena, 3);
    arena.reserve(usize::MAX);
    assert_eq!(arena.places, Small::PAGE, "no more than the limit is reserved");
}

#[test]
fn large_values_have_short_pages() {
    assert_eq!((Arena::<(), u8>::PAGE, Arena::<(), [u8; 4096]>::PAGE), (32, 8));
}
