//! 監査記録 (GL-15, GL-16, GL-19): the page that searches it, the anchors that keep it honest, the command that checks it.

pub mod anchor;
pub mod command;
