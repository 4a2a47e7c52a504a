//! `guichet verify`: checks a receipt and the files that it seals, without the portal.

use super::{digest::sha256, lang};
use crate::domain::{
    finding::and_more,
    json::{self, JsonFault, Limits},
    piece::AttachedPiece,
    receipt::{self, PublicKey},
    text::{Lang, terminal::escape_for_terminal},
};
use anyhow::{Context, anyhow, bail};
use serde_json::Value as Json;
use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `guichet verify`.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// Receipt file.
    #[arg(value_name = "RECEIPT.json")]
    receipt: PathBuf,
    /// Folder with the deposited files, to compare.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The portal's published keys, from /.well-known/guichet-receipt-keys.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Language: fr or en.
    #[arg(long, value_name = "LANG", default_value = "fr", value_parser = lang)]
    lang: Lang,
}

/// Prints every check. Exit code 0 when the receipt is valid and its signer is known; 1 when something differs or no
/// published keys were given, because anyone who can write a file can also sign it with another key.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let bytes = read(&args.receipt, receipt::MAX_RECEIPT_BYTES)?;
    if let Err(error) = receipt::read(&bytes)
        && matches!(error.fault, JsonFault::Broken(_) | JsonFault::CutShort(_))
    {
        let why = receipt::why_unreadable(&bytes, &error);
        bail!("{}: {}", args.receipt.display(), why.get(&args.lang));
    }
    let keys = args.keys.as_deref().map(|path| read_keys(path, args.lang)).transpose()?;
    let mut out =
        VerificationPrinter { out: io::stdout().lock(), lang: args.lang, differences: 0, signer_known: false };
    let known = keys.as_deref().unwrap_or_default();
    let (report, json) = receipt::verify_bytes(&bytes, known);
    out.signer_known = report.key_known;
    for check in report.checks {
        out.line(check.passed, check.message.get(&args.lang))?;
    }
    if let Some(more) = and_more(report.omitted) {
        out.differences += report.omitted;
        writeln!(out.out, "✘ {}", more.get(&args.lang))?;
    }
    if known.is_empty() {
        out.key_not_compared(json["statement"]["key"].as_str().unwrap_or("?"), keys.is_some())?;
    }
    if let Some(folder) = &args.folder {
        files(&json, folder, &mut out)?;
    }
    out.verdict(&json)
}

/// At most this many bytes in a list of keys.
const MAX_KEYS_BYTES: usize = 1024 * 1024;

/// The bytes of a file, and at most one more than the limit.
fn read(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path);
    file.and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}

fn read_keys(path: &Path, lang: Lang) -> anyhow::Result<Vec<PublicKey>> {
    let bytes = read(path, MAX_KEYS_BYTES)?;
    json::from_slice(&bytes, Limits::bytes(MAX_KEYS_BYTES)).map_err(|error| {
        let words = lang.tr(
            "n’est pas la liste de clés que le portail publie sous /.well-known/guichet-receipt-keys",
            "is not the list of keys that the portal publishes at /.well-known/guichet-receipt-keys",
        );
        anyhow!("{} {words}: {}", path.display(), error.message().get(&lang))
    })
}

struct VerificationPrinter<W> {
    out: W,
    lang: Lang,
    differences: usize,
    /// The key is among the given published keys.
    signer_known: bool,
}

impl<W: Write> VerificationPrinter<W> {
    fn line(&mut self, passed: bool, text: &str) -> io::Result<()> {
        self.differences += usize::from(!passed);
        writeln!(self.out, "{} {}", if passed { '✔' } else { '✘' }, escape_for_terminal(text))
    }

    fn key_not_compared(&mut self, key: &str, list_is_empty: bool) -> io::Result<()> {
        let why = if list_is_empty {
            self.lang.tr("la liste donnée est vide", "the list given is empty")
        } else {
            self.lang.tr("donnez-la avec --keys", "give it with --keys")
        };
        let text = self.lang.tr(
            "La clé n’a pas été comparée à la liste publiée par le portail",
            "The key was not compared with the list that the portal publishes",
        );
        let id = self.lang.tr("Identifiant de la clé", "Id of the key");
        writeln!(self.out, "! {text} ({why}). {id} : {}", escape_for_terminal(key))
    }

    fn verdict(mut self, json: &Json) -> anyhow::Result<ExitCode> {
        let lang = self.lang;
        let number = escape_for_terminal(json["statement"]["number"].as_str().unwrap_or("?"));
        if self.differences == 0 && !self.signer_known {
            let text = lang.tr(
                "est intact, mais rien ne dit encore qui l’a signé : comparez sa clé avec --keys",
                "is intact, but nothing says yet who signed it: compare its key with --keys",
            );
            writeln!(self.out, "{} {number} {text}.", lang.tr("Le reçu", "Receipt"))?;
            return Ok(ExitCode::FAILURE);
        }
        if self.differences == 0 {
            let when = receipt::deposited_at(&json["manifest"]);
            let when = when.as_ref().map_or("?", |when| when.get(&lang));
            let (receipt, holds) =
                (lang.tr("Le reçu", "Receipt"), lang.tr("est valable : déposé le", "is valid: deposited on"));
            writeln!(self.out, "{receipt} {number} {holds} {when}.")?;
            return Ok(ExitCode::SUCCESS);
        }
        let (receipt, fails) =
            (lang.tr("Le reçu", "Receipt"), lang.tr("ne correspond pas : différences", "does not match: differences"));
        writeln!(self.out, "{receipt} {number} {fails}: {}", self.differences)?;
        Ok(ExitCode::FAILURE)
    }
}

