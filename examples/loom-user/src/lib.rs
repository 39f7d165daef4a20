//! Leases: a name belongs to one client for a time, for longer if the client renews it, and to nobody afterwards.
//!
//! What makes them hard is that the end of a lease races with everything else. While its timer fires the client may be
//! renewing it, or giving it back, and the next may have it already. `tests/loom.rs` looks at all the orders in which
//! that can happen.

mod sync;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sync::{Mutex, MutexGuard};
use tickwheel::{CallbackGuard, CallbackStatus, Handle};

/// Who holds a lease.
pub type Client = u32;

/// The leases that are held. Clones are the same table.
#[derive(Clone)]
pub struct Leases {
    timers: Handle,
    lasts: Duration,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    held: HashMap<String, Lease>,
    /// How many leases were given out.
    given: u64,
    /// How many came to their end by themselves.
    expired: u64,
}

struct Lease {
    client: Client,
    /// No two leases have the same, so that a timer that is late ends no lease but its own.
    number: u64,
    expiry: CallbackGuard,
}

impl Leases {
    /// A table of leases that last for `lasts` after they were taken or renewed.
    pub fn new(timers: Handle, lasts: Duration) -> Self {
        Self { timers, lasts, table: Arc::new(Mutex::new(Table::default())) }
    }

    /// Takes a lease for `client`, unless somebody holds it.
    pub fn take(&self, name: &str, client: Client) -> bool {
        let mut table = self.lock();
        if table.held.contains_key(name) {
            return false;
        }
        table.given += 1;
        let (leases, number, of) = (self.clone(), table.given, name.to_owned());
        // Armed under the lock: were it called at once, it would wait until its lease is in the table.
        let armed = self.timers.call_after(self.lasts, move |_| leases.expire(&of, number));
        let Ok(expiry) = armed else { return false };
        table.held.insert(name.to_owned(), Lease { client, number, expiry });
        true
    }

    /// Makes a lease last for the whole time again. `false`: it is not this client's, or not any more.
    pub fn renew(&self, name: &str, client: Client) -> bool {
        let table = self.lock();
        let Some(lease) = table.held.get(name).filter(|lease| lease.client == client) else { return false };
        // If its timer is running it waits for the table, and nothing holds it back from ending the lease.
        lease.expiry.reset_after(self.lasts) == CallbackStatus::Pending
    }

    /// Gives a lease back before its time. `false`: it is not this client's, or not any more.
    pub fn give_back(&self, name: &str, client: Client) -> bool {
        let mut table = self.lock();
        if table.held.get(name).is_none_or(|lease| lease.client != client) {
            return false;
        }
        let lease = table.held.remove(name);
        drop(table);
        drop(lease); // and with it its timer
        true
    }

    /// Who holds a lease.
    pub fn holder(&self, name: &str) -> Option<Client> {
        self.lock().held.get(name).map(|lease| lease.client)
    }

    /// How many leases came to their end by themselves.
    pub fn expired(&self) -> u64 {
        self.lock().expired
    }

    fn expire(&self, name: &str, number: u64) {
        let mut table = self.lock();
        if table.held.get(name).is_some_and(|lease| lease.number == number) {
            table.expired += 1;
            let lease = table.held.remove(name);
            drop(table);
            drop(lease);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nothing panics while it holds the table")
    }
}
