//! Mail (for now its addresses).

mod address;

pub use address::{EmailAddress, Mailbox};
