//! S01: signing in with two factors, the lock screen, the quick switch on shared terminals.

pub mod views;
