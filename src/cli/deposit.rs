//! `guichet deposit`: a folder of files becomes a deposited dossier, by the same interface that any program has.
//!
//! Ids of what is tried are written down before they are sent, so that running again after any failure carries on with
//! the same dossier and gets the same receipt.

mod address;
mod body;
mod client;
mod files;
mod findings;
mod memory;
mod place;
mod rounds;
mod text_file;
mod token_file;
mod upload;

use super::lang;
use crate::{
    domain::{
        ids::DossierId,
        receipt,
        text::{Lang, terminal::escape_for_terminal},
    },
    private_file::replace_private,
};
use address::PortalAddress;
use anyhow::{Context, bail};
use body::Draft;
use client::PortalClient;
use files::{DossierFiles, PieceOnDisk};
use findings::{DepositFindings, Found};
use memory::Memory;
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `guichet deposit`.
#[derive(Clone, Debug, clap::Args)]
pub struct DepositArgs {
    /// Folder with dossier.toml and the files that it names.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[arg(long, value_name = "URL", help = "URL of the portal, such as https://aap.example.")]
    url: String,
    /// File with the API token.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Certificate authority to trust instead of the system's, PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Connect to this address instead of resolving the name of the URL.
    #[arg(long, value_name = "IP:PORT")]
    connect: Option<std::net::SocketAddr>,
    /// Language: fr or en.
    #[arg(long, value_name = "LANG", default_value = "fr", value_parser = lang)]
    lang: Lang,
    /// Deposit without asking for confirmation.
    #[arg(long)]
    yes: bool,
}

