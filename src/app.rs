//! The application layer, one file per operation: load, authorise, let the domain decide, store, record what follows.
//!
//! It is independent of HTTP and contains no SQL.

pub mod account;
#[expect(clippy::disallowed_methods, reason = "request time is created here")]
mod context;
pub mod delegation;
pub mod dossier;
mod error;
pub mod examination;
pub mod service;
mod transaction;

#[cfg(test)]
pub use account::close::ClosingDossier;
pub use account::close::{ClosingList, ClosingSummary};
pub use account::explain::RightAnswer;
pub use account::passkey::{Ceremony, Duty, Key};
pub use account::sign_in::{LinkState, SignedIn, encode};
pub use context::{Actor, Clock, Ctx, DossierAccess, InjectedFault};
pub use dossier::attach::AttachOutcome;
pub use dossier::company_register::CompanyLookup;
pub use dossier::conflict::{AnswerAuthor, AnswerConflict, StoredChange};
pub use dossier::delete::DeletionSummary;
pub use dossier::deposit::{DepositOutcome, DepositRequest, DraftChanged};
pub use dossier::edit::SaveOutcome;
pub use dossier::open_piece::{PieceBytes, PieceFile};
pub use dossier::path::DossierPath;
pub use dossier::read::DossierView;
pub use dossier::share::Share;
pub use dossier::withdraw::WithdrawalConfirmation;
pub use error::AppError;
pub use examination::assign::Desk;
pub use examination::search::SearchNotes;
pub use service::register::Registration;
pub use service::restore::{Drill, Restored, restore, vacant};
pub use service::site::Site;

pub use crate::blob::BlobError;

