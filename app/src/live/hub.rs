//! The open streams of this process, by clinic.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{StaffId, TenantId};
use tokio::sync::broadcast;

use super::topic::Topic;

/// Streams one process holds open, and how many of them for one person (a browser's tabs share one).
const MOST: usize = 4_000;
const MOST_OF_ONE: usize = 12;
/// Signals a slow stream may be behind; one that misses more fetches everything.
const BEHIND: usize = 256;

/// What a stream is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Changed(Topic),
    /// Redis is away: ask instead of waiting.
    Away,
    /// Redis is there again; something may have been missed.
    Back,
}

#[derive(Default)]
pub struct Hub(Mutex<Rooms>);

#[derive(Default)]
struct Rooms {
    clinics: HashMap<TenantId, broadcast::Sender<Signal>>,
    people: HashMap<(TenantId, StaffId), usize>,
    open: usize,
    is_up: bool,
    is_closed: bool,
}

impl Hub {
    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` when too many are open or the process is stopping: the browser then asks every ten seconds.
    pub fn listen(self: &Arc<Self>, tenant_id: TenantId, staff_id: StaffId) -> Option<Listener> {
        let mut rooms = self.rooms();
        let mine = rooms.people.get(&(tenant_id, staff_id)).copied().unwrap_or_default();
        if rooms.is_closed || rooms.open >= MOST || mine >= MOST_OF_ONE {
            return None;
        }
        rooms.open += 1;
        rooms.people.insert((tenant_id, staff_id), mine + 1);
        let signals = rooms.clinics.entry(tenant_id).or_insert_with(|| broadcast::Sender::new(BEHIND)).subscribe();
        Some(Listener { signals, is_up: rooms.is_up, hub: self.clone(), who: (tenant_id, staff_id) })
    }

    /// To the streams of one clinic.
    pub fn tell(&self, tenant_id: TenantId, topic: Topic) {
        if let Some(clinic) = self.rooms().clinics.get(&tenant_id) {
            // Nobody listening is no fault.
            let _ = clinic.send(Signal::Changed(topic));
        }
    }

    /// To everybody, when the way to Redis is lost or found.
    pub fn set_up(&self, is_up: bool) {
        let mut rooms = self.rooms();
        if std::mem::replace(&mut rooms.is_up, is_up) != is_up {
            for clinic in rooms.clinics.values() {
                let _ = clinic.send(if is_up { Signal::Back } else { Signal::Away });
            }
        }
    }

    pub fn close(&self) {
        let mut rooms = self.rooms();
        rooms.is_closed = true;
        rooms.clinics.clear();
    }

    fn leave(&self, who: (TenantId, StaffId)) {
        let mut rooms = self.rooms();
        rooms.open = rooms.open.saturating_sub(1);
        if let Some(count) = rooms.people.get_mut(&who) {
            *count -= 1;
            if *count == 0 {
                rooms.people.remove(&who);
            }
        }
        // The leaving receiver is still counted while it is being dropped.
        if rooms.clinics.get(&who.0).is_some_and(|clinic| clinic.receiver_count() <= 1) {
            rooms.clinics.remove(&who.0);
        }
    }
}

/// One open stream; dropping it gives its place free.
pub struct Listener {
    pub signals: broadcast::Receiver<Signal>,
    /// Whether Redis was there when the stream opened.
    pub is_up: bool,
    hub: Arc<Hub>,
    who: (TenantId, StaffId),
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.leave(self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: u128) -> (TenantId, StaffId) {
        (TenantId::new(uuid::Uuid::from_u128(n)), StaffId::new(uuid::Uuid::from_u128(n)))
    }

    #[test]
    fn a_clinic_hears_its_own_changes_only() {
        let hub = Arc::new(Hub::default());
        let [(here, me), (there, you)] = [ids(1), ids(2)];
        let (mut mine, mut yours) = (hub.listen(here, me).unwrap(), hub.listen(there, you).unwrap());
        hub.tell(here, Topic::Board);
        assert_eq!(mine.signals.try_recv(), Ok(Signal::Changed(Topic::Board)));
        assert!(yours.signals.try_recv().is_err());
        hub.set_up(true);
        assert_eq!(yours.signals.try_recv(), Ok(Signal::Back));
    }

    #[test]
    fn places_are_limited_and_given_back() {
        let hub = Arc::new(Hub::default());
        let (here, me) = ids(1);
        let mut open: Vec<Listener> = (0..MOST_OF_ONE).map(|_| hub.listen(here, me).unwrap()).collect();
        assert!(hub.listen(here, me).is_none());
        assert!(hub.listen(here, ids(2).1).is_some(), "somebody else of the clinic still finds room");
        open.pop();
        assert!(hub.listen(here, me).is_some());
        open.clear();
        let rooms = hub.rooms();
        assert!(rooms.open == 0 && rooms.people.is_empty() && rooms.clinics.is_empty());
    }

    #[test]
    fn closing_ends_every_stream_and_lets_nobody_in() {
        let hub = Arc::new(Hub::default());
        let (here, me) = ids(1);
        let mut open = hub.listen(here, me).unwrap();
        hub.close();
        assert_eq!(open.signals.try_recv(), Err(broadcast::error::TryRecvError::Closed));
        assert!(hub.listen(here, me).is_none());
    }
}
