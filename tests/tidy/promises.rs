//! The promises C1–C9 and the lessons L1–L52, as the names of tests cite them: `c8_l10_a_long_gap` cites C8 and L10.

use std::collections::BTreeSet;

use crate::source::Source;

/// What some test must cite. The other lessons are about how the crate is measured and checked.
const TO_BE_CITED: &[&str] = &[
    "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9", "l10",
    "l11", "l12", "l13", "l14", "l15", "l16", "l17", "l18", "l19", "l20", "l21", "l22", "l24", "l25", "l26", "l27",
    "l28", "l31", "l32", "l33",
];

const PROMISES: u32 = 9;
const LESSONS: u32 = 52;

/// What must be cited and is not, and what is cited and does not exist.
pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let cited: BTreeSet<_> = sources.iter().flat_map(cited).collect();
    let missing = TO_BE_CITED.iter().filter(|name| !cited.contains(**name));
    let mut faults: Vec<_> = missing.map(|name| format!("no test's name cites {name}")).collect();
    faults.extend(
        cited.iter().filter(|name| !exists(name)).map(|name| format!("a test's name cites {name}: no such one")),
    );
    faults
}

/// What the functions of a file cite at the front of their names. Only tests have such names.
fn cited(source: &Source) -> Vec<String> {
    let words: Vec<_> = source.words().collect();
    let names = words.windows(2).filter(|pair| pair[0] == "fn").map(|pair| pair[1]);
    names.flat_map(|name| name.split('_').take_while(|part| is_citation(part)).map(str::to_owned)).collect()
}

fn is_citation(part: &str) -> bool {
    let number = part.strip_prefix(['c', 'l']);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn exists(name: &str) -> bool {
    let (kind, number) = name.split_at(1);
    let last = if kind == "c" { PROMISES } else { LESSONS };
    number.parse().is_ok_and(|number| (1..=last).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::{TO_BE_CITED, faults};
    use crate::source::Source;

    fn all_but(missing: &str, more: &str) -> [Source; 1] {
        let cited = TO_BE_CITED.iter().filter(|name| **name != missing);
        let text: String = cited.map(|name| format!("fn {name}_holds() {{}}\n")).collect();
        [Source::new("tests/a.rs", &(text + more))]
    }

    #[test]
    fn all_cited_is_fine() {
        assert_eq!(faults(&all_but("", "fn l14_more() {} fn class_l77() {} // fn l99_x")), [""; 0]);
        assert_eq!(faults(&all_but("l9", "fn c8_l9_both() {}")), [""; 0]);
    }

    #[test]
    fn a_promise_without_a_test_is_caught() {
        assert_eq!(faults(&all_but("c5", "fn c55() {}")).len(), 2);
        assert_eq!(faults(&all_but("l1", "// fn l1_in_a_comment()")), ["no test's name cites l1"]);
    }

    #[test]
    fn a_promise_that_does_not_exist_is_caught() {
        assert_eq!(faults(&all_but("", "fn c10_x() {} fn l53_y() {} fn l0_z() {}")).len(), 3);
    }
}
