//! What files may be called, how long they may be, and what must not stand in them.

use std::fs;

use crate::{
    source_text::{without_comments, words},
    tree::{TextFile, assert_none, members, rust_files, text_files},
};

/// Every line of `files` that `is_wrong`, by its place.
fn lines_that(files: &[TextFile], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            let numbered = file.text.lines().enumerate();
            numbered
                .filter(|(_, line)| is_wrong(line))
                .map(|(index, line)| format!("{}:{}: {}", file.path, index + 1, line.trim()))
        })
        .collect()
}

/// The same files with the comments taken out.
fn code_of(files: Vec<TextFile>) -> Vec<TextFile> {
    let code = |file: TextFile| TextFile {
        text: without_comments(&file.text),
        path: file.path,
    };
    files.into_iter().map(code).collect()
}

#[test]
fn every_member_takes_the_lints_of_the_workspace() {
    let without: Vec<String> = members()
        .into_iter()
        .filter(|member| {
            let manifest = fs::read_to_string(&member.manifest).unwrap();
            let mut lines = manifest.lines().map(str::trim);
            lines.find(|line| *line == "[lints]").is_none()
                || lines.next() != Some("workspace = true")
        })
        .map(|member| member.name)
        .collect();
    assert_none("`[lints] workspace = true` is missing", &without);
}

#[test]
fn nothing_is_left_for_later() {
    // Written in pieces so that this file keeps its own rule.
    let macros = [concat!("to", "do!"), concat!("unimple", "mented!")];
    let ignored = concat!("#[", "ignore");
    let offences = lines_that(&code_of(rust_files()), |line| {
        macros.iter().any(|name| line.contains(name)) || line.contains(ignored)
    });
    assert_none(
        "code that is not there, or a test that is not run",
        &offences,
    );

    let marks = [concat!("FIX", "ME"), concat!("TO", "DO")];
    let offences = lines_that(&text_files(), |line| {
        words(line).any(|word| marks.contains(&word))
    });
    assert_none("finish it, or leave the mark out", &offences);
}

#[test]
fn file_names_say_what_is_inside() {
    let vague = ["utils", "util", "common", "helpers", "helper", "misc"];
    let offences: Vec<String> = rust_files()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            let mut parts = path.split('/').map(|part| part.trim_end_matches(".rs"));
            parts.any(|part| vague.contains(&part))
        })
        .collect();
    assert_none("a name that fits everything tells nothing", &offences);
}

#[test]
fn no_rust_file_is_longer_than_a_reader_can_hold() {
    let offences: Vec<String> = rust_files()
        .iter()
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|(lines, _)| *lines > 800)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_none("more than 800 lines", &offences);
}

#[test]
fn product_code_holds_no_binary_floating_point() {
    let mut files = rust_files();
    files.retain(TextFile::is_product);
    let floats = [concat!("f", "64"), concat!("f", "32")];
    // Serde's macro for the methods that a deserializer only passes on must be given every type there is.
    let passes_on = |line: &str| {
        line.trim_start()
            .starts_with("bool i8 i16 i32 i64 i128 u8 ")
    };
    let offences = lines_that(&code_of(files), |line| {
        !passes_on(line) && words(line).any(|word| floats.contains(&word))
    });
    assert_none("money and quantities are decimals", &offences);
}

#[test]
fn the_engine_names_neither_system() {
    let mut files = rust_files();
    files.retain(|file| {
        let Some(path) = file.path.strip_prefix("sync-core/src/") else {
            return false;
        };
        let may_name_them = ["x3", "zoho", "flows"].iter().any(|module| {
            path == format!("{module}.rs") || path.starts_with(&format!("{module}/"))
        });
        !may_name_them && path != "lib.rs"
    });
    assert!(files.len() > 5, "the engine has {} files", files.len());
    assert_none(
        "only the adapters and the flows know X3 and Zoho",
        &lines_that(&code_of(files), names_a_system),
    );
}

fn names_a_system(code: &str) -> bool {
    words(code).any(|word| {
        let word = word.to_lowercase();
        word.contains("zoho")
            || word.starts_with("sage_x3")
            || word.split('_').any(|part| part == "x3")
    })
}

#[test]
fn the_face_of_the_engine_names_the_systems_only_to_declare_their_modules() {
    let mut files = rust_files();
    files.retain(|file| file.path == "sync-core/src/lib.rs");
    let offences = lines_that(&code_of(files), |line| {
        let declares = ["pub mod ", "mod ", "pub use ", "#[cfg("]
            .iter()
            .any(|start| line.starts_with(start));
        names_a_system(line) && !declares
    });
    assert_none("lib.rs declares and re-exports", &offences);
}

#[test]
fn no_path_of_a_machine_and_no_private_registry_is_committed() {
    let wrong = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("\\Us", "ers\\"),
        concat!("/wo", "rk/"),
        concat!("arti", "factory"),
        concat!("index.crates", ".io"),
    ];
    let offences = lines_that(&text_files(), |line| {
        wrong.iter().any(|text| line.contains(text))
    });
    assert_none("it means nothing elsewhere", &offences);
}

#[test]
fn every_locked_dependency_comes_from_crates_io() {
    let mut lock = text_files();
    lock.retain(|file| file.path == "Cargo.lock");
    assert_eq!(lock.len(), 1, "Cargo.lock is committed");
    let crates_io = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let offences = lines_that(&lock, |line| {
        line.starts_with("source = ") && line != crates_io
    });
    assert_none("another source", &offences);
}

#[test]
fn the_face_of_a_library_holds_no_logic() {
    let mut files = rust_files();
    files.retain(|file| {
        let library = file.path.strip_suffix("/src/lib.rs");
        library.is_some_and(|library| crate::tree::LIBRARIES.contains(&library))
    });
    assert_eq!(files.len(), 4);
    let offences = lines_that(&code_of(files), |line| {
        let mut start = words(line).filter(|word| *word != "pub");
        matches!(
            start.next(),
            Some("fn" | "struct" | "enum" | "trait" | "impl" | "async" | "const" | "static")
        )
    });
    assert_none(
        "lib.rs holds documentation, modules and re-exports",
        &offences,
    );
}
