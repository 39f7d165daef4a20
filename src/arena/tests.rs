//! Places through their lives: ids that go stale, generations that run out, pages given back.

use super::{Apart, Arena, Page};

const USED: u8 = 1;

fn insert(arena: &mut Arena<Apart<(), u32>>, value: u32) -> u32 {
    arena.insert(value, USED, 0, ()).expect("there is room").index()
}

#[test]
fn l11_a_stale_id_finds_nothing() {
    let mut arena = Arena::new();
    let index = insert(&mut arena, 7);
    let id = arena.id(index);
    assert_eq!(arena.find(id), Some(index));
    assert_eq!(arena.take(index), Some((id, 7)));
    assert_eq!(arena.find(id), None);
    arena.release(index);
    assert_eq!(insert(&mut arena, 8), index, "the place is used again");
    assert_eq!(arena.find(id), None);
    arena.check();
}

#[test]
fn c5_a_place_is_retired_with_its_last_generation() {
    let mut arena = Arena::new();
    arena.set_last_generation(3);
    let mut seen = std::collections::HashSet::new();
    for round in 0..20 {
        let index = insert(&mut arena, round);
        assert!(seen.insert(arena.id(index)), "no id is given out twice");
        arena.take(index);
        arena.release(index);
        arena.check();
    }
    assert_eq!(
        (arena.retired, arena.places()),
        (6, 1 << <Apart<(), u32> as Page>::BITS),
        "each place serves three timers"
    );
}

#[test]
fn c5_shrinking_does_not_start_generations_anew() {
    let mut arena = Arena::new();
    arena.set_last_generation(4);
    let mut seen = std::collections::HashSet::new();
    for round in 0..40 {
        let indexes: [u32; 3] = core::array::from_fn(|_| insert(&mut arena, round));
        for index in indexes {
            assert!(seen.insert(arena.id(index)), "no id is given out twice");
            arena.take(index);
            arena.release(index);
        }
        arena.restock();
        arena.shrink_to_fit();
        arena.check();
    }
}

#[test]
fn restocking_makes_room_on_the_last_page_and_then_the_next_one() {
    let mut arena = Arena::new();
    let first = insert(&mut arena, 0);
    let mut steps = 0;
    while arena.is_short_of(1) {
        arena.restock();
        arena.check();
        steps += 1;
    }
    assert_eq!(steps, 1, "there is room for a few more values");
    let (places, next_places) = (arena.places(), arena.next_places());
    while arena.is_short_of(places) {
        arena.restock();
        arena.check();
        steps += 1;
    }
    assert_eq!((arena.places(), steps), (next_places, 3), "a page takes two steps");
    assert!((places..next_places).all(|index| insert(&mut arena, 1) as usize == index), "the new ones come first");
    assert!((1..places).all(|n| insert(&mut arena, 1) == first + n as u32));
    assert!(arena.is_full());
    arena.check();
}

#[test]
fn restocking_doubles_the_room_on_a_page() {
    let mut arena = Arena::new();
    let places = 1 << <Apart<(), u32> as Page>::BITS;
    let mut steps = 0;
    for value in 0..places {
        insert(&mut arena, value);
        while arena.is_short_of(0) {
            arena.restock();
            steps += 1;
        }
        assert!(arena.value(value).is_some());
    }
    assert_eq!((arena.places(), arena.next_places()), (places as usize, 2 * places as usize));
    assert!((1..=5).contains(&steps), "{steps} steps");
    arena.check();
}

#[test]
fn room_for_large_values_is_made_for_a_few() {
    let mut arena = Arena::<Apart<(), [u8; 10_000]>>::new();
    // Places without values have no room behind them either.
    (0..3).for_each(|_| assert!(arena.allot(USED, 0, ()).is_some()));
    let mut steps = 0;
    while arena.is_short_of(0) {
        arena.restock();
        steps += 1;
        assert!(steps < 8, "each step makes some room");
    }
    assert!(steps > 0);
    arena.check();
}

#[test]
fn the_limit_gives_the_value_back() {
    let mut arena = Arena::new();
    arena.set_max_live(1);
    let index = insert(&mut arena, 1);
    let refused = arena.insert(2, USED, 0, ()).unwrap_err();
    assert_eq!((refused.limit(), refused.into_value()), (1, 2));
    arena.take(index);
    arena.release(index);
    insert(&mut arena, 3);
}

#[test]
fn clear_makes_every_id_stale() {
    let mut arena = Arena::new();
    let indexes: [u32; 10] = core::array::from_fn(|n| insert(&mut arena, n as u32));
    let ids = indexes.map(|index| arena.id(index));
    arena.clear();
    arena.check();
    assert!(ids.iter().all(|id| arena.find(*id).is_none()));
    assert_eq!((arena.live(), arena.in_use()), (0, 0));
}
