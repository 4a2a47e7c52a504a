//! A portal within the process of the test, on a database server of its own, with mails leaving by SMTP.

use super::Installation;
use guichet::testing::{app::App, config::Config, store::embedded::Embedded};
use std::path::{Path, PathBuf};

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
