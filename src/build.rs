//! Version of this build.

/// Version of the program, with an optional suffix from the build environment.
pub const BUILD: &str = match option_env!("GUICHET_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};
