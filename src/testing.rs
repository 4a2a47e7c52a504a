//! What tests, benchmarks and fuzz targets use of the crate, by module. All else is `pub(crate)`, so that the compiler
//! finds what nothing uses.

pub mod adapters {
    pub mod garage {
        pub use crate::adapters::garage::{Garage, GarageConfig, NODE_SETTINGS, Survey};
    }
    pub mod inspect {
        #[cfg(any(test, fuzzing))]
        pub use crate::adapters::inspect::fuzzing;
        pub use crate::adapters::inspect::limited;
    }
    pub mod repman {
        pub use crate::adapters::repman::{
            Mode, Repman, RepmanConfig, RepmanError, Server, ServerRole, Timeouts, Topology, Verified, Why,
        };
    }
}
pub mod app {
    pub use crate::app::{Actor, App, AppError, Clock, Ctx};
    pub mod service {
        pub mod jobs {
            pub use crate::app::service::jobs::{run_due, sweep_rows};
        }
        pub mod search {
            pub use crate::app::service::search::index_all;
        }
        pub mod mail {
            pub use crate::app::service::mail::{Concern, EmailMessage, Letter};
        }
    }
}
pub mod auth {
    #[cfg(any(test, fuzzing))]
    pub use crate::auth::fuzzing;
    pub use crate::auth::{
        AccountFacts, ApiToken, CONCLUDED, Channel, Denied, Keys, Rights, RuleId, SessionToken, read,
    };
    pub mod attenuate {
        pub use crate::auth::attenuate::{Attenuation, attenuate};
    }
}
pub mod config {
    pub use crate::config::{Config, Database, Durability, Host, Limits, Listen};
}
pub mod domain {
    #[cfg(any(test, fuzzing))]
    pub use crate::domain::fuzzing;
    pub mod access {
        pub use crate::domain::access::{
            Action, Amr, DossierTarget, Grant, GrantedAction, Part, Relations, Review, Role, Roles, Stage, Target,
        };
    }
    pub mod calendar {
        pub use crate::domain::calendar::{RoundId, show_day};
    }
    pub mod csv {
        pub use crate::domain::csv::Cell;
    }
    pub mod document {
        pub use crate::domain::document::Document;
    }
    pub mod event {
        pub use crate::domain::event::{Event, EventKind};
    }
    pub mod folder {
        pub use crate::domain::folder::{FolderDossier, FolderPiece, parse};
    }
    pub mod ids {
        pub use crate::domain::ids::{AccountId, AttemptId, DossierId, SessionId};
    }
    pub mod money {
        pub use crate::domain::money::Cents;
    }
    pub mod receipt {
        pub use crate::domain::receipt::{GENESIS, PublicKey, verify, verify_bytes};
    }
    pub mod text {
        pub use crate::domain::text::Lang;
    }
}
pub mod edge {
    pub mod answers {
        pub use crate::edge::answers::pages;
    }
    pub mod certificate {
        pub use crate::edge::certificate::SiteCertificate;
    }
    pub mod plan {
        pub use crate::edge::plan::{SafetyLimits, Step, plan};
    }
    pub mod probe {
        pub use crate::edge::probe::check_host;
    }
    pub mod reconciler {
        pub use crate::edge::reconciler::Reconciler;
    }
    pub mod render {
        pub use crate::edge::render::{PORTAL_CLUSTER, backend_id, render};
    }
    pub mod report {
        pub use crate::edge::report::{Report, Role, SyncStatus};
    }
    pub mod sozu {
        pub use crate::edge::sozu::{
            Events, LoadResult, SUPPORTED_SOZU_VERSION, Sozu, SozuError, SozuEvent, version_of,
        };
    }
    pub mod spec {
        pub use crate::edge::spec::{EdgeSpec, Listeners, Marker};
    }
}
pub mod store {
    pub use crate::store::{Connection, Freshness, Store, StoreError};
    pub mod account {
        pub use crate::store::account::{by_email, ensure, load};
    }
    pub mod delegation {
        pub use crate::store::delegation::of_dossier;
    }
    pub mod deposit {
        pub use crate::store::deposit::Filter;
    }
    pub mod embedded {
        pub use crate::store::embedded::{Embedded, Stat};
    }
    pub mod journal {
        pub use crate::store::journal::{append, append_once, kinds_of_dossier};
    }
    pub mod login {
        pub use crate::store::login::insert;
    }
    pub mod outbox {
        pub use crate::store::outbox::{Job, claim, enqueue_mail, fetch_due, mark_done};
    }
    pub mod profile {
        pub use crate::store::profile::my_cnf;
    }
    pub mod session {
        pub use crate::store::session::{Opening, open};
    }
    pub mod simulation {
        pub use crate::store::simulation::{Simulation, insert};
    }
    pub mod site {
        pub use crate::store::site::{HostSource, put, remove};
    }
}
pub mod web {
    #[cfg(any(test, fuzzing))]
    pub use crate::web::fuzzing;
    pub use crate::web::service;
    pub mod router {
        pub use crate::web::router::{Access, routes};
    }
    pub mod xlsx {
        pub use crate::web::xlsx::{Column, Heading, Spreadsheet};
    }
}
