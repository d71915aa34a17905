//! The binary `botswain`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    botswain::cli::main()
}
