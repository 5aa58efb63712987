//! Types of other crates that must not stand in public signatures.

use crate::{
    source_text::{without_comments, words},
    tree::{LIBRARIES, assert_none, rust_files},
};

/// Implementation choices. Each would tie our versions to theirs; docs/decisions says which others may stand there.
const PRIVATE_CRATES: [&str; 10] = [
    "aws_lc_rs",
    "backon",
    "chrono",
    "graphql_client",
    "hyper",
    "jsonwebtoken",
    "oauth2",
    "reqwest",
    "tokio",
    "tower",
];

/// What `code` declares `pub`: functions up to their body, enums with all their variants, everything else up to `{`
/// or `;`.
fn public_signatures(code: &str) -> Vec<String> {
    let mut signatures = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        if !start.starts_with("pub ") || start.starts_with("pub mod ") {
            continue;
        }
        let whole_body = start.starts_with("pub enum ");
        let mut signature = start.to_owned();
        while !is_complete(&signature, whole_body) {
            let Some(next) = lines.next() else { break };
            signature.push(' ');
            signature.push_str(next.trim());
        }
        let end = signature
            .find('{')
            .filter(|_| !whole_body && !start.starts_with("pub use "));
        signature.truncate(end.unwrap_or(signature.len()));
        signatures.push(signature);
    }
    signatures
}

fn is_complete(signature: &str, whole_body: bool) -> bool {
    let count = |wanted: char| signature.chars().filter(|c| *c == wanted).count();
    if whole_body || signature.starts_with("pub use ") {
        return signature.contains(['}', ';']) && count('{') == count('}');
    }
    let is_field = signature.ends_with(',') && count('(') == count(')') && count('<') == count('>');
    is_field || signature.contains(['{', ';'])
}

/// Names in `code` that stand for a private crate or one of its items.
fn private_names(code: &str) -> Vec<String> {
    let mut names: Vec<String> = PRIVATE_CRATES.map(str::to_owned).into();
    for statement in code.split(';') {
        let Some(import) = statement.trim_start().strip_prefix("use ") else {
            continue;
        };
        let mut imported = words(import);
        if imported
            .next()
            .is_some_and(|first| PRIVATE_CRATES.contains(&first))
        {
            names.extend(
                imported
                    .filter(|word| word.starts_with(char::is_uppercase))
                    .map(str::to_owned),
            );
        }
    }
    names
}

fn offences_in(code: &str) -> Vec<String> {
    let private = private_names(code);
    // A conversion is public wherever it stands.
    let conversions = code
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("impl From<") || line.starts_with("impl TryFrom<"))
        .map(str::to_owned);
    public_signatures(code)
        .into_iter()
        .chain(conversions)
        .filter(|signature| {
            let mut names = words(signature);
            names.any(|word| private.iter().any(|name| name == word))
        })
        .collect()
}

#[test]
fn no_public_signature_of_a_library_names_an_implementation_choice() {
    let mut offences = Vec::new();
    for file in rust_files() {
        let is_library = LIBRARIES
            .iter()
            .any(|library| file.path.starts_with(&format!("{library}/src/")));
        // Our feature and module `reqwest` are called after the crate.
        let is_our_transport = file.path.starts_with("client-core/src/");
        if !is_library {
            continue;
        }
        for signature in offences_in(&without_comments(&file.text)) {
            let re_exports_ours =
                is_our_transport && signature.starts_with("pub use self::reqwest::");
            if !re_exports_ours {
                offences.push(format!("{}: {signature}", file.path));
            }
        }
    }
    assert_none(
        "docs/decisions says which foreign types are public",
        &offences,
    );
}

#[test]
fn a_private_type_is_found_wherever_a_signature_can_name_it() {
    for offence in [
        "pub fn client(&self) -> &reqwest::Client {",
        "use reqwest::{Client, Response};\n    pub async fn send(\n        &self,\n        client: &Client,\n    ) -> Result<(), Error> {",
        "pub enum Error {\n    Transport(\n        reqwest::Error,\n    ),\n}",
        "pub struct Tokens {\n    pub access: oauth2::AccessToken,\n}",
        "pub use graphql_client::GraphQLQuery;",
        "impl From<reqwest::Error> for Error {",
    ] {
        assert_eq!(offences_in(offence).len(), 1, "{offence}");
    }
    for fine in [
        "pub fn client(&self) -> Client {\n    reqwest::Client::new()\n}",
        "use reqwest::Client;\npub struct Transport {\n    client: Client,\n    pub name: String,\n}",
        "pub(crate) fn client(&self) -> &reqwest::Client {",
        "pub fn build(self) -> Result<Transport, Error> {\n    let tower = 1;\n}",
    ] {
        assert_eq!(offences_in(fine), Vec::<String>::new(), "{fine}");
    }
}
