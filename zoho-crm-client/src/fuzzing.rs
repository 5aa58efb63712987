//! What the fuzz targets run, and what must hold for any bytes. Not covered by semver.
//!
//! `fuzz/` has a target of cargo-fuzz for each function here: `cargo +nightly fuzz run callback`, or
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run callback` on the stable toolchain. The tests below run the same functions without
//! it, over the seeds in `fuzz/corpus` and changes to them.

use bytes::Bytes;
use serde_json::Value;

use crate::{
    Account, ChannelId, Coql, CsvRow, FileLimits, Filter, PageToken, Record,
    api::{Received, parse_page},
    auth::normal_token_answer,
    bulk::{CsvReader, RowReader, RowsError},
    webhook::{BulkJobCall, WebhookVerifier},
};

const TOKEN: &str = "secret-token";

/// A call to a notification channel's URL, or to a bulk job's.
///
/// # Panics
/// When a call is taken for true that does not carry the channel's token.
pub fn callback(bytes: &[u8]) {
    let _ = BulkJobCall::parse(bytes);
    let verifier = WebhookVerifier::new(ChannelId::from(1_000_000_068_001), TOKEN.into());
    if verifier.max_bytes(64 * 1024).parse(bytes).is_ok() {
        // Not a `Value`, which refuses numbers that a reader who skips them does not mind.
        #[derive(serde::Deserialize)]
        struct Call {
            token: String,
        }
        let call = serde_json::from_slice::<Call>(bytes).ok();
        let token = call.as_ref().map(|call| call.token.as_str());
        assert_eq!(token, Some(TOKEN), "a forged call was taken for true");
    }
}

/// An answer of a token endpoint; the first byte stands for its status.
///
/// # Panics
/// When a success is made of an answer without an access token.
pub fn token_answer(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let status = [200, 400, 401, 429, 500, 502];
    let status = status.get(usize::from(*first) % status.len());
    if let Some((status, normal)) = normal_token_answer(*status.unwrap_or(&200), body) {
        let answer: Value = serde_json::from_slice(&normal).unwrap_or_default();
        let has_token = answer.get("access_token").is_some_and(Value::is_string);
        assert!(status != 200 || has_token, "a success without a token");
    }
}

/// A page of records.
///
/// # Panics
/// When a record is not the same after it was written and read again.
pub fn record_page(bytes: &[u8]) {
    let received = Received {
        response: http::Response::new(Bytes::copy_from_slice(bytes)),
        repeated: false,
    };
    let at = PageToken::first();
    if let Ok(page) = parse_page::<Record>(&received, &at, 200) {
        for record in &page.records {
            let text = serde_json::to_string(record).unwrap_or_default();
            let again: Option<Record> = serde_json::from_str(&text).ok();
            assert_eq!(again.as_ref(), Some(record), "a record has changed");
        }
    }
    if let Ok(page) = parse_page::<Account>(&received, &at, 200) {
        for account in &page.records {
            let record = Record::try_from(account).ok();
            let again = record.and_then(|record| Account::try_from(&record).ok());
            assert!(again.is_some(), "an account cannot be read again");
        }
    }
}

/// A file of a bulk job, as it is and as the text inside.
///
/// # Panics
/// When the rows depend on how the text was cut into pieces.
pub fn csv(bytes: &[u8]) {
    let limits = FileLimits::default()
        .max_bytes(1024 * 1024)
        .max_row_bytes(64 * 1024);
    let rows = rows_of(bytes, bytes.len(), limits);
    for piece in [1, 7] {
        assert_eq!(rows, rows_of(bytes, piece, limits), "rows depend on pieces");
    }
    let body = client_core::BodyStream::from(Bytes::copy_from_slice(bytes));
    let mut reader = RowReader::new(body, limits);
    // Nothing waits here, so that the future is ready at once.
    while let Some(Ok(Some(_))) =
        futures::FutureExt::now_or_never(reader.next()) as Option<Result<_, RowsError>>
    {}
}

fn rows_of(text: &[u8], piece: usize, limits: FileLimits) -> Result<Vec<CsvRow>, crate::FileError> {
    let mut reader = CsvReader::new(limits);
    let mut rows = Vec::new();
    for mut part in text.chunks(piece.max(1)).chain([&b""[..]]) {
        while let Some(row) = reader.next_row(&mut part)? {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A text as a value in a COQL query.
///
/// # Panics
/// When the text reaches beyond its quotes, or is not the same inside them.
pub fn coql(bytes: &[u8]) {
    let Ok(value) = std::str::from_utf8(bytes) else {
        return;
    };
    let query = Coql::select(["id"])
        .from("Accounts")
        .filter(Filter::eq("Account_Name", value));
    let Ok(text) = query.to_text() else {
        return;
    };
    let (_, quoted) = text.split_once("Account_Name = ").unwrap_or_default();
    assert!(quoted.starts_with('\''), "the value is not quoted");
    // Zoho doubles quotes; a reader that takes a backslash for an escape must find the same end.
    for backslash_escapes in [false, true] {
        let (end, inner) = read_quoted(quoted, backslash_escapes);
        let rest = quoted.get(end..).unwrap_or_default();
        assert!(
            !rest.contains('\''),
            "the value goes on behind its quotes: {rest}"
        );
        let expected = match backslash_escapes {
            true => value.to_owned(),
            false => value.replace('\\', r"\\"),
        };
        assert_eq!(inner, expected, "the value has changed");
    }
}

/// Where a quoted text ends, and what it says.
fn read_quoted(text: &str, backslash_escapes: bool) -> (usize, String) {
    let mut inner = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' if backslash_escapes => inner.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if letters.next_if(|(_, next)| *next == '\'').is_some() => inner.push('\''),
            '\'' => return (place + 1, inner),
            other => inner.push(other),
        }
    }
    (text.len(), inner)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::prelude::*;

    use super::*;

    type Target = fn(&[u8]);

    const TARGETS: [(&str, Target); 5] = [
        ("callback", callback),
        ("token_answer", token_answer),
        ("record_page", record_page),
        ("csv", csv),
        ("coql", coql),
    ];

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let files = fs::read_dir(corpus.join(target)).unwrap();
        files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    #[test]
    fn the_seeds_pass_and_reach_what_they_are_for() {
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            assert!(!seeds.is_empty(), "{name} has no seeds");
            seeds.iter().for_each(|seed| target(seed));
        }
        let verifier = WebhookVerifier::new(ChannelId::from(1_000_000_068_001), TOKEN.into());
        assert!(
            seeds("callback")
                .iter()
                .any(|seed| verifier.parse(seed).is_ok())
        );
        assert!(seeds("token_answer").iter().any(|seed| {
            normal_token_answer(200, &seed[1..]).is_some_and(|(status, _)| status == 200)
        }));
        assert!(seeds("csv").iter().any(|seed| {
            rows_of(seed, 9, FileLimits::default()).is_ok_and(|rows| rows.len() > 1)
        }));
    }

    /// What a fuzzer does to its seeds, on a small scale.
    fn change(mut seed: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
        for (place, kind, byte) in changes {
            let place = place % (seed.len() + 1);
            match kind % 4 {
                0 => seed.insert(place, *byte),
                1 if place < seed.len() => seed[place] = *byte,
                2 if place < seed.len() => drop(seed.remove(place)),
                _ => seed.truncate(seed.len().max(1) - 1),
            }
        }
        seed
    }

    proptest! {
        #[test]
        fn changed_seeds_pass(pick in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..6)) {
            for (name, target) in TARGETS {
                let seeds = seeds(name);
                target(&change(seeds[pick.index(seeds.len())].clone(), &changes));
            }
        }

        #[test]
        fn any_bytes_pass(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for (_, target) in TARGETS {
                target(&bytes);
            }
        }

        #[test]
        fn any_text_is_quoted(text in "[\\PC'\\\\\"\n]{0,40}") {
            coql(text.as_bytes());
        }
    }
}
