//! The bots for files, sheets, HTTP and documents, against real files and a real server.

mod document;
mod faults;
mod file;
mod http;
mod registry;
mod sheet;
mod shop;
mod support;