/// Looks for every sealed piece in a folder: by its name first, then among all files of its length.
fn files<W: Write>(json: &Json, folder: &Path, out: &mut VerificationPrinter<W>) -> anyhow::Result<()> {
    let present = walk(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let sealed = json["manifest"]["pieces"].as_object().into_iter().flatten();
    for (code, piece) in sealed {
        let Ok(piece) = serde_json::from_value::<AttachedPiece>(piece.clone()) else {
            out.line(
                false,
                &format!("{code}: {}", out.lang.tr("scellée d’une façon illisible", "sealed in an unreadable way")),
            )?;
            continue;
        };
        let (passed, text) = compare(&piece, folder, &present, out.lang)?;
        out.line(passed, &text)?;
    }
    Ok(())
}

fn compare(
    piece: &AttachedPiece,
    folder: &Path,
    present: &[(PathBuf, u64)],
    lang: Lang,
) -> anyhow::Result<(bool, String)> {
    let AttachedPiece { code, name, sha256: sealed, bytes, .. } = piece;
    let digest = |path: &Path| sha256(path).with_context(|| format!("cannot read {}", path.display()));
    // A sealed name contains no folder; a manipulated one must not lead out of this folder.
    let named = present
        .iter()
        .find(|(path, _)| path.file_name().is_some_and(|file| file == name.as_str()) && path.parent() == Some(folder));
    if let Some((path, _)) = named
        && digest(path)?.0 == *sealed
    {
        let text = lang.tr("est le fichier qui a été scellé", "is the file that was sealed");
        return Ok((true, format!("{code}: {name} {text}.")));
    }
    for (path, _) in present.iter().filter(|(_, length)| length == bytes) {
        if digest(path)?.0 == *sealed {
            let text =
                lang.tr("est le fichier qui a été scellé sous le nom", "is the file that was sealed under the name");
            return Ok((true, format!("{code}: {} {text} {name}.", path.display())));
        }
    }
    let text = match named {
        Some(_) => lang.tr("diffère du fichier qui a été scellé", "differs from the file that was sealed"),
        None => lang.tr(
            "n’est pas dans ce dossier, ni aucun fichier identique",
            "is not in this folder, nor is any identical file",
        ),
    };
    Ok((false, format!("{code}: {name} {text} (SHA-256 {sealed}).")))
}

/// Every file below a folder with its length, in order. Links to folders are not followed, because they may form a
/// cycle.
fn walk(folder: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Some(file) = fs::metadata(entry.path()).ok().filter(fs::Metadata::is_file) {
                found.push((entry.path(), file.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn report(names: &[(&str, &str)]) -> (usize, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in names {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let piece = AttachedPiece {
            code: "P7".into(),
            sha256: SHA256_OF_ABC.into(),
            name: "kbis.pdf".into(),
            media: "application/pdf".into(),
            bytes: 3,
            issued: None,
            inspection: None,
        };
        let json = serde_json::json!({ "manifest": { "pieces": { "P7": piece } } });
        let mut printed = VerificationPrinter { out: Vec::new(), lang: Lang::En, differences: 0, signer_known: true };
        files(&json, folder.path(), &mut printed).unwrap();
        (printed.differences, String::from_utf8(printed.out).unwrap())
    }

    #[test]
    fn a_file_is_known_by_its_bytes() {
        assert_eq!(report(&[("kbis.pdf", "abc")]), (0, "✔ P7: kbis.pdf is the file that was sealed.\n".into()));
        let (differences, text) = report(&[("kbis.pdf", "abd"), ("copy.pdf", "abc")]);
        assert!(
            differences == 0 && text.contains("copy.pdf is the file that was sealed under the name kbis.pdf"),
            "{text}"
        );
    }

    #[test]
    fn c3_a_forged_name_writes_no_line_of_ours() {
        let forged = "x\u{1b}[1A\r✔ a.\n✔ b.\n✔ c.\n✔ d.\n✔ e.\n✔ f.\u{202e}";
        let mut printed = VerificationPrinter { out: Vec::new(), lang: Lang::En, differences: 0, signer_known: false };
        printed.line(false, &format!("“{forged}” was not in what was sealed.")).unwrap();
        printed.key_not_compared(forged, false).unwrap();
        let context = serde_json::json!({ "instant_utc": forged, "zone": forged });
        let json = serde_json::json!({ "statement": { "number": forged }, "manifest": { "context": context } });
        let mut out = printed.out.clone();
        for (differences, signer_known) in [(0, true), (0, false), (1, true)] {
            let mut part = Vec::new();
            VerificationPrinter { out: &mut part, lang: Lang::En, differences, signer_known }.verdict(&json).unwrap();
            out.extend(part);
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(!text.contains(['✔', '\u{1b}', '\r', '\u{202e}']), "{text}");
    }

    #[test]
    fn a_changed_file_and_a_missing_one_are_told_apart() {
        let (differences, text) = report(&[("kbis.pdf", "abd")]);
        assert!(differences == 1 && text.starts_with("✘ P7: kbis.pdf differs"), "{text}");
        let (differences, text) = report(&[]);
        assert!(differences == 1 && text.contains("is not in this folder"), "{text}");
    }
}
