//! A portal within the process of the test, on a database server of its own, with mails leaving by SMTP.

use super::Installation;
use guichet::testing::{
    app::{Actor, App, Clock, Ctx},
    auth::{AccountFacts, Channel, Keys, Rights, SessionToken, read},
    config::Config,
    domain::{
        access::Amr,
        ids::{AccountId, SessionId},
        text::Lang,
    },
    store::{account, embedded::Embedded},
};
use jiff::SignedDuration;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// The portal, with these values in its section `[mail]`. Its configuration is `guichet.toml` of the folder.
pub async fn open(folder: &Path, server: &Embedded, mail: &[(&str, &str)]) -> App {
    let text = std::fs::read_to_string(Installation::shared().folder.join("guichet-1.toml")).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    let path = |path: &Path| toml::Value::from(path.to_str().unwrap());
    config["portal"]["data_dir"] = path(&folder.join("data"));
    let database = [("socket", path(server.socket())), ("name", "guichet".into()), ("user", server.user().into())];
    config["database"] =
        database.map(|(key, value)| (key.to_owned(), value)).into_iter().collect::<toml::Table>().into();
    let section = [("transport", "smtp"), ("from", "Guichet <guichet@exemple.fr>")].iter().chain(mail);
    let section = section.map(|(key, value)| ((*key).to_owned(), toml::Value::from(*value)));
    config["mail"] = section.collect::<toml::Table>().into();
    let file = config_file(folder);
    std::fs::write(&file, config.to_string()).unwrap();
    let app = App::open(Config::read(&file).unwrap()).unwrap();
    app.store.migrate().await.unwrap();
    app
}

/// The configuration of the portal of a folder.
pub fn config_file(folder: &Path) -> PathBuf {
    folder.join("guichet.toml")
}

/// Somebody at a browser, as a process knows them that has just looked at their session.
pub async fn signed_in(app: &App, email: &str) -> Ctx {
    let (now, keys) = (app.clock(), Keys::ephemeral().unwrap());
    let mut db = app.store.write().await.unwrap();
    let account = account::ensure(&mut db, AccountId(Uuid::now_v7()), email, Lang::Fr, now).await.unwrap();
    let (session, ends) = (SessionId(Uuid::now_v7()), now + SignedDuration::from_mins(10));
    let token = SessionToken { session, account: account.id, roles: &account.roles, amr: Amr::Email, ends };
    let bearer = read(&keys, &token.mint(&keys, now).unwrap(), Channel::Browser, now).unwrap();
    let account_facts = AccountFacts {
        account: account.id,
        roles: account.roles.clone(),
        suspended: false,
        confirmed_until: None,
        stepped_up: false,
        has_passkey: false,
        passkeys_required: true,
    };
    let rights = Rights::new(Arc::new(bearer), Channel::Browser, account_facts);
    let actor = Some(Actor { account, rights, session: Some(session) });
    Ctx { actor, ..Ctx::anonymous(now, Clock::System, Lang::Fr) }
}
