//! The functions of the portal that the model names have to exist.

use std::{collections::BTreeSet, fs, path::Path};

/// Files of the model whose comments name functions.
const SOURCES: [&str; 4] =
    [include_str!("model.rs"), include_str!("process.rs"), include_str!("rules.rs"), include_str!("server.rs")];
const MODULES: [&str; 4] = ["app::", "domain::", "store::", "web::"];

#[test]
fn the_functions_that_the_model_names_exist() {
    let named: BTreeSet<&str> =
        SOURCES.iter().flat_map(|source| source.split('`')).filter(|word| is_path(word)).collect();
    assert!(named.len() > 15, "the comments of the model name functions: {named:?}");
    let missing: Vec<&str> = named.into_iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "the model names what the portal no longer has: {missing:?}");
}

fn is_path(word: &str) -> bool {
    MODULES.iter().any(|module| word.starts_with(module)) && !word.contains(char::is_whitespace)
}

/// Whether the file of a module has a function, or a macro, of this name.
fn exists(path: &str) -> bool {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let text = fs::read_to_string(source.join(module.replace("::", "/")).with_extension("rs")).unwrap_or_default();
    let definitions = match name.strip_suffix('!') {
        Some(name) => vec![format!("macro_rules! {name} ")],
        None => vec![format!("fn {name}("), format!("fn {name}<")],
    };
    definitions.iter().any(|definition| text.contains(definition))
}
