//! Pages about one’s own dossiers, and those shared by others.

pub mod banner;
pub mod company_register;
pub mod confirmation;
pub mod delete;
pub mod deposit;
pub mod dossier;
pub mod dossiers;
pub mod editor;
pub mod guests;
pub mod open_piece;
pub mod overview;
pub mod piece;
pub mod preview;
pub mod receipt;
pub mod simulation;
pub mod status;
pub mod upload;
pub mod withdraw;
