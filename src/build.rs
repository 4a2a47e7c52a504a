//! What this program was built as.

/// Version of the program, with what the builder wants to tell it apart by.
pub const BUILD: &str = match option_env!("GUICHET_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};
