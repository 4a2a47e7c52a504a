//! Guards read the source, so that what we agreed on stays so.

mod architecture;
mod circles;
mod offline;
mod pages;
mod paths;
mod sql;
mod words;
