//! The command line: ours where `--quick` stands, criterion's everywhere else.

use crate::jobs::means::Mean;
use crate::jobs::roster::{Entry, OTHERS, OURS, TOKIOS};
use crate::jobs::stalls::Stall;

/// What is to be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Everything once, at a small size, to see that it works.
    Test,
    /// Criterion's rows, those that its filter picks.
    Rows,
    /// The tables, without criterion.
    Tables,
    /// Criterion's rows and the tables.
    All,
}

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) way: Way,
    pub(crate) means: Vec<Mean>,
    pub(crate) stalls: Vec<Stall>,
    pub(crate) sizes: Vec<usize>,
    pub(crate) contenders: Vec<Entry>,
    pub(crate) rounds: usize,
}

impl Options {
    /// # Errors
    ///
    /// What is wrong with the options that follow `--quick`, in words.
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let args: Vec<_> = args.collect();
        let mut options = Self {
            way: way(&args),
            means: Mean::ALL.to_vec(),
            stalls: Stall::ALL.to_vec(),
            sizes: vec![1_000, 100_000, 1_000_000],
            contenders: OURS.iter().chain(TOKIOS).copied().collect(),
            rounds: 5,
        };
        if options.way == Way::Tables {
            options.read(args)?;
        }
        Ok(options)
    }

    fn read(&mut self, args: Vec<String>) -> Result<(), String> {
        let mut args = args.into_iter().filter(|arg| arg != "--bench" && arg != "--quick");
        while let Some(option) = args.next() {
            let list = args.next().ok_or_else(|| format!("{option} wants a value"))?;
            match option.as_str() {
                "--jobs" => self.pick_jobs(&list)?,
                "--sizes" => self.sizes = parsed(&list)?,
                "--only" => self.pick_contenders(&list)?,
                "--rounds" => self.rounds = parsed(&list)?[0].max(1),
                _ => return Err(format!("{option}: expected --jobs, --sizes, --only or --rounds beside --quick")),
            }
        }
        Ok(())
    }

    fn pick_jobs(&mut self, list: &str) -> Result<(), String> {
        self.means.clear();
        self.stalls.clear();
        for name in list.split(',') {
            let mean = Mean::ALL.into_iter().find(|job| job.name() == name);
            let stall = Stall::ALL.into_iter().find(|job| job.name() == name);
            if mean.is_none() && stall.is_none() {
                return Err(format!("no job {name}: expected some of a1,a2,b,b2,c,d,f,g,h"));
            }
            self.means.extend(mean);
            self.stalls.extend(stall);
        }
        Ok(())
    }

    fn pick_contenders(&mut self, list: &str) -> Result<(), String> {
        self.contenders.clear();
        let all: Vec<_> = OURS.iter().chain(TOKIOS).chain(OTHERS).copied().collect();
        for name in list.split(',') {
            let found = all.iter().find(|contender| contender.name == name);
            let names = || all.iter().map(|contender| contender.name).collect::<Vec<_>>().join(",");
            self.contenders.push(*found.ok_or_else(|| format!("no contender {name}: expected some of {}", names()))?);
        }
        Ok(())
    }
}

/// Cargo itself passes `--bench` for `cargo bench`, and nothing for `cargo test --benches`.
fn way(args: &[String]) -> Way {
    let has = |option: &str| args.iter().any(|arg| arg == option);
    if has("--quick") {
        Way::Tables
    } else if has("--test") || !has("--bench") {
        Way::Test
    } else if args.iter().any(|arg| arg != "--bench") {
        Way::Rows
    } else {
        Way::All
    }
}

fn parsed(list: &str) -> Result<Vec<usize>, String> {
    let number = |text: &str| text.replace('_', "").parse().map_err(|_| format!("{text}: expected a whole number"));
    list.split(',').map(number).collect()
}
