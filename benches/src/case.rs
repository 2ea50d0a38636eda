//! A measured case, for criterion, the rounds and the instruction counter.

use core::fmt;
use std::hint::black_box;

/// Something that can be done again and again.
pub struct Case {
    /// What it belongs to: `snp`, `azure`, `nitro`, `log`, `fixed`.
    pub group: &'static str,
    /// What is done. The floor of `cold` is called `cold-floor`.
    pub name: &'static str,
    /// The crypto table, where one takes part.
    pub table: Option<&'static str>,
    run: Box<dyn Fn() + Send + Sync>,
}

impl Case {
    /// A case without a crypto table. Whatever it makes is taken as used.
    pub fn new<T>(
        group: &'static str,
        name: &'static str,
        run: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        Self { group, name, table: None, run: Box::new(move || used(run())) }
    }

    /// The same under a crypto table.
    #[must_use]
    pub const fn under(mut self, table: &'static str) -> Self {
        self.table = Some(table);
        self
    }

    /// `group/name`, or `group/name/table`.
    #[must_use]
    pub fn id(&self) -> String {
        match self.table {
            Some(table) => format!("{}/{}/{table}", self.group, self.name),
            None => format!("{}/{}", self.group, self.name),
        }
    }

    /// Does it once.
    pub fn run(&self) {
        (self.run)();
    }
}

fn used<T>(made: T) {
    black_box(made);
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.id()).finish()
    }
}
