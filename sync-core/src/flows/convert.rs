//! Conversions that several flows use.

use std::{collections::BTreeSet, sync::Arc};

use crate::{mapping::Convert, side::Side, value::Value};

/// Says of a word of one side whether it is one of some; the other side holds yes or no.
#[derive(Debug)]
pub(super) struct IsOneOf {
    side: Side,
    words: BTreeSet<String>,
}

impl IsOneOf {
    pub(super) fn on<T: AsRef<str>>(side: Side, words: impl IntoIterator<Item = T>) -> Arc<Self> {
        let words = words.into_iter();
        let words = words.map(|word| word.as_ref().to_lowercase()).collect();
        Arc::new(Self { side, words })
    }
}

impl Convert for IsOneOf {
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        match value {
            Value::Text(word) if side == self.side => {
                let word = word.trim().to_lowercase();
                Ok(Value::Boolean(self.words.contains(&word)))
            }
            Value::Null if side == self.side => Ok(Value::Boolean(false)),
            _ => Ok(value.clone()),
        }
    }

    fn to_record(&self, side: Side, value: &Value) -> Result<Value, String> {
        if side == self.side {
            return Err("a word cannot be told from yes or no".to_owned());
        }
        Ok(value.clone())
    }
}
