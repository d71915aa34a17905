//! The outside world of `botswain demo`, small but real.
//!
//! A back office for the Northwind company (login, order form, lists, JSON API)
//! and a mail server that keeps what it is sent. Both listen on the loopback
//! address alone. Neither knows of Botswain: it meets them through Chromium,
//! HTTP and SMTP, as it would meet anybody's; so the tests use them too.

pub mod master;
pub mod office;
pub mod sink;
