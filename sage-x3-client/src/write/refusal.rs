//! What a refusal means. X3's messages are localised, so "exists already" and "does not exist" are found out by looking.

use std::collections::BTreeSet;

use super::{
    WriteAction, WriteRow, WrittenRows,
    chooser::{Way, WriteKind},
    route::Presence,
};
use crate::{
    client::X3Client,
    error::{RecordError, RecordErrorKind},
    graphql::filter::Filter,
    ids::RecordId,
    page::PageSize,
};

impl X3Client {
    /// Looks refused rows up: by GraphQL, and where the site's does not offer the node, by the path that refused them.
    pub(super) async fn explain_refusals(
        &self,
        kind: WriteKind<'_>,
        way: &Way,
        rows: &[WriteRow],
        written: &mut WrittenRows,
    ) {
        let refused = rows
            .iter()
            .zip(&mut written.rows)
            .filter_map(|(row, outcome)| Some((row, outcome.as_mut().err()?)))
            // Of an unclear one, that it is there says nothing: this very call may have made it.
            .filter(|(_, error)| error.kind == RecordErrorKind::Refused);
        let refused: Vec<(&WriteRow, &mut RecordError)> = refused.collect();
        let keys: Vec<&RecordId> = refused
            .iter()
            .filter_map(|(row, _)| row.key.as_ref())
            .collect();
        let there = if keys.is_empty() {
            None
        } else {
            self.keys_there(kind, &keys).await
        };
        for (row, error) in refused {
            let presence = match (&row.key, &row.identity, &there) {
                (Some(key), _, Some(there)) if there.contains(&key.as_str().to_uppercase()) => {
                    Presence::There
                }
                (Some(_), _, Some(_)) => Presence::Missing,
                (Some(key), _, None) => match way {
                    Way::Route(route) => route.presence(self, key).await,
                    Way::Graphql => Presence::Unknown,
                },
                (None, Some(identity), _) => self.is_there(kind, identity).await,
                (None, None, _) => Presence::Unknown,
            };
            match (kind.action, presence) {
                (WriteAction::Create, Presence::There) => {
                    error.kind = RecordErrorKind::AlreadyExists;
                }
                (WriteAction::Update, Presence::Missing) => {
                    error.kind = RecordErrorKind::NotFound;
                    error.may_have_been_applied = false;
                }
                _ => {}
            }
        }
    }

    /// Which of `keys` exist, in capitals; none when it cannot be told.
    async fn keys_there(
        &self,
        kind: WriteKind<'_>,
        keys: &[&RecordId],
    ) -> Option<BTreeSet<String>> {
        // X3 keeps codes in capitals, whatever was sent.
        let keys: BTreeSet<String> = keys
            .iter()
            .flat_map(|key| [key.as_str().to_owned(), key.as_str().to_uppercase()])
            .collect();
        let size = PageSize::new(keys.len());
        let filter = Filter::field(kind.key_path).is_in(keys);
        // Without the look-up the refusal stands as it is; the page cannot go on, keys being unique.
        let page = self.record_ids(kind.node, filter, size).await.ok()?;
        if page.next.is_some() {
            return None;
        }
        let there = page.items.into_iter();
        Some(there.map(|key| key.as_str().to_uppercase()).collect())
    }

    async fn is_there(&self, kind: WriteKind<'_>, identity: &Filter) -> Presence {
        let found = self.record_ids(kind.node, identity.clone(), PageSize::new(1));
        match found.await {
            Ok(page) if page.items.is_empty() => Presence::Missing,
            Ok(_) => Presence::There,
            Err(_) => Presence::Unknown,
        }
    }
}
