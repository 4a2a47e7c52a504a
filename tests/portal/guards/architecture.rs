//! The direction of dependencies, and what each layer may know.

use super::paths::{absolute, code, included, module_of, paths};
use crate::harness::installation::source;
use std::path::{Path, PathBuf};

/// Module and the modules of ours that it may name.
const MAY: [(&str, &[&str]); 13] = [
    ("domain", &["domain"]),
    ("build", &["build"]),
    ("config", &["config", "domain"]),
    ("private_file", &["private_file"]),
    ("auth", &["auth", "domain"]),
    ("store", &["store", "auth", "domain", "config"]),
    ("blob", &["blob", "domain", "config"]),
    ("app", &["app", "adapters", "auth", "store", "blob", "domain", "config", "build"]),
    ("web", &["web", "app", "auth", "store", "domain"]),
    ("edge", &["edge", "auth", "store", "domain", "config", "build", "private_file"]),
    ("ops", &["ops", "adapters", "app", "store", "domain", "config", "build", "private_file"]),
    ("adapters", &["adapters", "domain", "config"]),
    (
        "cli",
        &[
            "cli", "web", "edge", "ops", "adapters", "app", "auth", "store", "blob", "domain", "config", "build",
            "private_file",
        ],
    ),
];

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn module(path: &Path) -> String {
    let relative = path.strip_prefix(source("src")).unwrap();
    relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The modules that a file climbs to by `super`, and those of whose files it makes a part of itself.
fn climbed(path: &Path, text: &str) -> Vec<String> {
    let root = source("src");
    let file = path.strip_prefix(&root).unwrap();
    let module = module_of(file);
    let up = paths(&code(text)).into_iter().filter(|path| path.first().is_some_and(|first| first == "super"));
    let up = up.filter_map(|path| absolute(&module, &path).into_iter().next());
    let parts = included(file, text).into_iter().filter_map(|path| path.split('/').next().map(str::to_owned));
    up.chain(parts).collect()
}

/// The modules that a file names after `crate::`, one by one and in groups.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with("$") {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                if depth == 1 && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if depth == 1 && !word.is_empty() {
                    names.push(std::mem::take(&mut word));
                    // What follows `::` belongs to the same module.
                }
            }
            names.extend(Some(word).filter(|word| !word.is_empty()));
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

#[test]
fn dependencies_point_one_way() {
    let known: Vec<&str> = MAY.iter().map(|(name, _)| *name).collect();
    let mut faults = Vec::new();
    for path in files(&source("src")) {
        let name = module(&path);
        let Some((_, may)) = MAY.iter().find(|(module, _)| *module == name) else {
            assert!(
                matches!(name.as_str(), "lib" | "main" | "mutations" | "testing"),
                "{name} has no line in the table of the guard"
            );
            continue;
        };
        let text = std::fs::read_to_string(&path).unwrap();
        for used in named(&text).into_iter().chain(climbed(&path, &text)) {
            if known.contains(&used.as_str()) && !may.contains(&used.as_str()) {
                faults.push(format!("{}: {name} may not use {used}", path.display()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{}\nChange the code, or the table together with docs/architecture.md.",
        faults.join("\n")
    );
}

#[test]
fn layers_know_only_their_own_trade() {
    let forbidden: [(&str, &[&str]); 4] = [
        (
            "domain",
            &[
                "tokio::", "sqlx::", "axum::", "std::fs", "std::net", "Timestamp::now", "SystemTime::now",
                "Uuid::new_v4()",
            ],
        ),
        ("store", &["axum::"]),
        ("app", &["axum::", "StatusCode", "sqlx::query"]),
        ("web", &["sqlx::", "Timestamp::now", "std::fs::"]),
    ];
    let mut faults = Vec::new();
    for path in files(&source("src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests.rs" | "tests" | "samples.rs")))
        {
            continue;
        }
        let name = module(&path);
        for (_, words) in forbidden.iter().filter(|(module, _)| *module == name) {
            faults.extend(
                words.iter().filter(|word| code.contains(*word)).map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_leave_for_people_by_one_way() {
    // Whoever opens an attachment for a person asks for its virus scan first (decision 24).
    let known = [
        // To their owner, who may open everything.
        ("app/account/export.rs", ".file_once(", 1),
        ("app/dossier/open_piece.rs", "blobs.file(", 1),
        ("app/service/piece_text.rs", ".file_once(", 1),
        ("app/service/restore.rs", ".file_once(", 1),
        ("app/service/scan.rs", ".file_once(", 1),
    ];
    let mut found = Vec::new();
    for path in files(&source("src")) {
        let file = path.strip_prefix(source("src")).unwrap().to_str().unwrap().to_owned();
        if file.starts_with("blob") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["blobs.file(", ".file_once("] {
            let times = text.matches(word).count();
            if times > 0 {
                found.push((file.clone(), word, times));
            }
        }
    }
    found.sort();
    let known: Vec<_> = known.into_iter().map(|(file, word, times)| (file.to_owned(), word, times)).collect();
    assert_eq!(found, known, "hand files out by App::open_file, or name here what gives them to nobody");
}

#[test]
fn pieces_come_to_be_in_one_place() {
    // App::write_piece queues the file of each row for the virus scan (decision 24).
    let mut found = Vec::new();
    for path in files(&source("src")) {
        let file = path.strip_prefix(source("src")).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["piece::replace(", "into piece "] {
            found.extend(text.matches(word).map(|_| (file.clone(), word)));
        }
    }
    found.sort();
    let known = [("app/dossier/attach.rs", "piece::replace("), ("store/piece.rs", "into piece ")];
    assert_eq!(found, known.map(|(file, word)| (file.to_owned(), word)), "write pieces by App::write_piece");
}

#[test]
fn only_the_command_line_prints_or_exits() {
    let mut faults = Vec::new();
    for path in files(&source("src")) {
        let name = module(&path);
        if matches!(name.as_str(), "cli" | "main") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["println!", "eprintln!", "process::exit"] {
            if text.split("#[cfg(test)]").next().unwrap().contains(word) && !path.ends_with("tests.rs") {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
