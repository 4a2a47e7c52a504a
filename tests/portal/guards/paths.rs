//! The paths that a file of the source names, and the modules that they lead to.

use std::path::{Component, Path};

/// The module of a file below `src`: `web/error.rs` is `web`, `error`.
pub fn module_of(file: &Path) -> Vec<String> {
    let whole = file.with_extension("");
    whole.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect()
}

/// The code of a file without its comments, and without the tests at its end.
pub fn code(text: &str) -> String {
    let bare: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let bare = bare.join("\n");
    let tests = bare.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let item = bare[at + "#[cfg(test)]".len()..].trim_start();
        item.split_once('{').is_some_and(|(head, _)| head.contains("mod ") && !head.contains(';'))
    });
    bare[..tests.unwrap_or(bare.len())].to_owned()
}

/// The paths that the code names: in its `use` declarations, and wherever one begins with `crate`, `self` or `super`.
pub fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut from = 0;
    for (at, _) in code.match_indices("use ") {
        if at < from || code[..at].chars().next_back().is_some_and(continues) {
            continue;
        }
        let Some(length) = code[at..].find(';') else { break };
        leaves(&code[at + "use ".len()..at + length], &[], &mut found);
        rest.push_str(&code[from..at]);
        from = at + length;
    }
    rest.push_str(&code[from..]);
    for root in ["crate::", "self::", "super::"] {
        for (at, _) in rest.match_indices(root) {
            if rest[..at].chars().next_back().is_some_and(|c| continues(c) || matches!(c, ':' | '$')) {
                continue;
            }
            let path: String = rest[at..].chars().take_while(|c| continues(*c) || *c == ':').collect();
            found.push(path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
    }
    found
}

/// Whether a character may belong to a name.
fn continues(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every single path of a tree of imports.
fn leaves(tree: &str, prefix: &[String], found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let names = |path: &str| {
        let path = path.split(" as ").next().unwrap_or_default();
        let names = path.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "*");
        prefix.iter().cloned().chain(names.map(str::to_owned)).collect::<Vec<String>>()
    };
    let Some((head, group)) = tree.split_once('{') else { return found.push(names(tree)) };
    let (prefix, mut depth, mut from) = (names(head), 0, 0);
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                leaves(&group[from..at], &prefix, found);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !group[from..].trim().is_empty() {
        leaves(&group[from..], &prefix, found);
    }
}

/// Where a path leads from the root of the crate, named in a module.
pub fn absolute(module: &[String], path: &[String]) -> Vec<String> {
    let mut base = module.to_vec();
    let mut path = path;
    while let Some((first, rest)) = path.split_first() {
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => drop(base.pop()),
            _ => break,
        }
        path = rest;
    }
    base.into_iter().chain(path.iter().cloned()).collect()
}

/// The files below `src` that a file takes into the binary, as paths below `src`.
pub fn included(file: &Path, text: &str) -> Vec<String> {
    let calls = ["include_str!(\"", "include_bytes!(\""]
        .into_iter()
        .flat_map(|call| text.match_indices(call).filter_map(move |(at, _)| text[at + call.len()..].split('"').next()));
    calls.filter_map(|name| within(&file.parent().unwrap_or(Path::new("")).join(name))).collect()
}

/// A path below `src` without its `..`; none when it leads out.
fn within(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()?),
            part => parts.push(part.as_os_str().to_str()?),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn paths_are_found_in_groups_and_in_the_middle_of_the_code() {
    let text = "use super::{\n    super::shell::{self, Shell},\n    field, // and more\n};\nuse crate::domain::text::Text as T;\n\
                fn a() { super::super::Mark::of(self::b::c(), because) }\n#[cfg(test)]\nmod tests { use crate::app::App; }";
    let module: Vec<String> = ["web", "view", "input"].map(str::to_owned).into();
    let found: Vec<String> = paths(&code(text)).iter().map(|path| absolute(&module, path).join("/")).collect();
    let told = [
        "web/shell/self", "web/shell/Shell", "web/view/field", "domain/text/Text", "web/view/input/b/c", "web/Mark/of",
    ];
    assert_eq!(found, told);
    assert_eq!(
        included(Path::new("auth/policy/tests.rs"), "include_str!(\"../../web/assets/a.js\")"),
        ["web/assets/a.js"]
    );
    assert!(included(Path::new("app/seed.rs"), "include_str!(\"../../docs/a.toml\")").is_empty(), "not of ours");
}
