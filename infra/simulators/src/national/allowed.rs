//! What somebody may see until a moment: by a person's consent, by an emergency, by a disaster.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, FixedOffset};

use crate::reader::now;

/// By whom or what it is about, and the subject, each with its end.
#[derive(Clone, Default)]
pub struct Allowed(Arc<Mutex<Ends>>);

type Ends = HashMap<(String, String), DateTime<FixedOffset>>;

impl Allowed {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn grant(&self, about: &str, subject: &str, until: DateTime<FixedOffset>) {
        self.ends().insert((about.to_owned(), subject.to_owned()), until);
    }

    pub fn revoke(&self, about: &str, subject: &str) {
        self.ends().remove(&(about.to_owned(), subject.to_owned()));
    }

    pub(super) fn holds(&self, about: &str, subject: &str) -> bool {
        self.ends().get(&(about.to_owned(), subject.to_owned())).is_some_and(|until| now() <= *until)
    }
}