/// Deposits; 1 when the portal has findings that prevent it.
pub async fn run(args: DepositArgs) -> anyhow::Result<ExitCode> {
    match deposit(&args).await {
        Ok(Some(receipt)) => {
            tell(&mut io::stdout(), &mut io::stderr(), &receipt, args.lang);
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => Ok(ExitCode::FAILURE),
        Err(error) => match error.downcast::<DepositFindings>() {
            Ok(DepositFindings(found, more)) => {
                findings::print(&mut io::stderr().lock(), &found, more, args.lang)?;
                writeln!(
                    io::stderr(),
                    "{}",
                    args.lang.tr("Rien n’a été déposé cette fois.", "Nothing was deposited this time.")
                )?;
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error),
        },
    }
}

/// What to print of the receipt; nothing when the person thought better of it.
async fn deposit(args: &DepositArgs) -> anyhow::Result<Option<String>> {
    let files = DossierFiles::read(&args.folder, args.lang)?;
    let address = PortalAddress::parse(&args.url, args.lang)?;
    let portal = PortalClient::new(&address, &args.token_file, args.ca.as_deref(), args.connect, args.lang)?;
    let mut memory = Memory::recall(&args.folder, &address, &files.call, &files.round)?;
    // Written down before it is sent: an answer that gets lost is asked for again under the same id.
    memory.save()?;
    let dossier = portal.create(&files.call, &files.round, memory.attempt).await?;
    if memory.begun(dossier) {
        let text = args.lang.tr(
            "Le dossier dont ce répertoire se souvient n’a pas été commencé d’ici par ce compte ; un autre a été commencé",
            "The dossier that this folder remembers was not begun from here by this account; another one was begun",
        );
        writeln!(io::stderr(), "{text}: {dossier}.")?;
    }
    memory.save()?;
    let draft = bring_up_to_date(&portal, dossier, &files).await?;
    let found: Vec<Found> = draft.findings.iter().cloned().map(Found::from).collect();
    let asks = !args.yes && io::stdin().is_terminal();
    if asks && !confirmed(args, &files, &found, draft.more)? {
        return Ok(None);
    }
    let attempt = memory.deposit_attempt(&files.content(), draft.receipt.as_deref());
    memory.save()?;
    let done = portal.deposit(dossier, attempt).await?;
    // From here on it is deposited, and whatever fails must not sound as if it were not.
    memory.deposited(&done.receipt);
    let receipt = match portal.receipt(&done.receipt).await {
        Ok(bytes) => memory.save().and_then(|()| keep_receipt(args, &bytes, &done.receipt, done.new)),
        Err(error) => Err(error),
    };
    let receipt = receipt.map_err(|error| not_kept(&done.receipt, &error, args.lang))?;
    if !asks {
        let warnings: Vec<Found> = found.into_iter().filter(|found| !found.blocks()).collect();
        findings::print(&mut io::stderr().lock(), &warnings, draft.more, args.lang).unwrap_or_default();
    }
    Ok(Some(receipt))
}

/// Prints the receipt; to where errors go when nobody takes it, since it is deposited all the same.
fn tell(out: &mut impl Write, err: &mut impl Write, receipt: &str, lang: Lang) {
    let Err(error) = writeln!(out, "{receipt}").and_then(|()| out.flush()) else { return };
    let words = lang.tr(
        "Le dépôt est fait et le reçu est conservé ; seule la sortie standard n’a pas pu être écrite",
        "The deposit is made and the receipt is kept; only standard output could not be written",
    );
    writeln!(err, "{receipt}\n{words} ({error}).").unwrap_or_default();
}

/// What is said when a dossier was deposited and its receipt could not be kept. No [`DepositFindings`], which say that
/// nothing was.
fn not_kept(number: &str, error: &anyhow::Error, lang: Lang) -> anyhow::Error {
    let number = escape_for_terminal(number);
    match lang {
        Lang::Fr => anyhow::anyhow!(
            "le dossier est déposé, reçu n° {number}, mais ce reçu n’a pas été conservé ici ; relancez la commande pour l’obtenir, sans déposer deux fois : {error:#}"
        ),
        Lang::En => anyhow::anyhow!(
            "the dossier is deposited, receipt no. {number}, but the receipt was not kept here; run the command again to get it, nothing is deposited twice: {error:#}"
        ),
    }
}

/// Sends the answers and the pieces that are not there yet, and says how the dossier stands then.
async fn bring_up_to_date(portal: &PortalClient, dossier: DossierId, files: &DossierFiles) -> anyhow::Result<Draft> {
    let draft = portal.replace(dossier, &files.answers).await?;
    let changed: Vec<&PieceOnDisk> = files.pieces.iter().filter(|piece| !draft.has(piece)).collect();
    for piece in &changed {
        portal.attach(dossier, piece).await?;
    }
    let draft = if changed.is_empty() { draft } else { portal.replace(dossier, &files.answers).await? };
    for code in draft.codes().filter(|code| files.pieces.iter().all(|piece| piece.code != *code)) {
        let text = portal.lang().tr(
            "est dans le dossier mais pas dans ce répertoire ; retirez-la sur le portail si elle est de trop",
            "is in the dossier but not in this folder; remove it on the portal if it should not be there",
        );
        writeln!(io::stderr(), "{} {text}.", escape_for_terminal(code))?;
    }
    Ok(draft)
}

fn confirmed(args: &DepositArgs, files: &DossierFiles, found: &[Found], more: usize) -> anyhow::Result<bool> {
    let (lang, mut err) = (args.lang, io::stderr().lock());
    findings::print(&mut err, found, more, lang)?;
    let question = lang.tr("Déposer maintenant ? [o/N]", "Deposit now? [y/N]");
    write!(
        err,
        "{} / {}, {} {}. {question} ",
        files.call,
        files.round,
        files.pieces.len(),
        lang.tr("pièces", "pieces")
    )?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    let yes = ["o", "oui", "y", "yes"].contains(&answer.as_str());
    if !yes {
        writeln!(
            err,
            "{}",
            lang.tr(
                "Rien n’a été déposé cette fois ; le brouillon est à jour.",
                "Nothing was deposited this time; the draft is up to date."
            )
        )?;
    }
    Ok(yes)
}

/// Checks the receipt, keeps it beside the dossier, and says what people need of it.
fn keep_receipt(args: &DepositArgs, bytes: &[u8], number: &str, new: bool) -> anyhow::Result<String> {
    let json: serde_json::Value = receipt::read(bytes).context("the portal's receipt is no JSON")?;
    let report = receipt::verify(&json, &[]);
    if let Some(wrong) = report.checks.iter().find(|check| !check.passed) {
        bail!("the portal's receipt {number} does not hold: {}", wrong.message.get(&args.lang));
    }
    let path = args.folder.join(format!("receipt-{}.json", file_part(number)));
    write(&path, bytes)?;
    let when = receipt::deposited_at(&json["manifest"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let lang = args.lang;
    let title = match new {
        true => lang.tr("Dossier déposé.", "Dossier deposited."),
        false => lang.tr("Ce contenu est déjà déposé.", "This content is deposited already."),
    };
    let rows = [
        (lang.tr("Reçu n°", "Receipt no."), number.to_owned()),
        (lang.tr("Déposé le", "Deposited"), when.map_or_else(String::new, |when| when.get(&lang).to_owned())),
        (lang.tr("Empreinte", "Digest"), text(&json["statement"]["digest"])),
        (lang.tr("Conservé dans", "Kept in"), path.display().to_string()),
    ];
    let rows = rows.map(|(name, value)| format!("{name:<14}{}", escape_for_terminal(&value)));
    Ok(format!("{title}\n{}", rows.join("\n")))
}

/// A number as part of a file's name: it came from outside.
fn file_part(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace_private(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `/dev/full` does.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_receipt_that_cannot_be_printed_is_told_elsewhere() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        tell(&mut out, &mut err, "Reçu n° 2026-000001", Lang::Fr);
        assert_eq!((String::from_utf8(out).unwrap().as_str(), err.len()), ("Reçu n° 2026-000001\n", 0));
        tell(&mut Full, &mut err, "Reçu n° 2026-000001", Lang::Fr);
        let said = String::from_utf8(err).unwrap();
        assert!(said.starts_with("Reçu n° 2026-000001\nLe dépôt est fait"), "{said}");
        tell(&mut Full, &mut Full, "Reçu n° 2026-000001", Lang::Fr);
    }

    #[test]
    fn a_receipt_that_cannot_be_kept_does_not_make_the_deposit_undone() {
        let refused = anyhow::Error::new(DepositFindings(Vec::new(), 0)).context("cannot write receipt.json");
        let said = not_kept("2026-000001", &refused, Lang::Fr);
        assert!(said.downcast_ref::<DepositFindings>().is_none());
        let said = format!("{said:#}");
        assert!(said.contains("est déposé, reçu n° 2026-000001") && said.contains("receipt.json"), "{said}");
    }
}
