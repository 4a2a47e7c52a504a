//! Guards read the source, so that what we agreed on stays so.

mod architecture;
mod samples;
mod words;
