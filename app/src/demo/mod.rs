//! Synthetic clinics.
mod names;
mod rng;
mod texts;
