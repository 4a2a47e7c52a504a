//! No circle of files: what imports one another is one file, or wants a third one for what both need.

use super::{
    architecture::files,
    paths::{absolute, code, module_of, paths},
};
use crate::harness::installation::source;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Which file imports which. The file of a module above names and re-exports what stands below it, so an import of it says
/// nothing about an order.
fn imports(texts: &BTreeMap<Module, String>) -> Imports {
    let file_of = |path: Module| {
        let found = (1..=path.len()).rev().find(|length| texts.contains_key(&path[..*length]))?;
        Some(path[..found].to_vec())
    };
    let of = |module: &Module, text: &String| {
        let found = paths(&code(text)).into_iter().filter(|path| path.len() > 1);
        let targets: Vec<Module> = found
            .filter_map(|path| file_of(absolute(module, &path)))
            .filter(|target| !module.starts_with(target))
            .collect();
        (module.clone(), targets.into_iter().collect())
    };
    texts.iter().map(|(module, text)| of(module, text)).collect()
}

fn reached(imports: &Imports, from: &Module) -> BTreeSet<Module> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(module) = left.pop() {
        left.extend(imports[module].iter().filter(|next| seen.insert((*next).clone())));
    }
    seen
}

/// Files that reach one another, each circle once, as one line.
fn circles(imports: &Imports) -> BTreeSet<String> {
    let reach: BTreeMap<&Module, BTreeSet<Module>> =
        imports.keys().map(|module| (module, reached(imports, module))).collect();
    let back = |module: &Module, other: &Module| reach[module].contains(other) && reach[other].contains(module);
    let turns = reach.keys().filter(|module| back(module, module));
    let circle = |module: &&Module| {
        let all = reach.keys().filter(|other| back(module, other));
        all.map(|other| format!("{}.rs", other.join("/"))).collect::<Vec<_>>().join(", ")
    };
    turns.map(circle).collect()
}

#[test]
fn no_files_import_one_another() {
    let root = source("src");
    let mut texts = BTreeMap::new();
    for path in files(&root) {
        let module = module_of(path.strip_prefix(&root).unwrap());
        if !module.iter().any(|name| name == "tests") {
            texts.insert(module, std::fs::read_to_string(&path).unwrap());
        }
    }
    let found = circles(&imports(&texts));
    assert!(found.is_empty(), "circles of files:\n{}", found.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_circle_is_found_however_its_paths_are_written() {
    let among = |texts: &[(&str, &str)]| {
        let module = |file: &str| module_of(Path::new(file));
        let texts = texts.iter().map(|(file, text)| (module(file), (*text).to_owned())).collect();
        circles(&imports(&texts)).into_iter().collect::<Vec<_>>()
    };
    let above = ("a.rs", "mod b; mod c; pub use b::B;");
    assert!(among(&[above, ("a/b.rs", "use super::c::C;"), ("a/c.rs", "use super::Above;")]).is_empty());
    let both = ["a/b.rs, a/c.rs"];
    assert_eq!(among(&[above, ("a/b.rs", "use super::c::C;"), ("a/c.rs", "use crate::a::{b::B, Above};")]), both);
    assert_eq!(among(&[above, ("a/b.rs", "fn b() { super::c::d() }"), ("a/c.rs", "use super::{b::{self, B}};")]), both);
    let far = [above, ("a/b.rs", "use super::c::d::D;"), ("a/c.rs", ""), ("a/c/d.rs", "use super::super::b::B;")];
    assert_eq!(among(&far), ["a/b.rs, a/c/d.rs"]);
    let below = [("a.rs", "use b::B;"), ("a/b.rs", "use super::super::e::E;"), ("e.rs", "use crate::a::A;")];
    assert_eq!(among(&below), ["a.rs, a/b.rs, e.rs"]);
}
