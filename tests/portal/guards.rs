//! Guards read the source, so that what we agreed on stays so.

mod architecture;
mod offline;
mod samples;
