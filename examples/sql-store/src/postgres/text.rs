//! Texts as PostgreSQL can keep them: it takes every character but U+0000.
//!
//! U+0000 becomes U+0001 and `0`, U+0001 becomes U+0001 and `1`. Texts sort as before.

use std::borrow::Cow;

const MARK: char = '\u{1}';

pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => escaped.extend([MARK, '0']),
            MARK => escaped.extend([MARK, '1']),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

pub(super) fn unescaped(text: &str) -> String {
    let mut pieces = text.split(MARK);
    let mut unescaped = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.strip_prefix('0') {
            Some(rest) => unescaped.extend(["\0", rest]),
            None => unescaped.extend(["\u{1}", piece.strip_prefix('1').unwrap_or(piece)]),
        }
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back_and_sort_as_before(one in "[\\x00-\\x02ab01]{0,8}", other in "[\\x00-\\x02ab01]{0,8}") {
            prop_assert!(!escaped(&one).contains('\0'));
            prop_assert_eq!(unescaped(&escaped(&one)), one.clone());
            prop_assert_eq!(escaped(&one).cmp(&escaped(&other)), one.cmp(&other));
        }
    }
}