use crate::{
    adapters::clamd::Clamd,
    adapters::company_register::CompanyRegisterError,
    auth::{Keys, KeysError, edge_secret, oidc::Provider, passkey::RelyingParty},
    blob::Blobs,
    config::{Config, Mail},
    domain::{
        calendar::{Round, RoundId},
        call::{self, Call},
    },
    store::{EndpointError, Store},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// Everything that operations use; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppInner>);

/// The parts of [`App`].
pub struct AppInner {
    pub config: Config,
    /// The calls, in the order of the configuration.
    pub calls: Vec<Arc<Call>>,
    /// Third-party definitions that are not served, each with the reason.
    pub refused_calls: Vec<String>,
    /// Hosts of calls that the configuration names.
    third_party_hosts: Vec<(String, String)>,
    pub store: Store,
    pub blobs: Blobs,
    pub keys: Keys,
    /// Wakes the worker of the outbox.
    pub outbox_notify: Notify,
    /// The virus scanner, if one is configured.
    pub scanner: Option<Clamd>,
    /// Wakes the worker that scans files.
    scan_notify: Notify,
    /// Value that Sōzu adds to every request.
    pub edge_secret: String,
    sessions: account::session::Cache,
    refusals: account::refusals::Refusals,
    sites: service::site::Sites,
    link_requests: service::throttle::Throttle,
    kept_simulations: service::throttle::Throttle,
    /// Relying party of passkeys; `None` if the portal has no host name.
    relying_party: Option<RelyingParty>,
    ceremonies: service::throttle::Throttle,
    heavy_work: service::offload::HeavyWorkLimiter,
    provider: Option<Provider>,
    /// The public register of companies, if one is asked.
    company_register: Option<dossier::company_register::RegisterAccess>,
    /// Deposits that wait to be sealed together.
    deposit_queue: dossier::deposit::DepositQueue,
    access_log: dossier::access_log::AccessLog,
    exports: account::export::ExportSlots,
    /// Cache of deposits that officers have read recently, by receipt.
    examined: Mutex<HashMap<String, Arc<examination::round::ExaminedDeposit>>>,
}

impl std::ops::Deref for App {
    type Target = AppInner;
    fn deref(&self) -> &AppInner {
        &self.0
    }
}

/// Why the portal cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A call or the file of rounds cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    /// A definition is invalid.
    #[error(transparent)]
    Call(#[from] call::LoadError),
    /// The keys cannot be loaded.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A folder cannot be created.
    #[error("cannot prepare the data folder")]
    Folder(#[from] io::Error),
    /// The store of attachments cannot be opened.
    #[error("cannot prepare the store of attachments")]
    Attachments(#[source] io::Error),
    /// The client of the identity provider cannot be created.
    #[error("cannot prepare the way to the identity provider")]
    Provider(#[from] reqwest::Error),
    /// The client of the register of companies cannot be created.
    #[error("cannot prepare the way to the company register")]
    CompanyRegister(#[from] CompanyRegisterError),
    /// The database connection cannot be configured.
    #[error("cannot prepare the way to the database")]
    Database(#[from] EndpointError),
}

impl App {
    /// Reads the calls and the keys and prepares the stores, without connecting to the database.
    pub fn open(config: Config) -> Result<Self, StartError> {
        let Calls { calls, refused, hosts } = load_calls(&config)?;
        let (data, seed) = (&config.portal.data_dir, config.portal.keys_seed_file.as_deref());
        let keys = Keys::open(&data.join("keys"), seed)?;
        let parts = AppInner {
            calls,
            refused_calls: refused,
            third_party_hosts: hosts,
            store: Store::open(&config.database)?,
            blobs: Blobs::open(config.attachments.as_ref(), data).map_err(StartError::Attachments)?,
            keys,
            outbox_notify: Notify::new(),
            scanner: config.scan.as_ref().map(Clamd::new),
            scan_notify: Notify::new(),
            edge_secret: edge_secret(data, seed)?,
            sessions: account::session::Cache::default(),
            refusals: account::refusals::Refusals::default(),
            sites: service::site::Sites::default(),
            link_requests: service::throttle::Throttle::default(),
            kept_simulations: service::throttle::Throttle::default(),
            relying_party: RelyingParty::of(&config.portal.public_url),
            ceremonies: service::throttle::Throttle::default(),
            heavy_work: service::offload::HeavyWorkLimiter::default(),
            provider: account::oidc::provider(&config)?,
            company_register: dossier::company_register::RegisterAccess::of(&config)?,
            deposit_queue: dossier::deposit::DepositQueue::default(),
            access_log: dossier::access_log::AccessLog::default(),
            exports: account::export::ExportSlots::default(),
            examined: Mutex::default(),
            config,
        };
        if let Mail::Folder { folder, .. } = &parts.config.mail {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self(Arc::new(parts)))
    }

    /// Returns a call by its slug.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn call(&self, id: &str) -> Result<&Arc<Call>, AppError> {
        self.calls.iter().find(|call| call.id == id).ok_or(AppError::NotFound)
    }

    /// Returns a round of a call.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn round<'a>(&self, call: &'a Call, id: &RoundId) -> Result<&'a Round, AppError> {
        call.round(id).ok_or(AppError::NotFound)
    }

    /// The current time of the system clock. Requests carry their own `now`.
    pub fn clock(&self) -> Timestamp {
        Clock::System.now()
    }

    /// Folder of mails that are written to files, for the demonstration's mailbox.
    pub fn mail_folder(&self) -> Option<&PathBuf> {
        match &self.config.mail {
            Mail::Folder { folder, .. } => Some(folder),
            Mail::Smtp { .. } => None,
        }
    }
}

/// The calls of a configuration.
#[derive(Debug, Default)]
pub struct Calls {
    /// Served calls.
    pub calls: Vec<Arc<Call>>,
    /// Third-party calls that are not served, each with the reason.
    pub refused: Vec<String>,
    /// Hosts that the configuration names for third-party calls, with the call's id.
    pub hosts: Vec<(String, String)>,
}

/// Reads the calls of a configuration, with their additional rounds.
///
/// # Errors
/// See [`StartError`]. Faults in a third-party call are not errors; they are part of the result.
pub fn load_calls(config: &Config) -> Result<Calls, StartError> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|source| StartError::Read { path: path.clone(), source })
    };
    let further = config.portal.rounds.as_ref().map(|path| Ok::<_, StartError>((path, read(path)?))).transpose()?;
    let load = |path: &PathBuf| {
        let mut call = call::load(&path.display().to_string(), &read(path)?)?;
        if let Some((path, text)) = &further {
            call::load_rounds(&mut call, &path.display().to_string(), text)?;
        }
        Ok::<_, StartError>(call)
    };
    let mut found = Calls::default();
    for path in &config.portal.calls {
        found.calls.push(Arc::new(load(path)?));
    }
    let mut taken: BTreeSet<String> = config.edge.iter().flat_map(|edge| edge.hosts.iter().cloned()).collect();
    taken.insert(config.public_host().to_owned());
    taken.extend(found.calls.iter().flat_map(|call| call.hosts.iter().cloned()));
    for definition in &config.portal.guest_calls {
        match load(&definition.file) {
            Ok(call) if found.calls.iter().any(|other| other.id == call.id) => {
                found.refused.push(format!("{}: there is a call {} already", definition.file.display(), call.id));
            }
            Ok(mut call) => {
                // The owner of a third-party definition has no authority over host names.
                call.hosts.clear();
                for host in definition.hosts.iter().map(|host| host.to_ascii_lowercase()) {
                    if taken.insert(host.clone()) {
                        found.hosts.push((host, call.id.clone()));
                    } else {
                        found
                            .refused
                            .push(format!("{}: the host {host} is somebody else's", definition.file.display()));
                    }
                }
                found.calls.push(Arc::new(call));
            }
            Err(error) => {
                let reason = format!("{:#}", anyhow::Error::from(error)).replace('\n', "; ");
                tracing::error!(file = %definition.file.display(), reason, "call.refused");
                found.refused.push(reason);
            }
        }
    }
    Ok(found)
}
