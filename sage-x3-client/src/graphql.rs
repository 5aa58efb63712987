//! GraphQL: documents, requests, answers.

pub(crate) mod adaptation;
pub(crate) mod answer;
#[cfg(test)]
pub(crate) mod canned;
pub(crate) mod connection;
pub(crate) mod document;
#[cfg(test)]
mod evidence;
pub(crate) mod execute;
pub(crate) mod filter;
pub(crate) mod frame;
pub(crate) mod node_path;
pub(crate) mod operations;
pub(crate) mod order;
pub(crate) mod scalars;

pub use self::answer::GraphqlAnswer;

/// The beginning of a body that is not what was expected, fit for a message: one line, without control characters.
pub(crate) fn snippet(body: &[u8]) -> String {
    const LONGEST: usize = 160;
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * LONGEST)]);
    let mut line = String::new();
    for word in text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > LONGEST {
            return line.chars().take(LONGEST).chain("...".chars()).collect();
        }
    }
    line
}
